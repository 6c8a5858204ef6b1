// The outcome of a run as a whole. Called by domain/run/status.ts; start.ts uses the counters.

import type { PreparedGraph } from '../prepare.ts';
import { isHalted, readinessAt } from './readiness.ts';
import type { NodeStatus, RunNodes } from './run-node.ts';
import { type Survey, type SurveyRules, survey } from './survey.ts';

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
const NONE: Readonly<Counters> = {
  claimed: 0,
  retrying: 0,
  finished: 0,
  failed: 0,
  skipped: 0,
  needs_decision: 0,
  cancelled: 0,
};

/** Counts the nodes with a record by status. */
export function countNodes(runNodes: RunNodes): Counters {
  const counters = { ...NONE };
  for (const id in runNodes) {
    const node = runNodes[id];
    if (node) counters[node.status] = (counters[node.status] ?? 0) + 1;
  }
  return counters;
}

/** The number of nodes with one of these statuses. */
export function countOf(counters: Readonly<Counters>, ...statuses: readonly NodeStatus[]): number {
  return statuses.reduce((sum, status) => sum + (counters[status] ?? 0), 0);
}

/**
 * The outcome of a run of one scope. O(1) with `counters`, unless nothing is claimed or to be retried and some node
 * failed, was cancelled or waits for a decision: then it may walk the graph once. An ended lease counts as claimed
 * until a command changes the status.
 */
export function runOutcome(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  options: SurveyRules & { counters?: Readonly<Counters> } = {},
): RunOutcome {
  const counters = options.counters ?? countNodes(runNodes);
  if (countOf(counters, 'finished', 'skipped') === prepared.ids.length) return 'finished';
  if (countOf(counters, 'claimed') > 0) return 'running';
  if (prepared.triggers !== undefined) {
    const surveyed = survey(prepared, runNodes, options);
    const stands = scopeOutcome(surveyed);
    if (stands !== 'open') return stands;
    return goesOn(prepared, runNodes, surveyed) ? 'running' : 'stuck';
  }
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
 * How a scope has ended; `open` while one of its nodes is. It is finished if every failure is caught, and no node was
 * kept from starting by one that was not.
 */
export function scopeOutcome({ states, uncaught, deadByHalt }: Survey): 'open' | 'finished' | 'failed' {
  if (states.includes('open')) return 'open';
  return uncaught.length === 0 && deadByHalt.length === 0 ? 'finished' : 'failed';
}

/** Whether anything of a scope is claimed, due, timed or awaited; what its nodes have opened is asked by itself. */
export function goesOn({ ids }: PreparedGraph, runNodes: RunNodes, { states, verdicts }: Survey): boolean {
  return ids.some((id, i) => {
    const status = runNodes[id]?.status;
    const isInside = status === 'open' || status === 'gating';
    return states[i] === 'open' && verdicts[i] !== 'waits' && status !== 'needs_decision' && !isInside;
  });
}
