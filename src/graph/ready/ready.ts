// The nodes of a run that may be claimed now: scheduling as a function of definition, run document and clock. Called by
// domain/run, views and the runner.

import type { GraphNode } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { type Begun, placeOf } from './order.ts';
import { type Conditions, isHalted, needsBy, type Readiness, readiness, readinessAt } from './readiness.ts';
import { type LastSeen, type RunNodes, satisfies } from './run-node.ts';
import { type Survey, type SurveyRules, survey } from './survey.ts';

/** Limits of a run; an absent one is taken from the definition. The caller resolves `max_parallel: "auto"`. */
export interface Limits extends SurveyRules {
  maxParallel?: number;
  lastSeen?: LastSeen;
  /** How the nodes stand, where that is known already. */
  surveyed?: Survey | undefined;
  /** The order does not matter: the caller sorts. */
  unsorted?: true;
  /** Absent: nodes do not age. */
  begun?: Begun;
}

/** A node that may be claimed, with the numbers that its next claim carries. */
export interface Candidate {
  id: string;
  why: 'first' | 'retry' | 'expired';
  attempt: number;
  fence: number;
}

export interface Ready {
  /** Best first. At most `free` of them may be claimed; all are listed, because not every agent suits every node. */
  candidates: Candidate[];
  /** Claims that `max_parallel` still allows; may be infinite. */
  free: number;
  /** Claims whose lease lasts. */
  live: number;
  /** Nodes with a lost claim that must not be repeated: they go to `needs_decision`. */
  to_decide: string[];
  /** Nodes without a final status. */
  left: number;
  /** When time alone may change the answer, in ms since the epoch; absent: never. */
  until?: number;
  /** Why there are no candidates; `until` as above. */
  none?: { why: NothingReady; until?: number };
}

/**
 * Why nothing is ready. `all_claimed`: wait for other claims. `waiting_retry`: wait for a pause to end. `all_blocked`:
 * somebody must decide. `finished`: nothing of the run can go on.
 */
export type NothingReady = 'finished' | 'all_claimed' | 'waiting_retry' | 'all_blocked';

/**
 * The nodes that may be claimed at `now`, by priority and age, then the heaviest path to the end, then order in the
 * definition. O(nodes + edges + ready × log ready); for a run in memory `Frontier` gives them one at a time.
 */
export function readyNodes(prepared: PreparedGraph, runNodes: RunNodes, now: number, limits: Limits = {}): Ready {
  const at = { now, lastSeen: limits.lastSeen };
  const { seen, halted } = look(prepared, runNodes, at, limits);
  const free = Math.max(0, maxParallel(prepared, limits) - seen.live);
  const to_decide = seen.lost.map((i) => prepared.ids[i] ?? '');
  const candidates = free > 0 ? listed(prepared, runNodes, seen.ready, limits) : [];
  const answer: Ready = { candidates, free, live: seen.live, to_decide, left: seen.left };
  if (Number.isFinite(seen.until)) answer.until = seen.until;
  if (candidates.length === 0) {
    answer.none = { why: nothing(seen, halted && prepared.triggers === undefined) };
    if (answer.until !== undefined) answer.none.until = answer.until;
  }
  return answer;
}

/** All nodes by their readiness, and whether the run is halted. */
function look(prepared: PreparedGraph, runNodes: RunNodes, at: Conditions, rules: Limits) {
  if (prepared.triggers !== undefined) {
    const surveyed = rules.surveyed ?? survey(prepared, runNodes, rules);
    const { halted } = surveyed;
    return { seen: classify(prepared, runNodes, { ...at, halted }, surveyed), halted };
  }
  const asIfNotHalted = classify(prepared, runNodes, { ...at, halted: false });
  const halted = isHalted(prepared, asIfNotHalted.failed, rules.onFailure);
  return { seen: halted ? classify(prepared, runNodes, { ...at, halted }) : asIfNotHalted, halted };
}

/** The next claim of a node by its own readiness, without limits; undefined if it is not ready. */
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

/** The claim that a readiness allows; undefined if it allows none. */
export function candidate(id: string, found: Readiness): Candidate | undefined {
  if (found.is !== 'ready') return undefined;
  const { why, attempt, fence } = found;
  return { id, why, attempt, fence };
}

/**
 * The nodes that may start for the first time because `finishedId` ended. Call it after that node's status is stored.
 * Costs its dependents and their needs.
 */
