// The unfinished tasks of a sprint as nodes of a graph, for run/sprint.ts. A run of the graph finishes the task of each
// node through saveTask, in the commit that finishes the node. Pure.

import { ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { findItem } from './find.ts';
import { shortId, taskStream } from './ids.ts';
import { isFinished, openNeeds, type TaskDocument } from './task.ts';

/** A node without its kind; its id is the task's without its project: `tsk-17`. */
export interface SprintNode {
  id: string;
  title: string;
  /** The goal of the brief: title, then description. */
  task: string;
  /** Ids of unfinished tasks of the same sprint; a finished task needs no node. */
  needs: string[];
  priority: number;
}

export interface SprintGraph {
  nodes: SprintNode[];
  /**
   * Unfinished tasks that a run of this sprint cannot finish: blocked ones, those that need an unfinished task outside
   * it, and all that depend on them.
   */
  leftOut: string[];
}

/**
 * The graph of the sprint now. The commit expects everything read here unchanged, so a run starts from the sprint as it
 * then is. Fails as `findItem`.
 */
export function sprintGraph(tx: Transaction, project: string, sprint: string): Result<SprintGraph> {
  const found = findItem(tx, 'sprint', sprint, project);
  if (!found.ok) return found;
  const open = new Map<string, { task: Readonly<TaskDocument>; needs: string[] }>();
  for (const id of found.value.tasks) {
    const task = tx.read<TaskDocument>(taskStream(id));
    if (task === undefined || task.archived || isFinished(task)) continue;
    open.set(id, { task, needs: openNeeds(tx, task) });
  }
  const leftOut = unreachable(open);
  const nodes = [...open].flatMap(([id, { task, needs }]): SprintNode[] => {
    if (leftOut.has(id)) return [];
    const { title, description, priority } = task;
    const goal = description === '' ? title : `${title}\n\n${description}`;
    return [{ id: shortId(id), title, task: goal, needs: needs.map(shortId), priority }];
  });
  return ok({ nodes, leftOut: [...leftOut] });
}

/** Ids of blocked tasks, of those with a need outside, and of all that depend on them. */
function unreachable(
  open: ReadonlyMap<string, { task: Readonly<TaskDocument>; needs: readonly string[] }>,
): Set<string> {
  const out = new Set<string>();
  for (const [id, { task, needs }] of open) {
    if (task.status === 'blocked' || needs.some((need) => !open.has(need))) out.add(id);
  }
  // The set grows during the loop: a dependent of an unreachable task is unreachable.
  for (const id of out) {
    for (const dependent of open.get(id)?.task.needed_by ?? []) if (open.has(dependent)) out.add(dependent);
  }
  return out;
}
