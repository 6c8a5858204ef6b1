// Where a run as a whole stands. Called by the command that records a node's end and by the views.

import type { FailurePolicy } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { failFast, needsMet } from './ready.ts';
import type { NodeStatus, RunNodes } from './run-node.ts';

/**
 * `running`: something is claimed, will be tried again or can be claimed. `finished`: every node finished or was
 * skipped. `failed`: nothing can go on and no decision would help. `stuck`: nothing can go on before somebody decides.
 */
export type RunOutcome = 'running' | 'finished' | 'failed' | 'stuck';

/** How many nodes of a run have each status. A run document that keeps them spares a walk over its nodes. */
export type Counters = Record<NodeStatus, number>;

/** O(nodes that left waiting). */
export function countNodes(runNodes: RunNodes): Counters {
  const counters: Counters = {
    claimed: 0,
    retrying: 0,
    finished: 0,
    failed: 0,
    skipped: 0,
    needs_decision: 0,
    cancelled: 0,
  };
  for (const id in runNodes) {
    const node = runNodes[id];
    if (node) counters[node.status]++;
  }
  return counters;
}

/**
 * O(1) with `counters` while nothing failed, was cancelled or waits for a decision; otherwise it may walk the graph
 * once, when nothing is in flight. An ended lease does not count: whoever notices it changes the status.
 */
export function runOutcome(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  options: { counters?: Counters; onFailure?: FailurePolicy } = {},
): RunOutcome {
  const count = options.counters ?? countNodes(runNodes);
  const done = count.finished + count.skipped;
  if (done === prepared.ids.length) return 'finished';
  if (count.claimed > 0) return 'running';
  const { onFailure } = options;
  if (count.failed > 0 && failFast(prepared, onFailure === undefined ? {} : { onFailure })) return 'failed';
  if (count.retrying > 0) return 'running';
  // Without a blocker a graph that is not done always has a node whose needs are all met.
  if (count.failed + count.cancelled + count.needs_decision === 0) return 'running';
  for (let i = 0; i < prepared.ids.length; i++) {
    if (!runNodes[prepared.ids[i] ?? ''] && needsMet(prepared, runNodes, i)) return 'running';
  }
  return count.needs_decision > 0 ? 'stuck' : 'failed';
}