export function newlyReady(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  finishedId: string,
  rules: SurveyRules = {},
): string[] {
  const index = prepared.index.get(finishedId);
  if (prepared.triggers !== undefined) return startedBy(prepared, runNodes, finishedId, rules);
  if (index === undefined || !satisfies(runNodes[finishedId])) return [];
  const { start, to } = prepared.dependents;
  const ready: string[] = [];
  for (const dependent of to.subarray(start[index], start[index + 1])) {
    const id = prepared.ids[dependent] ?? '';
    // A node with a record has begun before, so no clock is needed.
    const began = runNodes[id] !== undefined;
    if (!began && readinessAt(prepared, runNodes, dependent, { now: 0 }).is === 'ready') ready.push(id);
  }
  return ready;
}

/** The nodes that may start now, and that waited while the given one was open. */
function startedBy(prepared: PreparedGraph, runNodes: RunNodes, endedId: string, rules: SurveyRules): string[] {
  const ended = runNodes[endedId];
  if (ended === undefined || !['finished', 'failed', 'skipped'].includes(ended.status)) return [];
  // Skips that followed from its end are derived anew.
  const before = Object.fromEntries(Object.entries(runNodes).filter(([, { why }]) => why !== 'upstream'));
  before[endedId] = { ...ended, status: 'claimed' };
  const then = survey(prepared, before, rules);
  const now = survey(prepared, runNodes, rules);
  return prepared.ids.filter((_, i) => now.verdicts[i] === 'starts' && then.verdicts[i] !== 'starts');
}

/** The limit on claims at once; infinite if there is none. */
export function maxParallel(prepared: PreparedGraph<GraphNode>, limits: Limits): number {
  const { max_parallel } = prepared.graph;
  return limits.maxParallel ?? (typeof max_parallel === 'number' ? max_parallel : Number.POSITIVE_INFINITY);
}

/** All nodes by their readiness, as positions in the definition. */
interface Classified {
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

function classify(prepared: PreparedGraph, runNodes: RunNodes, at: Conditions, surveyed?: Survey): Classified {
  const { ids, needs } = prepared;
  const seen: Classified = {
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
    open[i] = satisfies(node) ? 0 : 1;
    if (!node) waiting.push(i);
    else {
      if (node.status === 'failed') seen.failed++;
      note(seen, i, readiness(prepared, i, node, 'met', at));
    }
  }
  // Needs are checked by the flags set above: a look-up by name for every edge costs several times the walk.
  for (const i of waiting) {
    if (surveyed !== undefined) {
      note(seen, i, readiness(prepared, i, undefined, needsBy(surveyed.verdicts[i]), at));
      continue;
    }
    const end = needs.start[i + 1] ?? 0;
    let e = needs.start[i] ?? 0;
    while (e < end && open[needs.to[e] ?? 0] === 0) e++;
    note(seen, i, readiness(prepared, i, undefined, e === end ? 'met' : 'open', at));
  }
  return seen;
}

function note(seen: Classified, index: number, found: Readiness): void {
  switch (found.is) {
    case 'ended':
      seen.left--;
      return;
    case 'waiting':
      if (found.on === 'needs' || (found.on === 'begin' && found.until === undefined)) return;
      if (found.on === 'claim') seen.live++;
      else if (found.on === 'pause' || found.until !== undefined) seen.later++;
      else seen.undecided++;
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

function listed(prepared: PreparedGraph, runNodes: RunNodes, ready: Classified['ready'], limits: Limits): Candidate[] {
  if (limits.unsorted !== true) return ranked(prepared, runNodes, ready, limits.begun);
  return ready.flatMap(({ index, found }) => candidate(prepared.ids[index] ?? '', found) ?? []);
}

function ranked(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  ready: Classified['ready'],
  begun: Begun | undefined,
): Candidate[] {
  const placed = ready.map((one) => ({ ...one, place: placeOf(prepared, runNodes, one.index, begun) }));
  placed.sort((a, b) => a.place - b.place);
  return placed.flatMap(({ index, found }) => candidate(prepared.ids[index] ?? '', found) ?? []);
}

function nothing(seen: Classified, halted: boolean): NothingReady {
  if (seen.live > 0) return 'all_claimed';
  if (seen.lost.length > 0) return 'all_blocked';
  if (halted) return 'finished';
  if (seen.later > 0) return 'waiting_retry';
  return seen.undecided > 0 ? 'all_blocked' : 'finished';
}
