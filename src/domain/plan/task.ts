// The task document: one piece of work. Its shape, its statuses, and what it means that its needs are met. Pure.
//
//   todo ◄──► active ◄──► review
//
//   todo | active | review ──► blocked ──► todo | active      with a reason; leaving it clears the reason
//   todo | active | review ──► done ──► active | todo         reopened
//   todo | active | review | blocked ──► cancelled ──► todo
//
// To become active, in review or done, every need must be met. A parent never blocks its children nor they it.

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
  status: TaskStatus;
  sprint?: string;
  epic?: string;
  parent?: string;
  assignee?: string;
  /** 1 (first) to 5 (last). */
  priority: number;
  points?: number;
  labels: string[];
  /** The task during which this one was found. */
  discovered_from?: string;
  blocked_reason?: string;
  /** Tasks that must be met before this one starts. */
  needs: string[];
  /** The other ends of `needs` and `parent`: finishing a task must know, and decide upon, who waits for it. */
  needed_by: string[];
  children: string[];
  archived: boolean;
  /** The epic or task it was archived together with, and is restored with. */
  archived_with?: string;
  created_at: string;
  /** When it took its status. */
  status_at: string;
  started_at?: string;
  done_at?: string;
}

export const DEFAULT_PRIORITY = 3;
/** Beyond this an edge costs more than it says; a parent or a step in between says it better. */
export const MAX_NEEDS = 50;
/** Who waits for one task, and the parts of one: all of them are read when it is finished or archived. */
export const MAX_LINKED = 1_000;

/** Work on it is over. */
export function isFinished(task: Pick<TaskDocument, 'status'>): boolean {
  return task.status === 'done' || task.status === 'cancelled';
}

/**
 * Whoever needs this task need not wait for it. A cancelled or archived one counts as met: it will never be done, and
 * waiting for what cannot come is how plans stand still.
 */
export function isMet(task: Pick<TaskDocument, 'status' | 'archived'>): boolean {
  return task.archived || isFinished(task);
}

/** Needs that are not met yet. The commit expects them unchanged. */
export function openNeeds(tx: Transaction, task: Pick<TaskDocument, 'needs'>): string[] {
  return task.needs.filter((id) => {
    const need = tx.read<TaskDocument>(taskStream(id));
    return need !== undefined && !isMet(need);
  });
}

/** It could be started now. */
export function isReady(tx: Transaction, task: Readonly<TaskDocument>): boolean {
  return task.status === 'todo' && !task.archived && openNeeds(tx, task).length === 0;
}

/** Of those that wait for tasks which were not met before this command and are met now: the ones that are ready. */
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
