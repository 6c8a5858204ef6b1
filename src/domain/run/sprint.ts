// Makes the definition of a run from a sprint's tasks. Pure. Called by the tool run_start and start.ts;
// followers/task.ts changes a task with its node.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { canonicalGraph } from '../../graph/graph.ts';
import type { AnyGraph } from '../../graph/kinds/index.ts';
import type { Transaction } from '../command.ts';
import { findItem } from '../plan/find.ts';
import { showId, sprintStream } from '../plan/ids.ts';
import { sprintGraph } from '../plan/sprint-graph.ts';
import { underWay } from './sprint-run.ts';

export interface SprintDefinition {
  /** As stored: `spr-2`. */
  sprint: string;
  graph: AnyGraph;
  /** Unfinished tasks that this run cannot finish. */
  leftOut: string[];
}

/**
 * The sprint's unfinished tasks as a definition, a node for each under the task's id. Fails with `not-allowed` if no
 * task can be done.
 */
export function sprintDefinition(tx: Transaction, project: string, named: string): Result<SprintDefinition> {
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const tasks = sprintGraph(tx, project, named);
  if (!tasks.ok) return tasks;
  const { id: sprint } = found.value;
  const { nodes, leftOut } = tasks.value;
  if (nodes.length === 0) {
    const why =
      leftOut.length > 0 ? 'every task left is blocked, or waits for one outside it' : 'no task is left to do';
    const how = `see sprint_board {sprint: "${showId(sprint)}"}`;
    return fail({ code: 'not-allowed', what: `A run of ${showId(sprint)}`, why, how });
  }
  const graph: AnyGraph = { name: showId(sprint), nodes: nodes.map((node) => ({ ...node, kind: 'agent' as const })) };
  return ok({ sprint, graph, leftOut });
}

/**
 * The sprint's stored id, if its tasks still make this definition. Fails with `contended` if they do not, and with
 * `not-allowed` while a run of it goes on. Sprint and tasks become part of the transaction.
 */
export function checkSprint(tx: Transaction, project: string, named: string, graph: RunGraph): Result<string> {
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const other = underWay(tx, found.value.id);
  if (other !== undefined) return fail(other);
  const now = sprintDefinition(tx, project, named);
  if (!now.ok) return now;
  const { sprint } = now.value;
  if (canonicalGraph(now.value.graph) === canonicalGraph(graph.prepared.graph)) return ok(sprint);
  return fail({ code: 'contended', tries: 1, streams: [sprintStream(sprint)] });
}
