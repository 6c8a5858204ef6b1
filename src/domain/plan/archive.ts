// Archives tasks instead of deleting them. An archived task is hidden, counts as met for those that need it, and can be
// restored with all that was archived beside it. If more than the named item would change, the caller must confirm.
// Called by the save commands.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { showId, taskStream } from './ids.ts';
import { becameReady, isFinished, isMet, type TaskDocument } from './task.ts';

/** The most tasks that one call archives or restores. */
const MAX_WITH = 10_000;

export interface Archiving {
  /** The task or epic that is archived. */
  id: string;
  /** Tasks directly below it. */
  below: readonly string[];
  /** The call that confirms, for the failure's text. */
  call: string;
  force: boolean;
}

/**
 * Archives all tasks below, and the root if it is a task. Answers the tasks that count as met from now on and did not
 * before. Fails with `confirm-needed`.
 */
export function archiveWith(tx: Transaction, archiving: Archiving, root?: Readonly<TaskDocument>): Result<string[]> {
  const below = descendants(tx, archiving.below, (task) => !task.archived);
  if (!below.ok) return below;
  const all = root === undefined ? below.value : [root.id, ...below.value];
  const met = all.filter((id) => !isMet(taskOf(tx, id)));
  const open = below.value.filter((id) => !isFinished(taskOf(tx, id)));
  for (const id of all) mark(tx, id, id === root?.id ? undefined : archiving.id);
  const freed = becameReady(tx, met);
  if (archiving.force || (open.length === 0 && freed.length === 0)) return ok(met);
  const would: string[] = [];
  const closed = below.value.length - open.length;
  const besides = closed === 0 ? '' : ` and ${closed} finished`;
  if (open.length > 0) would.push(`archive ${open.length} unfinished${besides} below it (${some(open)})`);
  if (freed.length > 0) would.push(`let ${freed.length} start that wait for it (${some(freed)})`);
  return fail({ code: 'confirm-needed', what: `Archiving ${showId(archiving.id)}`, would, call: archiving.call });
}

/** Restores the tasks that were archived together with a task or epic. Answers their ids. */
export function restoreWith(tx: Transaction, id: string, below: readonly string[]): Result<string[]> {
  const found = descendants(tx, below, (task) => task.archived && task.archived_with === id);
  if (found.ok) for (const task of found.value) restore(tx, task);
  return found;
}

/** Restores one archived task; its children stay as they are. */
export function restore(tx: Transaction, id: string): void {
  tx.edit<TaskDocument>(taskStream(id), { type: 'task.restored' }, (draft) => {
    draft.archived = false;
    delete draft.archived_with;
  });
}

function mark(tx: Transaction, id: string, withId: string | undefined): void {
  tx.edit<TaskDocument>(taskStream(id), { type: 'task.archived' }, (draft) => {
    draft.archived = true;
    if (withId !== undefined) draft.archived_with = withId;
  });
}

/** The fitting tasks below, at any depth; a task that does not fit hides those below it. */
function descendants(
  tx: Transaction,
  below: readonly string[],
  fits: (task: Readonly<TaskDocument>) => boolean,
): Result<string[]> {
  const found = new Set<string>();
  const queue = [...below];
  for (const id of queue) {
    const task = tx.read<TaskDocument>(taskStream(id));
    if (task === undefined || found.has(id) || !fits(task)) continue;
    found.add(id);
    for (const child of task.children) queue.push(child);
    if (queue.length <= MAX_WITH) continue;
    const instead = 'archive the parts below it first';
    return fail({ code: 'too-large', what: 'what would be archived', limit: MAX_WITH, instead });
  }
  return ok([...found]);
}

function taskOf(tx: Transaction, id: string): Readonly<TaskDocument> {
  const task = tx.read<TaskDocument>(taskStream(id));
  if (task === undefined) throw new Error(`${id} is listed and does not exist`);
  return task;
}

function some(ids: readonly string[]): string {
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return `${ids.slice(0, 5).map(showId).join(', ')}${more}`;
}
