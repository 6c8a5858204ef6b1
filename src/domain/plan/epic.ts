// The epic document: a goal that takes many tasks. Its shape and its statuses. Pure.
//
//   planned ◄──► active ──► completed ──► active      reopened
//      │            │
//      └────────────┴────► cancelled ──► planned

import type { Legal } from './transitions.ts';

export const EPIC_STATUSES = ['planned', 'active', 'completed', 'cancelled'] as const;
export type EpicStatus = (typeof EPIC_STATUSES)[number];

export const EPIC_LEGAL: Legal<EpicStatus> = {
  planned: ['active', 'cancelled'],
  active: ['completed', 'planned', 'cancelled'],
  completed: ['active'],
  cancelled: ['planned'],
};

export interface EpicDocument {
  schema: 1;
  id: string;
  project: string;
  title: string;
  description: string;
  status: EpicStatus;
  /** 1 (first) to 5 (last). */
  priority: number;
  owner?: string;
  /** Its tasks of any status: archiving the epic archives them too. */
  tasks: string[];
  archived: boolean;
  created_at: string;
  ended_at?: string;
}

/** Whether a task may be put into it. */
export function takesTasks(epic: Pick<EpicDocument, 'status' | 'archived'>): boolean {
  return !epic.archived && (epic.status === 'planned' || epic.status === 'active');
}
