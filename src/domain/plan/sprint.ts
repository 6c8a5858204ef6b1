// The sprint document: a span of work with its tasks and the sessions that joined it. Its shape and its statuses. Pure.
//
//   planned ◄──► active ──► completed ──► active      reopened
//      │            │
//      └────────────┴────► cancelled ──► planned
//
// Ending one asks where its unfinished tasks go: to another sprint, or back to the backlog.

import type { Legal } from './transitions.ts';

export const SPRINT_STATUSES = ['planned', 'active', 'completed', 'cancelled'] as const;
export type SprintStatus = (typeof SPRINT_STATUSES)[number];

export const SPRINT_LEGAL: Legal<SprintStatus> = {
  planned: ['active', 'cancelled'],
  active: ['completed', 'planned', 'cancelled'],
  completed: ['active'],
  cancelled: ['planned'],
};

/** How a sprint stood when it ended: velocity rests on this, whatever becomes of its tasks later. */
export interface SprintResult {
  tasks: number;
  done: number;
  points: number;
  points_done: number;
  /** Unfinished tasks that were moved out. */
  carried: number;
  /** The sprint they went to; absent if to the backlog. */
  carried_to?: string;
}

export interface SprintDocument {
  schema: 1;
  id: string;
  project: string;
  title: string;
  goal: string;
  status: SprintStatus;
  /** ISO 8601 dates or times. */
  starts_at?: string;
  ends_at?: string;
  /** Points it has room for. */
  capacity?: number;
  /** Sessions that work on it, in the order in which they joined; once it has ended, those that did at its end. */
  sessions: string[];
  /** The last run of it: no other begins before that one is over. */
  run?: string;
  /** Its tasks: ending or archiving it decides on them. */
  tasks: string[];
  archived: boolean;
  created_at: string;
  started_at?: string;
  ended_at?: string;
  result?: SprintResult;
}

/** All tasks of a sprint or epic are read in one transaction when it ends. */
export const MAX_TASKS = 10_000;
export const MAX_SESSIONS = 1_000;

export function hasEnded(sprint: Pick<SprintDocument, 'status'>): boolean {
  return sprint.status === 'completed' || sprint.status === 'cancelled';
}

export function takesTasks(sprint: Pick<SprintDocument, 'status' | 'archived'>): boolean {
  return !sprint.archived && !hasEnded(sprint);
}
