// What a claim's holder says of its node: pure command. The tool run_report and the runner call it.
//
//   claim holds      done → finished     failed → retrying | failed     released → retrying     progress: lasts longer
//   lease ended, nobody re-claimed       done → finished all the same; what else comes is late
//   its task was done by hand            done → finished all the same, with its output
//   another fence, or a final node       done, failed → kept as a late result, without effect; else `stale-claim`

import { fail, ok, type Result } from '../../failure/failure.ts';
import { newlyReady } from '../../graph/ready/ready.ts';
import { retryDelayMs } from '../../graph/ready/retry.ts';
import { leaseEnd, type NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import { findRun, parseClaim, type RunGraph, type RunStatus } from './document.ts';
import {
  isRepeatable,
  leaseToStore,
  markNeedsDecision,
  readRun,
  returnToQueue,
  setNode,
  updateStatus,
} from './edit.ts';
import { carriedOver, type Draft, type NodeRecord, type RecordOf, wasLostTooOften, withLate } from './record.ts';

export const ERROR_KINDS = ['retryable', 'terminal', 'rate_limited', 'needs_other_agent'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface ReportInput {
  graph: RunGraph;
  claim: string;
  /** `interrupted`: the holder had to stop in the middle, and cannot say what has taken effect. */
  status: 'done' | 'failed' | 'progress' | 'released' | 'interrupted';
  output?: Json | undefined;
  /** The output as a blob, where it is too large for the document; `outputBytes`: its size. */
  outputBlob?: string | undefined;
  outputBytes?: number | undefined;
  summary?: string | undefined;
  errorKind?: ErrorKind | undefined;
  retryAfterS?: number | undefined;
  evidence?: Json | undefined;
  percent?: number | undefined;
  tokens?: number | undefined;
  costUsd?: number | undefined;
}

export interface ReportAnswer {
  run: string;
  node: string;
  status: 'finished' | 'retrying' | 'failed' | 'needs_decision' | 'running' | 'late';
  newly_ready: string[];
  /** Ms since the epoch. */
  lease_ends?: number;
  cancel_requested?: true;
  run_status: RunStatus;
}

interface Held {
  run: string;
  id: string;
  node: Readonly<NodeRecord>;
}

type Standing = 'holds' | 'adoptable' | 'repeated' | 'cancelled' | 'over';

export function reportNode(tx: Transaction, ctx: Context, input: ReportInput): Result<ReportAnswer> {
  const parts = parseClaim(input.claim);
  if (parts === undefined) return fail({ code: 'unknown-claim', claim: input.claim });
  const run = findRun(tx, parts.run, input.graph);
  const node = run.ok ? run.value.nodes[parts.node] : undefined;
  if (!run.ok || node === undefined || parts.fence > node.fence)
    return fail({ code: 'unknown-claim', claim: input.claim });
  if (parts.fence === node.fence && node.claim !== input.claim)
    return fail({ code: 'unknown-claim', claim: input.claim });
  const held: Held = { run: parts.run, id: parts.node, node };
  switch (standing(node, ctx, input)) {
    case 'holds':
      return ok(take(tx, ctx, input, held));
    case 'adoptable':
      return ok(input.status === 'done' ? take(tx, ctx, input, held) : late(tx, ctx, input, held));
    case 'repeated':
      return ok(answer(tx, held, { status: shownStatus(node.status) }));
    case 'cancelled':
      return ok(
        isResult(input) ? late(tx, ctx, input, held) : answer(tx, held, { status: 'late', cancel_requested: true }),
      );
    case 'over':
      if (isResult(input)) return ok(late(tx, ctx, input, held));
      return fail({ code: 'stale-claim', claim: input.claim, why: whyStale(node, parts.fence) });
  }
}

function standing(node: Readonly<NodeRecord>, ctx: Context, input: ReportInput): Standing {
  if (node.claim !== input.claim) return node.status === 'cancelled' ? 'cancelled' : 'over';
  switch (node.status) {
    case 'claimed': {
      const live = leaseEnd(node, node.lease_ms ?? 0, ctx.lastSeen) > ctx.now;
      return live || input.status === 'done' ? 'holds' : isResult(input) ? 'adoptable' : 'over';
    }
    case 'needs_decision':
      return isResult(input) ? 'adoptable' : 'over';
    case 'retrying':
      if (input.status === 'done') return 'adoptable';
      return input.status === 'progress' ? 'over' : 'repeated';
    case 'finished':
      // Its task was done by hand: what its holder brings is the result all the same.
      if (input.status === 'done') return node.outside === true ? 'adoptable' : 'repeated';
      return 'over';
    case 'failed':
      return input.status === 'failed' ? 'repeated' : 'over';
    case 'cancelled':
      return 'cancelled';
    case 'skipped':
      return 'over';
  }
}

function isResult(input: ReportInput): input is ReportInput & { status: 'done' | 'failed' } {
  return input.status === 'done' || input.status === 'failed';
}

function whyStale(node: Readonly<NodeRecord>, fence: number): string {
  if (fence !== node.fence)
    return `the node was claimed again (fence ${node.fence}, yours is ${fence}); it is ${node.status}`;
  return node.status === 'claimed'
    ? 'its lease has ended; report done if you have the result'
    : `its node is ${node.status}`;
}

function take(tx: Transaction, ctx: Context, input: ReportInput, held: Held): ReportAnswer {
  switch (input.status) {
    case 'done':
      return finish(tx, ctx, input, held);
    case 'failed':
      return failed(tx, ctx, input, held);
    case 'progress':
      if (held.node.status === 'claimed') return progress(tx, ctx, input, held, held.node);
      break;
    case 'released':
      if (wasLostTooOften(held.node)) markNeedsDecision(tx, ctx, held.run, held.id, 'it was given back too often');
      else returnToQueue(tx, ctx, held.run, held.id, 'node.released', spent(held.node, input));
      break;
    case 'interrupted':
      if (isRepeatable(input.graph, held.id))
        returnToQueue(tx, ctx, held.run, held.id, 'node.released', spent(held.node, input));
      else markNeedsDecision(tx, ctx, held.run, held.id, 'it was stopped in the middle, and may have taken effect');
  }
  return settled(tx, ctx, input, held);
}

function finish(tx: Transaction, ctx: Context, input: ReportInput, held: Held): ReportAnswer {
  const { error: _, ...kept } = carriedOver(held.node);
  const { attempt, fence, claim, agent, agent_name, session, started_at } = held.node;
  const who = { claim, agent, agent_name, session, started_at, ended_at: ctx.now };
  const { output, outputBlob: output_blob, outputBytes: output_bytes, summary, evidence } = input;
  const result = { output, output_blob, output_bytes, summary, evidence };
  const next: Draft = {
    ...kept,
    ...spent(held.node, input),
    ...who,
    ...result,
    status: 'finished',
    attempt: Math.max(1, attempt),
    fence,
  };
  setNode(tx, ctx, held.run, held.id, next, 'node.finished');
  return settled(tx, ctx, input, held);
}

function failed(tx: Transaction, ctx: Context, input: ReportInput, held: Held): ReportAnswer {
  const { run, id, node } = held;
  const kind = input.errorKind ?? 'retryable';
  const error = { kind, message: (input.summary ?? 'no reason was given').slice(0, 1_000) };
  const base = { error, ...spent(node, input) };
  const retry = (notBefore: number): void =>
    returnToQueue(tx, ctx, run, id, 'node.retrying', { ...base, not_before: notBefore });
  const delay = retryDelay(ctx, input, held, kind);
  if (kind === 'needs_other_agent' && !wasLostTooOften(node)) {
    const excluded = [...new Set([...(node.excluded ?? []), node.agent ?? ''])];
    returnToQueue(tx, ctx, run, id, 'node.retrying', { ...base, excluded });
  } else if (kind === 'rate_limited' && !wasLostTooOften(node)) {
    retry(ctx.now + (input.retryAfterS === undefined ? (delay ?? 1_000) : input.retryAfterS * 1_000));
  } else if (kind !== 'terminal' && delay !== undefined) {
    returnToQueue(tx, ctx, run, id, 'node.retrying', { ...base, attempt: node.attempt, not_before: ctx.now + delay });
  } else {
    const { attempt, fence, claim, agent, agent_name, session, started_at } = node;
    const who = { claim, agent, agent_name, session, started_at, ended_at: ctx.now, evidence: input.evidence };
    setNode(
      tx,
      ctx,
      run,
      id,
      { ...carriedOver(node), ...base, ...who, status: 'failed', attempt, fence },
      'node.failed',
    );
  }
  return settled(tx, ctx, input, held);
}

/** With jitter: those that failed together should not come back together. */
function retryDelay(ctx: Context, input: ReportInput, held: Held, kind: ErrorKind): number | undefined {
  const index = input.graph.prepared.index.get(held.id) ?? 0;
  const policy = input.graph.prepared.retry[index];
  if (policy === undefined) return undefined;
  const random = Number.parseInt(ctx.id('j').slice(-4), 36) / 36 ** 4;
  const jitter = 0.5 + (Number.isFinite(random) ? random / 2 : 0.5);
  // What a rate limit asks for is a pause, whether or not a try is left.
  return retryDelayMs(
    kind === 'rate_limited' ? { ...policy, max_attempts: Number.POSITIVE_INFINITY } : policy,
    held.node.attempt,
    jitter,
  );
}

function progress(
  tx: Transaction,
  ctx: Context,
  input: ReportInput,
  held: Held,
  node: Readonly<RecordOf<'claimed'>>,
): ReportAnswer {
  const { run, id } = held;
  const end = leaseEnd(node, node.lease_ms ?? 0, ctx.lastSeen);
  const store = leaseToStore(node, end, ctx.now);
  const { percent = node.percent, summary = node.summary } = input;
  const said =
    percent !== node.percent || summary !== node.summary || input.tokens !== undefined || input.costUsd !== undefined;
  if (said || store !== undefined) {
    const next = { ...node, ...spent(node, input), percent, summary, lease_until: store ?? node.lease_until };
    setNode(tx, ctx, run, id, next, 'node.progressed');
  }
  return answer(tx, held, { status: 'running', lease_ends: store ?? end });
}

/** Tokens and money add up over all tries. */
function spent(
  node: Readonly<NodeRecord>,
  input: ReportInput,
): { tokens: number | undefined; cost_usd: number | undefined } {
  const add = (before: number | undefined, more: number | undefined): number | undefined =>
    before === undefined && more === undefined ? undefined : (before ?? 0) + (more ?? 0);
  return { tokens: add(node.tokens, input.tokens), cost_usd: add(node.cost_usd, input.costUsd) };
}

function late(tx: Transaction, ctx: Context, input: ReportInput, held: Held): ReportAnswer {
  const { run, id, node } = held;
  const known = node.late?.some(({ claim, status }) => claim === input.claim && status === input.status);
  if (known !== true) {
    const result = {
      claim: input.claim,
      at: ctx.now,
      status: input.status === 'done' ? ('done' as const) : ('failed' as const),
      ...(ctx.by.agent === undefined ? {} : { agent: ctx.by.agent }),
      ...(input.summary === undefined ? {} : { summary: input.summary.slice(0, 1_000) }),
      ...(input.output === undefined ? {} : { output: input.output }),
      ...(input.outputBlob === undefined ? {} : { output_blob: input.outputBlob }),
    };
    setNode(tx, ctx, run, id, withLate(node, result), 'node.late');
  }
  return answer(tx, held, { status: 'late', ...(node.status === 'cancelled' ? { cancel_requested: true } : {}) });
}

function settled(tx: Transaction, ctx: Context, input: ReportInput, held: Held): ReportAnswer {
  updateStatus(tx, ctx, input.graph, held.run);
  const { nodes } = readRun(tx, held.run);
  const newly_ready = newlyReady(input.graph.prepared, nodes, held.id);
  return answer(tx, held, { status: shownStatus(nodes[held.id]?.status), newly_ready });
}

function shownStatus(status: NodeStatus | undefined): ReportAnswer['status'] {
  return status === 'finished' || status === 'failed' || status === 'needs_decision' ? status : 'retrying';
}

function answer(
  tx: Transaction,
  { run, id }: Held,
  more: Partial<ReportAnswer> & { status: ReportAnswer['status'] },
): ReportAnswer {
  return { run, node: id, newly_ready: [], ...more, run_status: readRun(tx, run).status };
}
