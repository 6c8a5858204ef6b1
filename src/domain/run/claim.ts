// Claiming nodes, and what happens to claims that end without a report: pure commands. The tools run_claim and run_report
// and the runner call them. Beside the run's document only the project's list of claims is read, which its limits need.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { isHalted } from '../../graph/ready/readiness.ts';
import { type Candidate, claimable, type Ready, readyNodes } from '../../graph/ready/ready.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import type { Context, Transaction } from '../command.ts';
import { limitOf } from '../resource/pool.ts';
import {
  findRun,
  hasEnded,
  newClaimId,
  nodePointer,
  parseClaim,
  type RunDocument,
  type RunGraph,
  runStream,
} from './document.ts';
import {
  endOutside,
  isRepeatable,
  leaseToStore,
  markNeedsDecision,
  readRun,
  returnToQueue,
  setNode,
  updateStatus,
} from './edit.ts';
import { type ClaimAnswer, type ClaimInput, ineligibleReason } from './fit.ts';
import { carriedOver, type RecordOf, wasLostTooOften, withLost } from './record.ts';
import { taskStanding } from './sprint.ts';
import { limitsOf } from './start.ts';
import { noneFor, unclaimable } from './why-not.ts';

/** The best ready node for this agent. First puts to decision what nobody can account for, in the same commit. */
export function claimNode(tx: Transaction, ctx: Context, input: ClaimInput): Result<ClaimAnswer> {
  const found = findRun(tx, input.run, input.graph);
  if (!found.ok) return found;
  if (found.value.status === 'paused' || hasEnded(found.value.status)) {
    return input.node === undefined
      ? ok(noneFor(found.value, input.graph))
      : fail(unclaimable(found.value, ctx, input));
  }
  const held = input.again === true ? heldBy(found.value, ctx, input) : undefined;
  if (held !== undefined) return ok(held);
  const limit = limitFor(tx, ctx, input, found.value);
  if (limit !== undefined) return limit;
  const hinted = byHint(found.value, ctx, input);
  if (hinted !== undefined && taskStanding(tx, found.value, hinted.id) === undefined)
    return ok(claim(tx, ctx, input, hinted));
  for (;;) {
    const ready = readyAfterReaping(tx, ctx, input.run, input.graph);
    const run = readRun(tx, input.run);
    const suits = (candidate: Candidate): boolean =>
      (input.node === undefined || candidate.id === input.node) && unfit(tx, run, input, candidate.id) === undefined;
    const best = ready.candidates.find(suits);
    const standing = best === undefined ? undefined : taskStanding(tx, run, best.id);
    if (best !== undefined && standing !== undefined && 'over' in standing) {
      endOutside(tx, ctx, input.graph, { run: input.run, node: best.id, status: standing.over });
      continue;
    }
    if (best !== undefined) return ok(claim(tx, ctx, input, best));
    if (input.node !== undefined) return fail(unclaimable(run, ctx, input, unfit(tx, run, input, input.node)));
    return ok(noneFor(run, input.graph, ready, unsuitable(tx, run, input, ready.candidates)));
  }
}

/** The project's limits, which are for agents: what a server runs is no agent's work. */
function limitFor(
  tx: Transaction,
  ctx: Context,
  input: ClaimInput,
  run: Readonly<RunDocument>,
): Result<ClaimAnswer> | undefined {
  if (input.kind !== 'agent') return undefined;
  const ready = (): number => {
    const limits = { ...limitsOf(run), maxParallel: Number.POSITIVE_INFINITY, lastSeen: ctx.lastSeen };
    const { candidates } = readyNodes(input.graph.prepared, run.nodes, ctx.now, limits);
    return candidates.filter(({ id }) => ineligibleReason(run, input, id) === undefined).length;
  };
  const limit = limitOf(tx, ctx, run, input.agentName, ready);
  if (limit === undefined) return undefined;
  if (input.node !== undefined) return fail({ code: 'node-not-ready', node: input.node, why: limit.why });
  return ok({ kind: 'none', ...limit, left: noneFor(run, input.graph).left });
}

