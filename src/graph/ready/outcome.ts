// The outcome of a run as a whole. Called by domain/run/status.ts; start.ts uses the counters.

import type { FailurePolicy } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { isHalted, readinessAt } from './readiness.ts';
import type { NodeStatus, RunNodes } from './run-node.ts';
import { survey } from './survey.ts';

/**
 * `running`: a node is claimed, will be tried again or can be claimed. `finished`: every node is finished or skipped.
 * `failed`: nothing can go on, and no decision would help. `stuck`: nothing can go on without a decision.
 */
export type RunOutcome = 'running' | 'finished' | 'failed' | 'stuck';

/**
 * The number of nodes of each status. A run document keeps it, which saves a walk over the nodes. An absent status
 * counts zero: a run stored before the status existed has no number for it.
 */
export type Counters = Partial<Record<NodeStatus, number>>;

/** The counters of a new run. */
const NONE: Readonly<Record<NodeStatus, number>> = {
  claimed: 0,
  retrying: 0,
  finished: 0,
  failed: 0,
  skipped: 0,
  needs_decision: 0,
  cancelled: 0,
};

/** Counts the nodes with a record by status. */
export function countNodes(runNodes: RunNodes): Record<NodeStatus, number> {
  const counters = { ...NONE };
  for (const id in runNodes) {
    const node = runNodes[id];
    if (node) counters[node.status]++;
  }
  return counters;
}

/** The number of nodes with one of these statuses. */
export function countOf(counters: Readonly<Counters>, ...statuses: readonly NodeStatus[]): number {
  return statuses.reduce((sum, status) => sum + (counters[status] ?? 0), 0);
}

/**
 * The outcome of a run. O(1) with `counters`, unless nothing is claimed or to be retried and some node failed, was
 * cancelled or waits for a decision: then it may walk the graph once. An ended lease counts as claimed until a command
 * changes the status.
 */
export function runOutcome(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  options: { counters?: Readonly<Counters>; onFailure?: FailurePolicy } = {},
): RunOutcome {
  const counters = options.counters ?? countNodes(runNodes);
  if (countOf(counters, 'finished', 'skipped') === prepared.ids.length) return 'finished';
  if (countOf(counters, 'claimed') > 0) return 'running';
  if (prepared.triggers !== undefined) return triggeredOutcome(prepared, runNodes, options.onFailure);
  if (isHalted(prepared, countOf(counters, 'failed'), options.onFailure)) return 'failed';
  if (countOf(counters, 'retrying') > 0) return 'running';
  // An unfinished graph without such nodes always has a node whose needs are all met.
  if (countOf(counters, 'failed', 'cancelled', 'needs_decision') === 0) return 'running';
  // Nothing is claimed or to be retried here, so no answer depends on the clock.
  for (let i = 0; i < prepared.ids.length; i++) {
    if (readinessAt(prepared, runNodes, i, { now: 0 }).is === 'ready') return 'running';
  }
  return countOf(counters, 'needs_decision') > 0 ? 'stuck' : 'failed';
}

/**
 * The outcome where triggers decide, once nothing is claimed. A run has ended when none of its nodes is open; it is
 * finished if every failure is caught, and no node was kept from starting by one that was not.
 */
function triggeredOutcome(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  onFailure: FailurePolicy | undefined,
): RunOutcome {
  const { states, verdicts, uncaught, deadByHalt } = survey(prepared, runNodes, onFailure);
  const isOpen = (id: string, i: number): boolean => states[i] === 'open' && runNodes[id]?.status !== 'needs_decision';
  const goesOn = (id: string, i: number): boolean => isOpen(id, i) && verdicts[i] !== 'waits';
  if (prepared.ids.some(goesOn)) return 'running';
  if (states.includes('open')) return 'stuck';
  return uncaught.length === 0 && deadByHalt.length === 0 ? 'finished' : 'failed';
}
