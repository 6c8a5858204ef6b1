// What of a run may be claimed now: scheduling as a function of definition, run document and clock. Called by the
// commands that claim and report, and by the view that proposes work to agents.

import type { FailurePolicy, GraphNode } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { type Conditions, isHalted, type Readiness, readiness, readinessAt } from './readiness.ts';
import { type LastSeen, type RunNodes, satisfies } from './run-node.ts';

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
  /** When time alone may change the answer (ms since the epoch); absent: it cannot. */
  until?: number;
  /** Why there are no candidates; `until` as above. */
  none?: { why: NothingReady; until?: number };
}

/**
 * `all_claimed`: wait for other claims. `all_blocked`: somebody must decide. `finished`: nothing of the run can go on.
 */
export type NothingReady = 'finished' | 'all_claimed' | 'waiting_retry' | 'all_blocked';

/**
 * Everything that may be claimed at `now`, by priority, then the longest way to the end, then order in the definition.
 * O(nodes + edges); for a run in memory `Frontier` gives the same one at a time.
 */
export function readyNodes(prepared: PreparedGraph, runNodes: RunNodes, now: number, limits: Limits = {}): Ready {
  const at = { now, lastSeen: limits.lastSeen };
  const asIfNotHalted = tally(prepared, runNodes, { ...at, halted: false });
  const halted = isHalted(prepared, asIfNotHalted.failed, limits.onFailure);
  const seen = halted ? tally(prepared, runNodes, { ...at, halted }) : asIfNotHalted;
  const free = Math.max(0, maxParallel(prepared, limits) - seen.live);
  const to_decide = seen.lost.map((i) => prepared.ids[i] ?? '');
  const candidates = free > 0 ? ranked(prepared, seen.ready) : [];
  const answer: Ready = { candidates, free, to_decide, left: seen.left };
  if (Number.isFinite(seen.until)) answer.until = seen.until;
  if (candidates.length === 0) {
    answer.none = { why: nothing(seen, halted) };
    if (answer.until !== undefined) answer.none.until = answer.until;
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
  return index === undefined ? undefined : candidate(id, readinessAt(prepared, runNodes, index, { now, lastSeen }));
}

/** The claim that a readiness allows; undefined where it allows none. */
export function candidate(id: string, found: Readiness): Candidate | undefined {
  if (found.is !== 'ready') return undefined;
  const { why, attempt, fence } = found;
  return { id, why, attempt, fence };
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
    // What has a record has begun before: no clock is needed to say so.
    const began = runNodes[id] !== undefined;
    if (!began && readinessAt(prepared, runNodes, dependent, { now: 0 }).is === 'ready') ready.push(id);
  }
  return ready;
}

/** The limit on claims at once: infinite if there is none. */
export function maxParallel(prepared: PreparedGraph<GraphNode>, limits: Limits): number {
  const { max_parallel } = prepared.graph;
  return limits.maxParallel ?? (typeof max_parallel === 'number' ? max_parallel : Number.POSITIVE_INFINITY);
}

/** All nodes by their readiness, as positions in the definition. */
interface Tally {
  ready: { index: number; found: Extract<Readiness, { is: 'ready' }> }[];
  lost: number[];
  /** Claims whose lease lasts. */
  live: number;
  /** Nodes that wait for their next try. */
  later: number;
  failed: number;
  undecided: number;
  left: number;
  until: number;
}

function tally(prepared: PreparedGraph, runNodes: RunNodes, at: Conditions): Tally {
  const { ids, needs } = prepared;
  const seen: Tally = {
    ready: [],
    lost: [],
    live: 0,
    later: 0,
    failed: 0,
    undecided: 0,
    left: ids.length,
    until: Number.POSITIVE_INFINITY,
  };
  const open = new Uint8Array(ids.length);
  const waiting: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const node = runNodes[ids[i] ?? ''];
    open[i] = satisfies(node?.status) ? 0 : 1;
    if (!node) waiting.push(i);
    else {
      if (node.status === 'failed') seen.failed++;
      note(seen, i, readiness(prepared, i, node, 'met', at));
    }
  }
  // Needs by the flags set above: a look-up by name for every edge would cost several times the walk.
  for (const i of waiting) {
    const end = needs.start[i + 1] ?? 0;
    let e = needs.start[i] ?? 0;
    while (e < end && open[needs.to[e] ?? 0] === 0) e++;
    note(seen, i, readiness(prepared, i, undefined, e === end ? 'met' : 'open', at));
  }
  return seen;
}

function note(seen: Tally, index: number, found: Readiness): void {
  switch (found.is) {
    case 'ended':
      seen.left--;
      return;
    case 'waiting':
      if (found.on === 'needs') return;
      if (found.on === 'claim') seen.live++;
      else seen.later++;
      if (found.until !== undefined) seen.until = Math.min(seen.until, found.until);
      return;
    case 'ready':
      seen.ready.push({ index, found });
      return;
    case 'blocked':
      if (found.why === 'lost') seen.lost.push(index);
      if (found.why === 'decision') seen.undecided++;
  }
}

function ranked(prepared: PreparedGraph, ready: Tally['ready']): Candidate[] {
  const { rank, ids } = prepared;
  ready.sort((a, b) => (rank[a.index] ?? 0) - (rank[b.index] ?? 0));
  return ready.flatMap(({ index, found }) => candidate(ids[index] ?? '', found) ?? []);
}

function nothing(seen: Tally, halted: boolean): NothingReady {
  if (seen.live > 0) return 'all_claimed';
  if (seen.lost.length > 0) return 'all_blocked';
  if (halted) return 'finished';
  if (seen.later > 0) return 'waiting_retry';
  return seen.undecided > 0 ? 'all_blocked' : 'finished';
}
