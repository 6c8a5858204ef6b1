// Takes the report of a claim's holder: pure command. The tool run_report and the runner call it.
//
//   claim holds      done → finished     failed → retrying | failed | needs_decision
//                    released → retrying     progress: lasts longer
//   lease ended, nobody re-claimed       done → finished all the same; what else comes is late
//   its task was done by hand            done → finished all the same, with its output
//   its node has gates               done → gating, whatever of the above held
//   another fence, or a final node       done, failed → kept as a late result, without effect; else `stale-claim`
//   reported before                      nothing changes, and the answer says since when

import { fail, ok, type Result } from '../../failure/failure.ts';
import { leaseEnd, type NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import { acceptWork } from './accept.ts';
import { parseClaim, type RunStatus } from './document.ts';
import { expireDue } from './due.ts';
import { markNeedsDecision, returnToQueue } from './end-claim.ts';
import { failTry } from './fail-try.ts';
import { leaseToStore } from './hold.ts';
import { isVerdict, unfitVerdict } from './judge.ts';
import {
  carriedOver,
  type Draft,
  heldBy,
  type NodeRecord,
  type RecordOf,
  wasGiven,
  wasLostTooOften,
  withLate,
} from './record.ts';
import { lateBefore, type Recorded, recordedBefore } from './repeats.ts';
import { openScope, type RunScope } from './scope.ts';
import { newlyReadyIn, updateStatus } from './status.ts';
import { transition } from './transition.ts';

export const ERROR_KINDS = ['retryable', 'terminal', 'rate_limited', 'needs_other_agent'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface ReportInput {
  claim: string;
  /** `interrupted`: the holder had to stop midway, and cannot say what has taken effect. */
  status: 'done' | 'failed' | 'progress' | 'released' | 'interrupted';
  output?: Json | undefined;
  /** The hash of the output's blob if the output is too large for the document; `outputBytes`: its size. */
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
  status: 'finished' | 'gating' | 'retrying' | 'released' | 'failed' | 'needs_decision' | 'running' | 'late';
  newly_ready: string[];
  /** Ms since the epoch. */
  lease_ends?: number;
  cancel_requested?: true;
  /** The report repeats what was recorded before: nothing was changed. */
  recorded?: Recorded;
  run_status: RunStatus;
}

/** The node of a report, as it was when the report came. */
interface Held<R extends NodeRecord = NodeRecord> {
  scope: RunScope;
  id: string;
  node: Readonly<R>;
}

type Standing = 'holds' | 'adoptable' | 'repeated' | 'cancelled' | 'over';

/** Takes one report by the table above. Fails with `unknown-claim`, `stale-claim`. */
export function reportNode(tx: Transaction, ctx: Context, input: ReportInput): Result<ReportAnswer> {
  const parts = parseClaim(input.claim);
  if (parts === undefined) return fail({ code: 'unknown-claim', claim: input.claim });
  const opened = openScope(tx, ctx, parts.run);
  if (opened.ok) expireDue(opened.value);
  const node = opened.ok ? opened.value.record(parts.node) : undefined;
  if (!opened.ok || node === undefined || !wasGiven(node, input.claim, parts.fence))
    return fail({ code: 'unknown-claim', claim: input.claim });
  const held: Held = { scope: opened.value, id: parts.node, node };
  const unfit = input.status === 'done' ? unfitVerdict(held.scope, held.scope.place(held.id), input.output) : undefined;
  if (unfit !== undefined) return fail({ code: 'invalid-input', issues: [{ at: 'output', why: unfit }] });
  switch (standing(node, ctx, input)) {
    case 'holds':
      return ok(take(input, held));
    case 'adoptable':
      return ok(input.status === 'done' ? take(input, held) : late(input, held));
    case 'repeated':
      return ok(answer(held, { status: shownStatus(node.status, input), recorded: recordedBefore(node, input) }));
    case 'cancelled':
      return ok(isResult(input) ? late(input, held) : answer(held, { status: 'late', cancel_requested: true }));
    case 'over':
      if (isResult(input)) return ok(late(input, held));
      return fail({ code: 'stale-claim', claim: input.claim, why: whyStale(node, parts.fence) });
  }
}

function standing(node: Readonly<NodeRecord>, ctx: Context, input: ReportInput): Standing {
  if (node.claim !== input.claim) return node.status === 'cancelled' ? 'cancelled' : 'over';
  switch (node.status) {
    case 'claimed': {
      const live = leaseEnd(node, node.lease_ms ?? 0, ctx.now, ctx.lastSeen) > ctx.now;
      return live || input.status === 'done' ? 'holds' : isResult(input) ? 'adoptable' : 'over';
    }
    case 'needs_decision':
      return isResult(input) ? 'adoptable' : 'over';
    case 'retrying':
      if (input.status === 'done') return 'adoptable';
      return input.status === 'progress' ? 'over' : 'repeated';
    case 'gating':
      return input.status === 'done' ? ended(node, input) : 'over';
    case 'finished':
      // Its task was done by hand: the holder's output is accepted all the same.
      if (input.status === 'done' && node.outside === true) return 'adoptable';
      return input.status === 'done' ? ended(node, input) : 'over';
    case 'failed':
      return input.status === 'failed' ? ended(node, input) : 'over';
    case 'cancelled':
      return 'cancelled';
    case 'skipped':
    case 'open':
    case 'awaiting':
      return 'over';
  }
}

/** A node that somebody decided has no holder: what its last one brings instead is kept. */
function ended(node: Readonly<NodeRecord>, input: ReportInput): Standing {
  return node.agent === undefined && recordedBefore(node, input).differs ? 'over' : 'repeated';
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

function take(input: ReportInput, held: Held): ReportAnswer {
  const { scope, id, node } = held;
  switch (input.status) {
    case 'done':
      return finish(input, held);
    case 'failed':
      return failed(input, held);
    case 'progress':
      if (node.status === 'claimed') return progress(input, { scope, id, node });
      break;
    case 'released':
      if (wasLostTooOften(node)) markNeedsDecision(scope, id, 'it was given back too often');
      else returnToQueue(scope, id, 'node.released', spent(node, input));
      break;
    case 'interrupted':
      if (scope.isRepeatable(id)) returnToQueue(scope, id, 'node.released', spent(node, input));
      else markNeedsDecision(scope, id, 'it was stopped in the middle, and may have taken effect');
  }
  return updateAndAnswer(held, input);
}

function finish(input: ReportInput, held: Held): ReportAnswer {
  const { scope, id, node } = held;
  const { error: _, retry_reason: __, ...kept } = carriedOver(node);
  const next: Draft<'finished'> = {
    ...kept,
    ...spent(node, input),
    ...heldBy(node),
    ...brought(input),
    ended_at: scope.ctx.now,
    summary: input.summary,
    status: 'finished',
    attempt: Math.max(1, node.attempt),
  };
  const place = scope.place(id);
  if (place === undefined) throw new Error(`${id} of ${scope.id} is nowhere`);
  acceptWork(scope, place, next, () =>
    input.outputBlob === undefined ? input.output : scope.ctx.stored(input.outputBlob),
  );
  return updateAndAnswer(held, input);
}

function failed(input: ReportInput, held: Held): ReportAnswer {
  const { scope, id, node } = held;
  const place = scope.place(id);
  if (place !== undefined && isVerdict(place, input.output)) return finish(input, held);
  const { errorKind: kind = 'retryable', summary: message = 'no reason was given', retryAfterS } = input;
  failTry(scope, id, { kind, message, retryAfterS, brought: { ...spent(node, input), ...brought(input) } });
  return updateAndAnswer(held, input);
}

/** What a report brings, whether the try succeeded or not. */
function brought({ output, outputBlob: output_blob, outputBytes: output_bytes, evidence }: ReportInput) {
  return { output, output_blob, output_bytes, evidence };
}

function progress(input: ReportInput, held: Held<RecordOf<'claimed'>>): ReportAnswer {
  const { scope, id, node } = held;
  const { now, lastSeen } = scope.ctx;
  const end = leaseEnd(node, node.lease_ms ?? 0, now, lastSeen);
  const store = leaseToStore(node, end, now);
  const { percent = node.percent, summary = node.summary } = input;
  const said =
    percent !== node.percent || summary !== node.summary || input.tokens !== undefined || input.costUsd !== undefined;
  if (said || store !== undefined) {
    const next = { ...node, ...spent(node, input), percent, summary, lease_until: store ?? node.lease_until };
    transition(scope, id, next, 'node.progressed');
  }
  return answer(held, { status: 'running', lease_ends: store ?? end });
}

/** Tokens and cost add up over all tries. */
function spent(
  node: Readonly<NodeRecord>,
  input: ReportInput,
): { tokens: number | undefined; cost_usd: number | undefined } {
  const add = (before: number | undefined, more: number | undefined): number | undefined =>
    before === undefined && more === undefined ? undefined : (before ?? 0) + (more ?? 0);
  return { tokens: add(node.tokens, input.tokens), cost_usd: add(node.cost_usd, input.costUsd) };
}

function late(input: ReportInput, held: Held): ReportAnswer {
  const { scope, id, node } = held;
  const { by, now } = scope.ctx;
  const result = {
    claim: input.claim,
    at: now,
    status: input.status === 'done' ? ('done' as const) : ('failed' as const),
    ...(by.agent === undefined ? {} : { agent: by.agent }),
    ...(input.summary === undefined ? {} : { summary: input.summary.slice(0, 1_000) }),
    ...(input.output === undefined ? {} : { output: input.output }),
    ...(input.outputBlob === undefined ? {} : { output_blob: input.outputBlob }),
  };
  const known = lateBefore(node, result);
  if (known === undefined) transition(scope, id, withLate(node, result), 'node.late');
  return answer(held, {
    status: 'late',
    ...(node.status === 'cancelled' ? { cancel_requested: true } : {}),
    ...(known === undefined ? {} : { recorded: { at: known.at, differs: false } }),
  });
}

function updateAndAnswer(held: Held, input: ReportInput): ReportAnswer {
  const { scope, id } = held;
  updateStatus(scope);
  const newly_ready = newlyReadyIn(scope, id);
  return answer(held, { status: shownStatus(scope.record(id)?.status, input), newly_ready });
}

/** A node given back is released: nothing of it failed, so nothing is retried. */
function shownStatus(status: NodeStatus | undefined, input: ReportInput): ReportAnswer['status'] {
  if (status === 'finished' || status === 'gating' || status === 'failed' || status === 'needs_decision') return status;
  return input.status === 'released' || input.status === 'interrupted' ? 'released' : 'retrying';
}

function answer({ scope, id }: Held, more: Partial<ReportAnswer> & { status: ReportAnswer['status'] }): ReportAnswer {
  return { run: scope.id, node: id, newly_ready: [], ...more, run_status: scope.run.status };
}
