// What of a run may be claimed now: scheduling as a function of definition, run document and clock. Called by the
// commands that claim and report, and by the view that proposes work to agents.

import type { FailurePolicy, GraphNode } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { type LastSeen, leaseEnd, type RunNode, type RunNodes, satisfies } from './run-node.ts';

/** What is absent is taken from the definition; `max_parallel: "auto"` must be worked out by the caller. */
export interface Limits {
  maxParallel?: number;
  onFailure?: FailurePolicy;
  lastSeen?: LastSeen;
}

/** A node that may be claimed, with the numbers that its next claim carries. */
export interface Candidate {
  id: string;
  why: 'first' | 'retry' | 'expired';
  attempt: number;
  fence: number;
}

export interface Ready {
  /**
   * Best first. No more than `free` of them may be claimed; all are listed, because not every agent suits every node.
   */
  candidates: Candidate[];
  /** Claims that `max_parallel` still allows; may be infinite. */
  free: number;
  /** Claims that ended with nobody to account for them and that may not be repeated: they go to `needs_decision`. */
  to_decide: string[];
  /** Nodes without a final status. */
  left: number;
  /** Why there are no candidates; `until`: when time alone may change that (ms since the epoch). */
  none?: { why: NothingReady; until?: number };
}

/**
 * `all_claimed`: wait for other claims. `all_blocked`: somebody must decide. `finished`: nothing of the run can go on.
 */
export type NothingReady = 'finished' | 'all_claimed' | 'waiting_retry' | 'all_blocked';

/**
 * Claims of one node that may be lost or given back before somebody must look at it: work that ends each agent that
 * takes it would else go round for ever.
 */
export const MAX_LOST_CLAIMS = 10;

/**
 * Everything that may be claimed at `now`, by priority, then the longest way to the end, then order in the definition.
 * O(nodes + edges); for a run in memory `Frontier` gives the same one at a time.
 */
export function readyNodes(prepared: PreparedGraph, runNodes: RunNodes, now: number, limits: Limits = {}): Ready {
  const seen = survey(prepared, runNodes, now, limits);
  const free = Math.max(0, maxParallel(prepared, limits) - seen.live);
  const halted = seen.failed > 0 && failFast(prepared, limits);
  const to_decide = [...seen.lost, ...(halted ? seen.expired : [])].map((i) => prepared.ids[i] ?? '');
  const answer: Ready = { candidates: [], free, to_decide, left: seen.left };
  if (!halted && free > 0) {
    const found = seen.due.concat(seen.expired, seen.fresh);
    found.sort((a, b) => (prepared.rank[a] ?? 0) - (prepared.rank[b] ?? 0));
    for (const index of found) {
      const candidate = candidateAt(prepared, runNodes, index);
      if (candidate) answer.candidates.push(candidate);
    }
  }
  if (answer.candidates.length === 0) {
    answer.none = { why: nothing(seen, halted, to_decide.length > 0) };
    if (Number.isFinite(seen.until)) answer.none.until = seen.until;
  }
  return answer;
}

/** The next claim of a node that is ready by itself; undefined if its needs, status or time say no (limits apart). */
export function claimable(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  id: string,
  now: number,
  lastSeen?: LastSeen,
): Candidate | undefined {
  const index = prepared.index.get(id);
  if (index === undefined) return undefined;
  const node = runNodes[id];
  if (!node) return needsMet(prepared, runNodes, index) ? candidateAt(prepared, runNodes, index) : undefined;
  if (node.status === 'retrying' && (node.not_before ?? 0) > now) return undefined;
  if (node.status === 'claimed' && claimState(prepared, index, node, now, lastSeen) !== 'expired') return undefined;
  return candidateAt(prepared, runNodes, index);
}

/**
 * What the end of `finishedId` lets start for the first time. Call it once its status is stored. Costs its dependents
 * and their needs, whatever the size of the graph.
 */
export function newlyReady(prepared: PreparedGraph, runNodes: RunNodes, finishedId: string): string[] {
  const index = prepared.index.get(finishedId);
  if (index === undefined || !satisfies(runNodes[finishedId]?.status)) return [];
  const { start, to } = prepared.dependents;
  const ready: string[] = [];
  for (const dependent of to.subarray(start[index], start[index + 1])) {
    const id = prepared.ids[dependent] ?? '';
    if (!runNodes[id] && needsMet(prepared, runNodes, dependent)) ready.push(id);
  }
  return ready;
}

/** The limit on claims at once: infinite if there is none. */
export function maxParallel(prepared: PreparedGraph<GraphNode>, limits: Limits): number {
  const { max_parallel } = prepared.graph;
  return limits.maxParallel ?? (typeof max_parallel === 'number' ? max_parallel : Number.POSITIVE_INFINITY);
}

