// Changes several tasks in one commit, each after those it needs, so that finishing a chain in one call is legal.
// Called by the tool task_save and by save-plan.ts. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { link, topologicalOrder } from '../../graph/links.ts';
import type { Context, Transaction } from '../command.ts';
import type { Removed } from '../removed.ts';
import { findItem } from './find.ts';
import { showId, taskStream } from './ids.ts';
import { type SaveTaskAnswer, type SaveTaskInput, saveTask } from './save-task.ts';
import { isReady, type TaskDocument } from './task.ts';

/** Saves one task: `saveTask`, or a command round it that ends the task's node in a run. */
export type SaveOne = (tx: Transaction, ctx: Context, input: SaveTaskInput) => Result<SaveTaskAnswer>;

export interface TaskChange extends Pick<SaveTaskInput, 'fields'> {
  id: string;
}

export interface SaveTasksInput {
  project: string;
  changes: readonly TaskChange[];
  force?: boolean | undefined;
  save?: SaveOne | undefined;
}

export interface SaveTasksAnswer {
  /** In the order of the changes. */
  saved: { id: string; version: number; changed: string[]; removed?: Removed }[];
  /** Tasks that are ready now and were not before, those saved included. */
  unblocked: string[];
}

/** Changes all tasks, or none. Fails as `saveTask` for the first that is refused. */
export function saveTasks(tx: Transaction, ctx: Context, input: SaveTasksInput): Result<SaveTasksAnswer> {
  const { project, force, save = saveTask } = input;
  const found: { id: string; needs: readonly string[]; change: TaskChange }[] = [];
  for (const change of input.changes) {
    const task = findItem(tx, 'task', change.id, project);
    if (!task.ok) return task;
    const { id, needs } = task.value;
    if (found.some((one) => one.id === id)) return fail(twice(id));
    found.push({ id, needs, change });
  }
  const links = link(found);
  const order = topologicalOrder(links);
  const rest = found.map((_, index) => index).filter((index) => !order.includes(index));
  const answers = new Map<string, SaveTaskAnswer>();
  for (const index of [...order, ...rest]) {
    const one = found[index];
    if (one === undefined) continue;
    const saved = save(tx, ctx, { id: one.id, project, fields: one.change.fields, force });
    if (!saved.ok) return saved;
    answers.set(one.id, saved.value);
  }
  const saved = found.flatMap(({ id }) => {
    const answer = answers.get(id);
    if (answer === undefined) return [];
    const { changed, removed } = answer;
    const version = tx.version(taskStream(id));
    return [{ id: answer.id, version, changed, ...(removed !== undefined && { removed }) }];
  });
  return ok({ saved, unblocked: stillReady(tx, project, answers.values()) });
}

/** What became ready on the way and still is: a later change may have taken it up, or blocked it. */
function stillReady(tx: Transaction, project: string, answers: Iterable<SaveTaskAnswer>): string[] {
  const shown = new Set([...answers].flatMap(({ unblocked }) => unblocked));
  return [...shown].filter((id) => {
    const task = findItem(tx, 'task', id, project);
    const document = task.ok ? tx.read<TaskDocument>(taskStream(task.value.id)) : undefined;
    return document !== undefined && isReady(tx, document);
  });
}

function twice(id: string) {
  return { code: 'invalid-input' as const, issues: [{ at: 'ids', why: `names ${showId(id)} twice` }] };
}
