// A sprint's tasks as the nodes of a graph: one kind of work. A run of it finishes the task of each node through
// saveTask, in the commit that finishes the node. Pure.

import { ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { findItem } from './find.ts';
import { taskStream } from './ids.ts';
import { isFinished, openNeeds, type TaskDocument } from './task.ts';

/** The shared part of a graph's node; the id is the task's, as stored: `tsk-17`. */
export interface SprintNode {
  id: string;
  title: string;
  /** The goal of the brief: title, then description. */
  task: string;
  /** Unfinished tasks of the same sprint; what is finished needs no node. */
  needs: string[];
  priority: number;
}

export interface SprintGraph {
  nodes: SprintNode[];
  /** Unfinished tasks that no run of this sprint could finish: blocked, or waiting for something outside it. */
  leftOut: string[];
}

/** The commit expects everything read unchanged: the run is of the sprint as it is when it starts. */
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
    return [{ id, title, task: description === '' ? title : `${title}\n\n${description}`, needs, priority }];
  });
  return ok({ nodes, leftOut: [...leftOut] });
}

/** Blocked tasks, those with a need outside, and all that wait for one of them. */
function unreachable(
  open: ReadonlyMap<string, { task: Readonly<TaskDocument>; needs: readonly string[] }>,
): Set<string> {
  const out = new Set<string>();
  for (const [id, { task, needs }] of open) {
    if (task.status === 'blocked' || needs.some((need) => !open.has(need))) out.add(id);
  }
  // Grows while it is walked: whoever waits for one that is out is out too.
  for (const id of out) {
    for (const dependent of open.get(id)?.task.needed_by ?? []) if (open.has(dependent)) out.add(dependent);
  }
  return out;
}
