// The sprint document: a span of work with its tasks and the sessions that joined it. Its shape and its statuses. Pure.
//
//   planned ◄──► active ──► completed ──► active      reopened
//      │            │
//      └────────────┴────► cancelled ──► planned
//
// Ending a sprint moves its unfinished tasks to another sprint, or back to the backlog.

import type { Legal } from './transitions.ts';

export const SPRINT_STATUSES = ['planned', 'active', 'completed', 'cancelled'] as const;
export type SprintStatus = (typeof SPRINT_STATUSES)[number];

export const SPRINT_LEGAL: Legal<SprintStatus> = {
  planned: ['active', 'cancelled'],
  active: ['completed', 'planned', 'cancelled'],
  completed: ['active'],
  cancelled: ['planned'],
};

/**
 * The counts of a sprint when it ended. Velocity is computed from them, so that later changes of its tasks do not alter
 * it.
 */
export interface SprintResult {
  tasks: number;
  done: number;
  points: number;
  points_done: number;
  /** Unfinished tasks that were moved out. */
  carried: number;
  /** The sprint that they were moved to; absent for the backlog. */
  carried_to?: string;
}

export interface SprintDocument {
  schema: 1;
  id: string;
  project: string;
  title: string;
  goal: string;
  status: SprintStatus;
  /** ISO 8601 dates or times. A date as the end is the last day: it belongs to the sprint. See `endOf`. */
  starts_at?: string;
  ends_at?: string;
  /** Planned points. */
  capacity?: number;
  /** Sessions that work on it, in the order in which they joined; once it has ended, those that did so at its end. */
  sessions: string[];
  /** The last run of it. No other run may start before that one has ended. */
  run?: string;
  /** Its tasks of any status: ending or archiving the sprint moves them. */
  tasks: string[];
  archived: boolean;
  created_at: string;
  started_at?: string;
  ended_at?: string;
  result?: SprintResult;
}

/** The last moment of an end in ms since the epoch: of a date alone, the end of that day (UTC). NaN if it is none. */
export function endOf(ends_at: string): number {
  const at = Date.parse(ends_at);
  return ends_at.includes('T') ? at : at + 86_400_000 - 1;
}

/** All tasks of a sprint or epic are read in one transaction when it ends. */
export const MAX_TASKS = 10_000;
export const MAX_SESSIONS = 1_000;

/** Whether it is completed or cancelled. */
export function hasEnded(sprint: Pick<SprintDocument, 'status'>): boolean {
  return sprint.status === 'completed' || sprint.status === 'cancelled';
}

/** Whether a task may be put into it and a session may join it. */
export function takesTasks(sprint: Pick<SprintDocument, 'status' | 'archived'>): boolean {
  return !sprint.archived && !hasEnded(sprint);
}
