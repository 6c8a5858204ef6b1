// The task document: one piece of work. Its shape, its statuses, and when its needs are met. Pure.
//
//   todo ◄──► active ◄──► review
//
//   todo | active | review ──► blocked ──► todo | active      with a reason; leaving it clears the reason
//   todo | active | review ──► done ──► active | todo         reopened
//   todo | active | review | blocked ──► cancelled ──► todo
//
// To become active, in review or done, every need must be met. A parent and its children never block each other.

import type { Transaction } from '../command.ts';
import { taskStream } from './ids.ts';
import type { Legal } from './transitions.ts';

export const TASK_STATUSES = ['todo', 'active', 'review', 'blocked', 'done', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const TASK_LEGAL: Legal<TaskStatus> = {
  todo: ['active', 'blocked', 'done', 'cancelled'],
  active: ['todo', 'review', 'blocked', 'done', 'cancelled'],
  review: ['active', 'blocked', 'done', 'cancelled'],
  blocked: ['todo', 'active', 'cancelled'],
  done: ['active', 'todo'],
  cancelled: ['todo'],
};

export interface TaskDocument {
  schema: 1;
  id: string;
  project: string;
  title: string;
  description: string;
  /** What of an imported text goes on after the description; no limit cuts it. */
  details?: string;
  status: TaskStatus;
  sprint?: string;
  epic?: string;
  parent?: string;
  assignee?: string;
  /** 1 (first) to 5 (last). */
  priority: number;
  points?: number;
  labels: string[];
  /** The task during whose work this one was found. */
  discovered_from?: string;
  blocked_reason?: string;
  /** Tasks that must be met before this one starts. */
  needs: string[];
  /** The other ends of `needs` and `parent`: finishing a task reads its dependents in the same commit. */
  needed_by: string[];
  children: string[];
  archived: boolean;
  /** The epic or task with which it was archived and will be restored. */
  archived_with?: string;
  created_at: string;
  /** When it got its status. */
  status_at: string;
  started_at?: string;
  done_at?: string;
}

export const DEFAULT_PRIORITY = 3;
/** The most needs of a task; a parent task or a task in between replaces a longer list. */
export const MAX_NEEDS = 50;
/** The most dependents and children of a task: all of them are read when it is finished or archived. */
export const MAX_LINKED = 1_000;

/** Whether it is done or cancelled. */
export function isFinished(task: Pick<TaskDocument, 'status'>): boolean {
  return task.status === 'done' || task.status === 'cancelled';
}

/**
 * Whether tasks that need this one can go on. A cancelled or archived task counts as met: it will never be done, and a
 * plan that waited for it would stand still.
 */
export function isMet(task: Pick<TaskDocument, 'status' | 'archived'>): boolean {
  return task.archived || isFinished(task);
}

/** Ids of needs that are not met yet. The commit expects them unchanged. */
export function openNeeds(tx: Transaction, task: Pick<TaskDocument, 'needs'>): string[] {
  return task.needs.filter((id) => {
    const need = tx.read<TaskDocument>(taskStream(id));
    return need !== undefined && !isMet(need);
  });
}

/** Whether it can be started now. */
export function isReady(tx: Transaction, task: Readonly<TaskDocument>): boolean {
  return task.status === 'todo' && !task.archived && openNeeds(tx, task).length === 0;
}

/** The tasks that are ready now because of `met`: tasks that were not met before this command and are now. */
export function becameReady(tx: Transaction, met: readonly string[]): string[] {
  const ready = new Set<string>();
  for (const id of met) {
    for (const dependent of tx.read<TaskDocument>(taskStream(id))?.needed_by ?? []) {
      const task = tx.read<TaskDocument>(taskStream(dependent));
      if (task !== undefined && isReady(tx, task)) ready.add(dependent);
    }
  }
  return [...ready];
}
