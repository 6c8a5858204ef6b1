// Saves a task by hand while a run of its sprint goes on: a change that ends the task ends its node in the same commit,
// so that a claim on it no longer takes a place and its dependents can begin. Pure. The tool task_save calls it; the
// run engine calls saveTask itself.

import type { Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { findItem } from '../plan/find.ts';
import { shortId, sprintStream, taskStream } from '../plan/ids.ts';
import { type SaveTaskAnswer, type SaveTaskInput, saveTask } from '../plan/save-task.ts';
import type { SprintDocument } from '../plan/sprint.ts';
import { isMet, type TaskDocument } from '../plan/task.ts';
import { hasEnded, type RunDocument, runStream } from './document.ts';
import { endOutside } from './outside.ts';
import { RunScope } from './scope.ts';

/** As `saveTask`, and ends the node of the task's run. */
export function saveTaskByHand(tx: Transaction, ctx: Context, input: SaveTaskInput): Result<SaveTaskAnswer> {
  if (input.id === undefined) return saveTask(tx, ctx, input);
  const found = findItem(tx, 'task', input.id, input.project);
  if (!found.ok) return found;
  const { id, sprint } = found.value;
  const wasMet = isMet(found.value);
  const saved = saveTask(tx, ctx, input);
  const task = tx.read<TaskDocument>(taskStream(id));
  if (!saved.ok || wasMet || task === undefined || !isMet(task)) return saved;
  const run = sprint === undefined ? undefined : runOf(tx, sprint);
  if (run === undefined || hasEnded(run.status)) return saved;
  const scope = new RunScope(tx, ctx, run.id);
  const node = shortId(id);
  if (!scope.graph.prepared.index.has(node)) return saved;
  const stands = scope.record(node)?.status;
  if (stands !== 'finished' && stands !== 'skipped')
    endOutside(scope, node, task.status === 'done' ? 'finished' : 'skipped');
  return saved;
}

function runOf(tx: Transaction, sprint: string): Readonly<RunDocument> | undefined {
  const run = tx.read<SprintDocument>(sprintStream(sprint))?.run;
  return run === undefined ? undefined : tx.read<RunDocument>(runStream(run));
}
