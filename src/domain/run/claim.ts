// Gives a ready node to an agent or a server: a pure command, called by the tool run_claim and the runner. The steps of
// a claim, by file:
//
//   document ──► claim ──► sweep       lost claims that must not be repeated: left to a decision
//                  ├─────► followers   limits and obstacles
//                  ├─────► fit         is the node for this agent
//                  ├─────► transition ──► followers
//                  └─────► status

import { fail, ok, type Result } from '../../failure/failure.ts';
import { hasGates } from '../../graph/gates/index.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { isHalted } from '../../graph/ready/readiness.ts';
import { type Candidate, claimable } from '../../graph/ready/ready.ts';
import type { Context, Transaction } from '../command.ts';
import { hasEnded, newClaimId } from './document.ts';
import { expireDue } from './due.ts';
import { byPlan, type ClaimAnswer, type ClaimInput, ineligibleReason } from './fit.ts';
import { limitOn, obstacleTo, plannedFor } from './followers/index.ts';
import { heldNode } from './hold.ts';
import { endOutside } from './outside.ts';
import { type Asked, carriedOver, type NodeRecord, withEarlier, withLost, withTry } from './record.ts';
import { openScope, type RunScope } from './scope.ts';
import { updateStatus } from './status.ts';
import { sweep } from './sweep.ts';
import { claimEnds } from './timeouts.ts';
import { transition } from './transition.ts';
import type { Barred } from './waits.ts';
import { noneFor, unclaimable } from './why-not.ts';

/**
 * Claims the best ready node for this agent; first turns lost claims that must not be repeated into decisions, in the
 * same commit. Fails with `unknown-run`, and for a node asked for by name with `unknown-node`, `node-not-ready`.
 */
export function claimNode(tx: Transaction, ctx: Context, input: ClaimInput): Result<ClaimAnswer> {
  const opened = openScope(tx, ctx, input.run);
  if (!opened.ok) return opened;
  const scope = opened.value;
  const { status } = scope.run;
  if (status === 'paused' || hasEnded(status))
    return input.node === undefined ? ok(noneFor(scope)) : fail(unclaimable(scope, input, input.node));
  // A time that has come may end what is awaited, or make others ready.
  expireDue(scope);
  const held = input.again === true ? heldBefore(scope, input) : undefined;
  if (held !== undefined) return ok(held);
  const limit = limitOn(scope, input);
  if (limit !== undefined) {
    if (input.node !== undefined) return fail({ code: 'node-not-ready', node: input.node, why: limit.why });
    return ok({ kind: 'none', ...limit, left: noneFor(scope).left });
  }
  const hinted = byHint(scope, input);
  if (hinted !== undefined && obstacleTo(scope, hinted.id) === undefined) return ok(give(scope, input, hinted));
  return fromAll(scope, input);
}

/**
 * Examines every node. A node whose task has ended outside the run is ended on the way, which may make others ready.
 */
function fromAll(scope: RunScope, input: ClaimInput): Result<ClaimAnswer> {
  for (;;) {
    const ready = sweep(scope);
    const asked = ({ id }: Candidate): boolean => input.node === undefined || id === input.node;
    const best = byPlan(input, ready.candidates).find((one) => asked(one) && unfit(scope, input, one.id) === undefined);
    const obstacle = best === undefined ? undefined : obstacleTo(scope, best.id);
    if (best !== undefined && obstacle !== undefined && 'over' in obstacle) {
      endOutside(scope, best.id, obstacle.over);
      continue;
    }
    if (best !== undefined) return ok(give(scope, input, best));
    if (input.node !== undefined) return fail(unclaimable(scope, input, input.node, unfit(scope, input, input.node)));
    return ok(noneFor(scope, ready, barredFrom(scope, input, ready.candidates)));
  }
}

/** `ineligibleReason`, or else the obstacle that bars the node. */
function unfit(scope: RunScope, input: ClaimInput, id: string): string | undefined {
  const why = ineligibleReason(scope, input, id);
  if (why !== undefined) return why;
  const obstacle = obstacleTo(scope, id);
  return obstacle !== undefined && 'bar' in obstacle ? obstacle.bar : undefined;
}

