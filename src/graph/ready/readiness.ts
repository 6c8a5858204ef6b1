// Decides whether one node of a run may start now. This is the only place that decides it: the ready set, the frontier,
// the outcome of a run, the words for a refused claim and the views all call `readiness`, so that they always agree.
//
//   record of the node        its needs   the clock                            readiness
//   ------------------------  ----------  -----------------------------------  --------------------------
//   none                      open        any                                  waiting on needs
//   none                      met         any                                  ready first        (1)
//   none, begins by itself    met         any                                  waiting on begin   (1)
//   none                      dead        any                                  blocked dead
//   claimed                   any         the lease lasts                      waiting on claim, until its end
//   claimed, repeatable       any         the lease ended                      ready expired      (2)
//   claimed, not repeatable   any         the lease ended                      blocked lost
//   claimed, lost too often   any         the lease ended                      blocked lost
//   retrying                  any         before `not_before`                  waiting on pause, until then
//   retrying                  any         `not_before` is over or absent       ready retry        (1)
//   open, gating              any         any                                  waiting on scope
//   awaiting                  any         any                                  waiting on answer, until its time
//   needs_decision            any         any                                  blocked decision
//   finished, skipped         any         any                                  ended
//   failed, cancelled         any         any                                  ended
//
//   In a halted run (fail_fast, and a node has failed): (1) is blocked halted, (2) is blocked lost; but (1) is ready
//   for nodes with an error-path trigger. What a trigger makes of the needs of a node is the table of trigger.ts,
//   applied by survey.ts; without triggers, needs are met once all are satisfied.
//
// Limits on the number of claims are not checked here: they concern all nodes together, see `readyNodes`.

import { isBeyond } from '../../base/lease.ts';
import type { FailurePolicy } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import { longestPauseMs } from './retry.ts';
import { type LastSeen, leaseEnd, lostClaims, type RunNode, type RunNodes, satisfies } from './run-node.ts';
import { type Standing, type Survey, type SurveyRules, survey } from './survey.ts';

export type Readiness =
  /** May be claimed, with this `attempt` and `fence`. */
  | { is: 'ready'; why: 'first' | 'retry' | 'expired'; attempt: number; fence: number }
  /** Changes without anybody's action. `until`: when time alone changes it, in ms since the epoch. */
  | { is: 'waiting'; on: 'needs' | 'begin' | 'claim' | 'pause' | 'scope' | 'answer'; until: number | undefined }
  /**
   * Somebody must act: decide about the node (`decision`), mark it as needing a decision (`lost`), or clear the failure
   * that halts the run (`halted`) or that the node cannot start after (`dead`).
   */
  | { is: 'blocked'; why: 'decision' | 'lost' | 'halted' | 'dead' }
  | { is: 'ended' };

/** Whether the needs of a node let it start; `dead`: they cannot any more. */
export type NeedsState = 'met' | 'open' | 'dead';

export interface Conditions {
  now: number;
  lastSeen?: LastSeen | undefined;
  /** The run starts nothing new; see `isHalted`. */
  halted?: boolean;
}

/**
 * How many claims of one node may be lost or given back before it needs a decision: a node that crashes every agent
 * would otherwise be given out for ever.
 */
export const MAX_LOST_CLAIMS = 10;

// Shared, so that a walk over 20,000 nodes allocates only for nodes whose answer has values of its own. Answers of one
// kind always have the same members: with more than four object shapes in one walk V8 looks each member up by name.
const FIRST: Readiness = { is: 'ready', why: 'first', attempt: 1, fence: 1 };
const ON_NEEDS: Readiness = { is: 'waiting', on: 'needs', until: undefined };
const ON_BEGIN: Readiness = { is: 'waiting', on: 'begin', until: undefined };
const ON_SCOPE: Readiness = { is: 'waiting', on: 'scope', until: undefined };
const DECISION: Readiness = { is: 'blocked', why: 'decision' };
const LOST: Readiness = { is: 'blocked', why: 'lost' };
const HALTED: Readiness = { is: 'blocked', why: 'halted' };
const DEAD: Readiness = { is: 'blocked', why: 'dead' };
const ENDED: Readiness = { is: 'ended' };

