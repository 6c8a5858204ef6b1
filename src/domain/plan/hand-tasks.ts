// Reassigns tasks of a session when another session takes over its work. Pure; app/session-binding.ts calls it within
// the commit of a handoff, beside run/handoff.ts, which moves the claims.

import type { Transaction } from '../command.ts';
import { taskStream } from './ids.ts';
import { isFinished, type TaskDocument } from './task.ts';

/** The most tasks handed over at once: more than anybody has open; the rest of a longer list stays assigned. */
export const MAX_HANDED = 1_000;

/**
 * Assigns the tasks to `to` that are still assigned to `from` and open. Find them with a view; the command reads only
 * them.
 */
export function handoffTasks(
  tx: Transaction,
  { from, to, tasks }: { from: string; to: string; tasks: readonly string[] },
): void {
  for (const id of tasks) {
    const task = tx.read<TaskDocument>(taskStream(id));
    // Since the view found it, the task may have been finished or reassigned.
    if (task?.assignee?.toLowerCase() !== from || isFinished(task) || task.archived) continue;
    tx.edit<TaskDocument>(taskStream(id), { type: 'task.updated' }, (draft) => {
      draft.assignee = to;
    });
  }
}
