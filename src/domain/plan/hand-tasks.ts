// Tasks that are assigned to a session go with its work when another session takes it over. Pure; called within the
// commit of a handoff, beside run/handoff.ts, which moves the claims.

import type { Transaction } from '../command.ts';
import { taskStream } from './ids.ts';
import { isFinished, type TaskDocument } from './task.ts';

/** More open tasks than anybody has; the rest of a longer list stays where it is. */
export const MAX_HANDED = 1_000;

/** Assigns those of the tasks to `to` that are `from`'s and not finished. Find them with a view; only they are read. */
export function handoffTasks(
  tx: Transaction,
  { from, to, tasks }: { from: string; to: string; tasks: readonly string[] },
): void {
  for (const id of tasks) {
    const task = tx.read<TaskDocument>(taskStream(id));
    // Somebody may have finished it, or taken it on, since it was found.
    if (task?.assignee?.toLowerCase() !== from || isFinished(task) || task.archived) continue;
    tx.edit<TaskDocument>(taskStream(id), { type: 'task.updated' }, (draft) => {
      draft.assignee = to;
    });
  }
}