/** The readiness by the table above. `node`: the record of the node at `index`; `needs` matters only without one. */
export function readiness(
  prepared: PreparedGraph,
  index: number,
  node: RunNode | undefined,
  needs: NeedsState,
  at: Conditions,
): Readiness {
  switch (node?.status) {
    case undefined:
      if (needs === 'open') return ON_NEEDS;
      if (needs === 'dead') return DEAD;
      if (stops(prepared, index, at)) return HALTED;
      return prepared.begins[index] === 1 ? ON_BEGIN : FIRST;
    case 'finished':
    case 'skipped':
    case 'failed':
    case 'cancelled':
      return ENDED;
    case 'claimed':
      return ofClaim(prepared, index, node, at);
    case 'retrying':
      if (prepared.begins[index] === 1) return { is: 'waiting', on: 'begin', until: node.not_before };
      // In a graph with triggers it counts as dead at once, or what waits for its end would wait for its pause.
      if (prepared.triggers !== undefined && stops(prepared, index, at)) return HALTED;
      return ofRetry(longestPauseMs(prepared.retry[index]), node, at.now, stops(prepared, index, at));
    case 'open':
    case 'gating':
      return ON_SCOPE;
    case 'awaiting':
      return { is: 'waiting', on: 'answer', until: node.until };
    case 'needs_decision':
      return DECISION;
  }
}

/**
 * `readiness` of one node, its needs looked up. O(needs of the node); where the graph has triggers O(graph), unless the
 * run was surveyed.
 */
export function readinessAt(
  prepared: PreparedGraph,
  runNodes: RunNodes,
  index: number,
  at: Conditions & SurveyRules,
  surveyed?: Survey,
): Readiness {
  const node = runNodes[prepared.ids[index] ?? ''];
  if (prepared.triggers !== undefined) {
    const { halted, verdicts } = surveyed ?? survey(prepared, runNodes, at);
    return readiness(prepared, index, node, needsBy(verdicts[index]), { ...at, halted });
  }
  return readiness(prepared, index, node, node === undefined ? needsOf(prepared, runNodes, index) : 'met', at);
}

/**
 * Whether a failure halts the run: nothing new starts, unless the policy is `continue`. `failed`: the number of failed
 * nodes.
 */
export function isHalted(prepared: PreparedGraph, failed: number, onFailure: FailurePolicy | undefined): boolean {
  // `fail_fast` is the default, because agents' work costs money.
  return failed > 0 && (onFailure ?? prepared.graph.on_failure ?? 'fail_fast') !== 'continue';
}

/** What a verdict of `survey` means for the readiness of a node. What is to be skipped is so in the same commit. */
export function needsBy(verdict: Standing | undefined): NeedsState {
  if (verdict === 'starts') return 'met';
  return verdict === 'dead' ? 'dead' : 'open';
}

/** Whether a node does not start because the run is halted. */
function stops(prepared: PreparedGraph, index: number, { halted }: Conditions): boolean {
  return halted === true && prepared.triggers?.[index]?.errorPath !== true;
}

/**
 * The readiness of a claimed node. A claim whose lease ended is unverified, not dead: its holder may still be working.
 */
function ofClaim(
  prepared: PreparedGraph,
  index: number,
  node: RunNode,
  { now, lastSeen, halted }: Conditions,
): Readiness {
  const stored = node.lease_until ?? Number.POSITIVE_INFINITY;
  // Presence is a file per agent: read only once the stored lease has ended.
  const leaseMs = prepared.leaseMs[index] ?? 0;
  const holds = stored > now && !isBeyond(stored - leaseMs, leaseMs, now);
  const until = holds ? stored : leaseEnd(node, leaseMs, now, lastSeen);
  if (until > now) return { is: 'waiting', on: 'claim', until: Number.isFinite(until) ? until : undefined };
  const mayRepeat = prepared.repeatable[index] === 1 && lostClaims(node) < MAX_LOST_CLAIMS;
  if (!mayRepeat || halted === true) return LOST;
  // A lost claim does not count as a try: the node did not fail.
  return { is: 'ready', why: 'expired', attempt: node.attempt, fence: node.fence + 1 };
}

function ofRetry(
  longestMs: number,
  { not_before: until, attempt, fence }: RunNode,
  now: number,
  halted: boolean,
): Readiness {
  // A pause that ends later than any pause can was written by a clock that was ahead: it counts as over.
  if (until !== undefined && until > now && until <= now + longestMs) return { is: 'waiting', on: 'pause', until };
  return halted ? HALTED : { is: 'ready', why: 'retry', attempt: attempt + 1, fence: fence + 1 };
}

function needsOf(prepared: PreparedGraph, runNodes: RunNodes, index: number): NeedsState {
  const { start, to } = prepared.needs;
  const end = start[index + 1] ?? 0;
  for (let e = start[index] ?? 0; e < end; e++) {
    if (!satisfies(runNodes[prepared.ids[to[e] ?? 0] ?? ''])) return 'open';
  }
  return 'met';
}