/** `ineligibleReason`, and in a sprint's run what the node's task says. */
function unfit(tx: Transaction, run: Readonly<RunDocument>, input: ClaimInput, id: string): string | undefined {
  const why = ineligibleReason(run, input, id);
  if (why !== undefined) return why;
  const standing = taskStanding(tx, run, id);
  return standing !== undefined && 'bar' in standing ? standing.bar : undefined;
}

/** The hinted node, if by the document it may be claimed. Ended claims that count against a limit only make it careful. */
function byHint(run: Readonly<RunDocument>, ctx: Context, input: ClaimInput): Candidate | undefined {
  if (input.hint === undefined || input.node !== undefined) return undefined;
  const { prepared } = input.graph;
  if (isHalted(prepared, countOf(run.counters, 'failed'), run.on_failure)) return undefined;
  if (countOf(run.counters, 'claimed') >= (run.max_parallel ?? Number.POSITIVE_INFINITY)) return undefined;
  const suits = (node: AnyNode): boolean => ineligibleReason(run, input, node.id) === undefined;
  const id = input.hint(run, ctx.now, suits);
  if (id === undefined) return undefined;
  return claimable(prepared, run.nodes, id, ctx.now, ctx.lastSeen);
}

function claim(tx: Transaction, ctx: Context, input: ClaimInput, { id, why, attempt, fence }: Candidate): ClaimAnswer {
  const { prepared } = input.graph;
  const index = prepared.index.get(id) ?? 0;
  const before = readRun(tx, input.run).nodes[id];
  const leaseMs = prepared.leaseMs[index] ?? 0;
  const name = newClaimId(ctx, input.run, id, fence);
  const next = {
    ...carriedOver(before),
    status: 'claimed' as const,
    attempt,
    fence,
    claim: name,
    agent: input.agent,
    agent_name: input.agentName,
    session: input.session,
    started_at: ctx.now,
    lease_until: ctx.now + leaseMs,
    lease_ms: leaseMs,
    title: prepared.graph.nodes[index]?.title,
    server: input.server,
    lost: why === 'expired' && before !== undefined ? withLost(before) : before?.lost,
  };
  setNode(tx, ctx, input.run, id, next, 'node.claimed');
  updateStatus(tx, ctx, input.graph, input.run);
  return { kind: 'claimed', claim: name, run: input.run, node: id, attempt, fence, again: false };
}

function heldBy(run: Readonly<RunDocument>, ctx: Context, input: ClaimInput): ClaimAnswer | undefined {
  const node = heldNode(run, input.agent, ctx.now, ctx.lastSeen);
  const record = node === undefined ? undefined : run.nodes[node];
  if (node === undefined || record?.claim === undefined || (input.node ?? node) !== node) return undefined;
  const { claim: name, attempt, fence } = record;
  return { kind: 'claimed', claim: name, run: run.id, node, attempt, fence, again: true };
}

/** The node on which this agent holds a claim that still lasts. */
export function heldNode(
  run: Readonly<RunDocument>,
  agent: string,
  now: number,
  lastSeen: Context['lastSeen'],
): string | undefined {
  for (const id in run.nodes) {
    const node = run.nodes[id];
    if (node?.status !== 'claimed' || node.agent !== agent) continue;
    if (leaseEnd(node, node.lease_ms ?? 0, lastSeen) > now) return id;
  }
  return undefined;
}

/** Why the ready nodes, of which none suits, are not for this agent: one reason each, the commonest first. */
function unsuitable(
  tx: Transaction,
  run: Readonly<RunDocument>,
  input: ClaimInput,
  candidates: readonly Candidate[],
): string[] {
  const counts = new Map<string, number>();
  for (const { id } of candidates) {
    const why = unfit(tx, run, input, id);
    if (why !== undefined) counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([why, count]) => `${count} ready, but ${why}`);
}

/** Turns claims that ended and must not be repeated into questions. True if there were any. */
export function reapExpired(tx: Transaction, ctx: Context, input: { run: string; graph: RunGraph }): Result<boolean> {
  const found = findRun(tx, input.run, input.graph);
  if (!found.ok) return found;
  return ok(hasEnded(found.value.status) ? false : reap(tx, ctx, input.run, input.graph));
}

