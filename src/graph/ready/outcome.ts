// Where a run as a whole stands. Called by the command that records a node's end and by the views.

import type { FailurePolicy } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { isHalted, readinessAt } from './readiness.ts';
import type { NodeStatus, RunNodes } from './run-node.ts';

/**
 * `running`: something is claimed, will be tried again or can be claimed. `finished`: every node finished or was
 * skipped. `failed`: nothing can go on and no decision would help. `stuck`: nothing can go on before somebody decides.
 */
export type RunOutcome = 'running' | 'finished' | 'failed' | 'stuck';

/**
 * How many nodes of a run have each status. A run document that keeps them spares a walk over its nodes. A status that
 * is absent counts none: a run that was stored before the status existed has no number for it.
 */
export type Counters = Partial<Record<NodeStatus, number>>;

/** Every status that a new run counts from its start. */
const NONE: Readonly<Record<NodeStatus, number>> = {
  claimed: 0,
  retrying: 0,
  finished: 0,
  failed: 0,
  skipped: 0,
  needs_decision: 0,
  cancelled: 0,
};

/** O(nodes that left waiting). */
export function countNodes(runNodes: RunNodes): Record<NodeStatus, number> {
  const counters = { ...NONE };
  for (const id in runNodes) {
    const node = runNodes[id];
    if (node) counters[node.status]++;
  }
  return counters;
}

/** Nodes that have one of these statuses. */
export function countOf(counters: Readonly<Counters>, ...statuses: readonly NodeStatus[]): number {
  return statuses.reduce((sum, status) => sum + (counters[status] ?? 0), 0);
}

/**
 * O(1) with `counters` while nothing failed, was cancelled or waits for a decision; otherwise it may walk the graph
 * once, when nothing is in flight. An ended lease does not count: whoever notices it changes the status.
 */
export function runOutcome(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  options: { counters?: Readonly<Counters>; onFailure?: FailurePolicy } = {},
): RunOutcome {
  const counters = options.counters ?? countNodes(runNodes);
  if (countOf(counters, 'finished', 'skipped') === prepared.ids.length) return 'finished';
  if (countOf(counters, 'claimed') > 0) return 'running';
  if (isHalted(prepared, countOf(counters, 'failed'), options.onFailure)) return 'failed';
  if (countOf(counters, 'retrying') > 0) return 'running';
  // Without a blocker a graph that is not done always has a node whose needs are all met.
  if (countOf(counters, 'failed', 'cancelled', 'needs_decision') === 0) return 'running';
  // Nothing is claimed or tried again, so that no answer depends on a clock.
  for (let i = 0; i < prepared.ids.length; i++) {
    if (readinessAt(prepared, runNodes, i, { now: 0 }).is === 'ready') return 'running';
  }
  return countOf(counters, 'needs_decision') > 0 ? 'stuck' : 'failed';
}