/** Whether one failure stops all that has not begun. That is the default: agents' work costs money. */
export function failFast(prepared: PreparedGraph, limits: Limits): boolean {
  return (limits.onFailure ?? prepared.graph.on_failure ?? 'fail_fast') === 'fail_fast';
}

/** A node that was never claimed may start: all its needs are satisfied. */
export function needsMet(prepared: PreparedGraph, runNodes: RunNodes, index: number): boolean {
  const { start, to } = prepared.needs;
  const end = start[index + 1] ?? 0;
  for (let e = start[index] ?? 0; e < end; e++) {
    if (!satisfies(runNodes[prepared.ids[to[e] ?? 0] ?? '']?.status)) return false;
  }
  return true;
}

/**
 * A claim whose lease ended is unverifiable, not dead. `expired`: it may be claimed again all the same. `lost`: its
 * effect may have happened and must not be repeated, or it was lost too often.
 */
export function claimState(
  prepared: PreparedGraph,
  index: number,
  node: RunNode,
  now: number,
  lastSeen?: LastSeen,
): 'live' | 'expired' | 'lost' {
  if (leaseEnd(node, prepared.leaseMs[index] ?? 0, lastSeen) > now) return 'live';
  const mayRepeat = prepared.repeatable[index] === 1 && node.fence - node.attempt < MAX_LOST_CLAIMS;
  return mayRepeat ? 'expired' : 'lost';
}

/** The next claim of a node, by its status alone. A lost claim was no try: the node failed at nothing. */
export function candidateAt(prepared: PreparedGraph, runNodes: RunNodes, index: number): Candidate | undefined {
  const id = prepared.ids[index] ?? '';
  const node = runNodes[id];
  if (!node) return { id, why: 'first', attempt: 1, fence: 1 };
  if (node.status === 'retrying') return { id, why: 'retry', attempt: node.attempt + 1, fence: node.fence + 1 };
  if (node.status === 'claimed') return { id, why: 'expired', attempt: node.attempt, fence: node.fence + 1 };
  return undefined;
}

interface Survey {
  fresh: number[];
  due: number[];
  expired: number[];
  lost: number[];
  live: number;
  later: number;
  failed: number;
  undecided: number;
  left: number;
  until: number;
}

function emptySurvey(left: number): Survey {
  const lists = { fresh: [], due: [], expired: [], lost: [] };
  return { ...lists, live: 0, later: 0, failed: 0, undecided: 0, left, until: Number.POSITIVE_INFINITY };
}

function survey(prepared: PreparedGraph, runNodes: RunNodes, now: number, limits: Limits): Survey {
  const { ids, needs } = prepared;
  const seen = emptySurvey(ids.length);
  const open = new Uint8Array(ids.length);
  const waiting: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const node = runNodes[ids[i] ?? ''];
    open[i] = satisfies(node?.status) ? 0 : 1;
    if (node) note(prepared, i, node, now, limits, seen);
    else waiting.push(i);
  }
  for (const i of waiting) {
    const end = needs.start[i + 1] ?? 0;
    let e = needs.start[i] ?? 0;
    while (e < end && open[needs.to[e] ?? 0] === 0) e++;
    if (e === end) seen.fresh.push(i);
  }
  return seen;
}

function note(prepared: PreparedGraph, i: number, node: RunNode, now: number, limits: Limits, seen: Survey): void {
  switch (node.status) {
    case 'claimed': {
      const state = claimState(prepared, i, node, now, limits.lastSeen);
      if (state !== 'live') {
        seen[state].push(i);
        return;
      }
      seen.live++;
      seen.until = Math.min(seen.until, leaseEnd(node, prepared.leaseMs[i] ?? 0, limits.lastSeen));
      return;
    }
    case 'retrying':
      if ((node.not_before ?? 0) <= now) seen.due.push(i);
      else {
        seen.later++;
        seen.until = Math.min(seen.until, node.not_before ?? 0);
      }
      return;
    case 'needs_decision':
      seen.undecided++;
      return;
    case 'failed':
      seen.failed++;
      seen.left--;
      return;
    case 'finished':
    case 'skipped':
    case 'cancelled':
      seen.left--;
  }
}

function nothing(seen: Survey, halted: boolean, toDecide: boolean): NothingReady {
  if (seen.live > 0) return 'all_claimed';
  if (toDecide) return 'all_blocked';
  if (halted) return 'finished';
  if (seen.later > 0) return 'waiting_retry';
  return seen.undecided > 0 ? 'all_blocked' : 'finished';
}