/**
 * The hinted node, if the document confirms that it may be claimed. Claims whose lease ended still count against the
 * limit here: then all nodes are examined.
 */
function byHint(scope: RunScope, input: ClaimInput): Candidate | undefined {
  // A hint knows the rank of nodes, not the plan.
  if (input.hint === undefined || input.node !== undefined || input.planned !== undefined) return undefined;
  const { run, ctx } = scope;
  const { prepared } = scope.graph;
  // What triggers make of the needs of a node takes a walk anyway.
  if (prepared.triggers !== undefined) return undefined;
  if (isHalted(prepared, countOf(run.counters, 'failed'), run.on_failure)) return undefined;
  if (countOf(run.counters, 'claimed') >= (run.max_parallel ?? Number.POSITIVE_INFINITY)) return undefined;
  const suits = (node: AnyNode): boolean => ineligibleReason(scope, input, node.id) === undefined;
  const id = input.hint(run, scope.graph, ctx.now, suits);
  return id === undefined ? undefined : claimable(prepared, run.nodes, id, ctx.now, ctx.lastSeen);
}

function give(scope: RunScope, input: ClaimInput, { id, why, attempt, fence }: Candidate): ClaimAnswer {
  const { ctx } = scope;
  const place = scope.place(id);
  const before = scope.record(id);
  const lease_ms = place?.scope.prepared.leaseMs[place.index] ?? 0;
  const claim = newClaimId(ctx, scope.id, id, fence);
  const began_at = before?.began_at ?? ctx.now;
  const ends = place && claimEnds(place, { now: ctx.now, began: began_at, byServer: input.server !== undefined });
  const next = {
    ...carriedOver(before),
    status: 'claimed' as const,
    attempt,
    fence,
    from_fence: before?.from_fence ?? (before === undefined && fence > 1 ? fence - 1 : undefined),
    claim,
    earlier: withEarlier(before),
    tries: withTry(before),
    agent: input.agent,
    agent_name: input.agentName,
    session: input.session,
    started_at: ctx.now,
    asked: askedBy(input),
    planned: plannedFor(scope, id),
    lease_until: ctx.now + lease_ms,
    lease_ms,
    ...ends,
    began_at: ends?.total_until === undefined ? undefined : began_at,
    title: place?.node.title,
    server: input.server,
    rate_limits: before?.rate_limits,
    window: input.window,
    authors: place !== undefined && hasGates(place.node) ? withAuthor(before, input) : before?.authors,
    lost: why === 'expired' && before !== undefined ? withLost(before) : before?.lost,
  };
  transition(scope, id, next, 'node.claimed');
  updateStatus(scope);
  return { kind: 'claimed', claim, run: scope.id, node: id, attempt, fence, again: false };
}

function askedBy({ skills = [], maxTokens }: ClaimInput): Asked | undefined {
  if (skills.length === 0 && maxTokens === undefined) return undefined;
  return {
    ...(skills.length === 0 ? {} : { skills: [...skills] }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  };
}

/** Everyone who had a claim of a node with gates: none of them reviews it. */
function withAuthor(
  before: Readonly<NodeRecord> | undefined,
  { agent, agentName: name, session }: ClaimInput,
): NonNullable<NodeRecord['authors']> {
  const others = (before?.authors ?? []).filter((one) => one.agent !== agent);
  return [...others, { agent, name, ...(session === undefined ? {} : { session }) }];
}

function heldBefore({ run, ctx }: RunScope, input: ClaimInput): ClaimAnswer | undefined {
  const node = heldNode(run, input.agent, ctx.now, ctx.lastSeen);
  const record = node === undefined ? undefined : run.nodes[node];
  if (node === undefined || record?.claim === undefined || (input.node ?? node) !== node) return undefined;
  const { claim, attempt, fence } = record;
  return { kind: 'claimed', claim, run: run.id, node, attempt, fence, again: true };
}

/** The ready nodes, and why each is not for this agent. */
function barredFrom(scope: RunScope, input: ClaimInput, candidates: readonly Candidate[]): Barred[] {
  return candidates.flatMap(({ id: node }) => {
    const why = unfit(scope, input, node);
    return why === undefined ? [] : [{ node, why }];
  });
}