function reap(tx: Transaction, ctx: Context, id: string, graph: RunGraph): boolean {
  const { to_decide } = readyAt(readRun(tx, id), ctx, graph);
  for (const node of to_decide) {
    markNeedsDecision(tx, ctx, id, node, 'its lease ended without a report, and it may have taken effect');
  }
  if (to_decide.length > 0) updateStatus(tx, ctx, graph, id);
  return to_decide.length > 0;
}

/** What is ready once all that nobody can account for is put to decision. */
function readyAfterReaping(tx: Transaction, ctx: Context, id: string, graph: RunGraph): Ready {
  const ready = readyAt(readRun(tx, id), ctx, graph);
  if (ready.to_decide.length === 0) return ready;
  reap(tx, ctx, id, graph);
  return readyAt(readRun(tx, id), ctx, graph);
}

function readyAt(run: Readonly<RunDocument>, ctx: Context, graph: RunGraph): Ready {
  return readyNodes(graph.prepared, run.nodes, ctx.now, { ...limitsOf(run), lastSeen: ctx.lastSeen });
}

/** The claim's record, while it still holds; `stale-claim` otherwise. Whether its lease has ended is not asked. */
export function holding(
  tx: Transaction,
  claimId: string,
): Result<{ run: string; id: string; node: Readonly<RecordOf<'claimed'>> }> {
  const parts = parseClaim(claimId);
  const run = parts === undefined ? undefined : tx.read<RunDocument>(runStream(parts.run));
  const node = parts === undefined ? undefined : run?.nodes[parts.node];
  if (parts === undefined || run === undefined || node === undefined)
    return fail({ code: 'unknown-claim', claim: claimId });
  if (node.status !== 'claimed' || node.claim !== claimId) {
    return fail({ code: 'stale-claim', claim: claimId, why: `its node is ${node.status} (fence ${node.fence})` });
  }
  return ok({ run: parts.run, id: parts.node, node });
}

/** Makes a claim last a lease longer, where presence does not do so already. Answers until when it lasts. */
export function renewClaim(tx: Transaction, ctx: Context, input: { claim: string }): Result<number> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found;
  const { run, id, node } = found.value;
  const end = leaseEnd(node, node.lease_ms ?? 0, ctx.lastSeen);
  if (end <= ctx.now) return fail({ code: 'stale-claim', claim: input.claim, why: 'its lease has ended' });
  const store = leaseToStore(node, end, ctx.now);
  if (store === undefined) return ok(end);
  tx.patch(runStream(run), { type: 'node.renewed', data: { node: id } }, [
    { op: 'replace', path: nodePointer(id, 'lease_until'), value: store },
  ]);
  return ok(store);
}

/** Records which process works on a claim, so that whoever takes over can end it first. */
export function spawnedNode(
  tx: Transaction,
  _ctx: Context,
  input: { claim: string; pid: number; start: string },
): Result<undefined> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found;
  const { run, id, node } = found.value;
  const { pid, start } = input;
  const data = { node: id, host: node.server?.host ?? '', boot: node.server?.boot ?? '', pid, start };
  tx.patch(runStream(run), { type: 'node.spawned', data }, [
    { op: 'add', path: nodePointer(id, 'process'), value: { pid, start } },
  ]);
  return ok(undefined);
}

/**
 * Ends a claim whose holder is known to be gone, without waiting for its lease. A node that may be repeated can be
 * claimed at once; any other waits for a decision. False if the claim was over already.
 */
export function abandonClaim(
  tx: Transaction,
  ctx: Context,
  input: { graph: RunGraph; claim: string; why: string },
): Result<boolean> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found.failure.code === 'stale-claim' ? ok(false) : found;
  const { run, id, node } = found.value;
  if (isRepeatable(input.graph, id) && !wasLostTooOften(node)) {
    returnToQueue(tx, ctx, run, id, 'node.abandoned', { lost: withLost(node) });
  } else markNeedsDecision(tx, ctx, run, id, input.why);
  updateStatus(tx, ctx, input.graph, run);
  return ok(true);
}
