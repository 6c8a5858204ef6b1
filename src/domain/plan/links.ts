// Keeps both ends of every edge in step: a task and its sprint, epic, parent and needs change in one commit. Called by
// the commands that save and move tasks.

import type { PatchOp } from '../../json/patch.ts';
import type { EventHead, Transaction } from '../command.ts';
import { epicStream, sprintStream, taskStream } from './ids.ts';
import type { TaskDocument } from './task.ts';

/** The edges of a task that it stores itself, as stored ids. */
export type Links = Pick<TaskDocument, 'sprint' | 'epic' | 'parent' | 'needs'>;

/** Changes the other ends of a task's edges from `before` to `after`; the caller changes the task's own document. */
export function relink(tx: Transaction, id: string, before: Links, after: Links): void {
  if (before.sprint !== after.sprint) {
    if (before.sprint !== undefined) leave(tx, sprintStream(before.sprint), 'tasks', [id]);
    if (after.sprint !== undefined) join(tx, sprintStream(after.sprint), 'tasks', [id]);
  }
  if (before.epic !== after.epic) {
    if (before.epic !== undefined) leave(tx, epicStream(before.epic), 'tasks', [id]);
    if (after.epic !== undefined) join(tx, epicStream(after.epic), 'tasks', [id]);
  }
  if (before.parent !== after.parent) {
    if (before.parent !== undefined) leave(tx, taskStream(before.parent), 'children', [id]);
    if (after.parent !== undefined) join(tx, taskStream(after.parent), 'children', [id]);
  }
  for (const need of before.needs) if (!after.needs.includes(need)) leave(tx, taskStream(need), 'needed_by', [id]);
  for (const need of after.needs) if (!before.needs.includes(need)) join(tx, taskStream(need), 'needed_by', [id]);
}

type ListKey = 'tasks' | 'children' | 'needed_by';

const JOINED: Record<ListKey, EventHead> = {
  tasks: { type: 'tasks.added' },
  children: { type: 'children.added' },
  needed_by: { type: 'dependents.added' },
};
const LEFT: Record<ListKey, EventHead> = {
  tasks: { type: 'tasks.removed' },
  children: { type: 'children.removed' },
  needed_by: { type: 'dependents.removed' },
};

/** Appends ids to a list of a document. By patch, so that the cost does not grow with the list. */
export function join(tx: Transaction, stream: string, key: ListKey, ids: readonly string[]): void {
  const ops = ids.map((id): PatchOp => ({ op: 'add', path: `/${key}/-`, value: id }));
  tx.patch(stream, JOINED[key], ops);
}

/** Removes ids from a list of a document; ids that are not in it are ignored. */
export function leave(tx: Transaction, stream: string, key: ListKey, ids: readonly string[]): void {
  const list = tx.read<Partial<Record<ListKey, string[]>>>(stream)?.[key] ?? [];
  const gone = new Set(ids);
  const ops: PatchOp[] = [];
  // From the end, so that a removal does not move the indexes still to be removed.
  for (let index = list.length - 1; index >= 0 && ops.length < gone.size; index--) {
    if (gone.has(list[index] ?? '')) ops.push({ op: 'remove', path: `/${key}/${index}` });
  }
  tx.patch(stream, LEFT[key], ops);
}
