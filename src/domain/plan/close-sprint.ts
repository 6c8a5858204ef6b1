// Moves tasks out of a sprint that ends: finished ones stay and are counted, the others go to another sprint or to the
// backlog in the same commit. Called by save-sprint.ts. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { findHome } from './find.ts';
import { showId, sprintStream, taskStream } from './ids.ts';
import { join, leave } from './links.ts';
import type { SprintDocument, SprintResult } from './sprint.ts';
import { isFinished, type TaskDocument } from './task.ts';
import { BACKLOG } from './task-links.ts';

export interface Closing {
  id: string;
  project: string;
  /** Words for the failure: the action (`Ending SPR-1`) and its argument (`status: "completed"`). */
  what: string;
  argument: string;
  /** A sprint, or "backlog"; undefined if the caller has not said. */
  carryTo: string | undefined;
}

/**
 * Moves the unfinished tasks out of the sprint, and answers its result. Fails with `confirm-needed` if there are some
 * and `carryTo` is undefined.
 */
export function carryOver(tx: Transaction, closing: Closing): Result<SprintResult> {
  const { id, carryTo } = closing;
  const tasks = (tx.read<SprintDocument>(sprintStream(id))?.tasks ?? []).flatMap((task) => {
    const found = tx.read<TaskDocument>(taskStream(task));
    return found === undefined || found.archived ? [] : [found];
  });
  const open = tasks.filter((task) => !isFinished(task)).map((task) => task.id);
  const done = tasks.filter((task) => task.status === 'done');
  const result: SprintResult = {
    tasks: tasks.length,
    done: done.length,
    points: sumPoints(tasks),
    points_done: sumPoints(done),
    carried: open.length,
  };
  if (open.length === 0) return ok(result);
  if (carryTo === undefined) return fail(asking(closing, open));
  if (carryTo.toLowerCase() === BACKLOG) {
    moveAll(tx, open, id, undefined);
    return ok(result);
  }
  const next = findHome(tx, 'sprint', carryTo, closing.project);
  if (!next.ok) return next;
  if (next.value.id === id) {
    const issue = { at: 'carry_to', why: 'that is the sprint that ends; name another, or "backlog"' };
    return fail({ code: 'invalid-input', issues: [issue] });
  }
  result.carried_to = next.value.id;
  moveAll(tx, open, id, next.value.id);
  return ok(result);
}

function moveAll(tx: Transaction, tasks: readonly string[], from: string, to: string | undefined): void {
  for (const task of tasks) {
    tx.edit<TaskDocument>(taskStream(task), { type: 'task.carried' }, (draft) => {
      if (to === undefined) delete draft.sprint;
      else draft.sprint = to;
    });
  }
  leave(tx, sprintStream(from), 'tasks', tasks);
  if (to !== undefined) join(tx, sprintStream(to), 'tasks', tasks);
}

function sumPoints(tasks: readonly Pick<TaskDocument, 'points'>[]): number {
  return tasks.reduce((sum, task) => sum + (task.points ?? 0), 0);
}

function asking({ id, what, argument }: Closing, open: readonly string[]) {
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  const would = [`leave ${open.length} unfinished tasks (${open.slice(0, 5).map(showId).join(', ')}${more})`];
  const call =
    `sprint_save {id: "${showId(id)}", ${argument}, carry_to: "backlog"}, or name the sprint that ` + `takes them`;
  return { code: 'confirm-needed' as const, what, would, call };
}
