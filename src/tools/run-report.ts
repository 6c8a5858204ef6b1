// run_report: takes the report of a claim's holder, which ends the claim or extends it.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { endOfLease } from '../base/lease.ts';
import type { Decide } from '../domain/command.ts';
import { claimNode } from '../domain/run/claim.ts';
import { parseClaim, type RunDocument, runStream, standingInWords } from '../domain/run/document.ts';
import type { ClaimAnswer } from '../domain/run/fit.ts';
import type { NodeRecord } from '../domain/run/record.ts';
import { ERROR_KINDS, type ReportAnswer, type ReportInput, reportNode } from '../domain/run/report.ts';
import { openScope } from '../domain/run/scope.ts';
import { fail, ok } from '../failure/failure.ts';
import { MAX_RETRY_AFTER_S } from '../graph/ready/retry.ts';
import type { Json } from '../json/json.ts';
import { checkValue } from '../json/limits.ts';
import type { Blobs } from '../store/port.ts';
import { type Call, defineTool } from './define.ts';
import { runCommand } from './shared/change.ts';
import { answerOf, attempt, type Claimant, claimFor, type Given, type Wish, windowKey } from './shared/claim-next.ts';
import { requestInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';

/** The largest output in a run's document; a larger one is stored as a blob. */
const INLINE_BYTES = 8 * 1024;
const MAX_LISTED = 50;

const input = z.strictObject({
  claim: z.string().min(1).max(320).describe('As run_claim answered it'),
  status: z.enum(['done', 'failed', 'progress', 'released']),
  output: z.unknown().optional().describe('The result, any JSON: nodes that need this one get it'),
  summary: z.string().max(2_000).optional().describe('What was done, or why it failed'),
  error_kind: z.enum(ERROR_KINDS).optional().describe('With failed; default retryable'),
  retry_after_s: z.number().min(0).max(MAX_RETRY_AFTER_S).optional().describe('With rate_limited'),
  evidence: z.record(z.string(), z.unknown()).optional().describe('What proves it'),
  percent: z.number().min(0).max(100).optional(),
  tokens: z.number().int().min(0).optional().describe('Spent since the last report'),
  cost_usd: z.number().min(0).optional().describe('Spent since the last report'),
  // biome-ignore lint/suspicious/noThenProperty: an argument by this name; inputs are data, and nothing awaits them.
  then: z.enum(['claim']).optional().describe('And claim the next node'),
  session: sessionInput,
  request_id: requestInput,
});
type ReportArguments = z.output<typeof input>;

export const runReport = defineTool({
  name: 'run_report',
  title: 'Report on work',
  toolset: 'run',
  alwaysLoad: true,
  description:
    'Use with the claim from run_claim: done with output; failed with summary and error_kind; progress during ' +
    'long work (keeps the claim); released to give it back. Answers {node, status, newly_ready, lease_ends?, ' +
    'cancel_requested?, run_status, seq, next?: as run_claim}; status late: the result is kept without effect.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['claim', 'status'],
  input,
  output: z.object({
    node: z.string(),
    status: z.string(),
    newly_ready: z.array(z.string()),
    lease_ends: z.string().optional(),
    cancel_requested: z.literal(true).optional().describe('Stop this work'),
    run_status: z.string(),
    seq: seqOutput,
    next: z.unknown().optional(),
  }),
  also: ({ then, claim }) => (then === undefined ? undefined : { tool: 'run_claim', input: { run: runOf(claim) } }),
  async run(input, call: Call<Services>) {
    const { documents, sessions } = call.services;
    const { claim } = input;
    if (input.then !== undefined && input.status === 'progress')
      return fail({ code: 'invalid-input', issues: [{ at: 'then', why: 'not with progress: this work goes on' }] });
    const parts = parseClaim(claim);
    if (parts === undefined) return fail({ code: 'unknown-claim', claim });
    const isKnown = await documents.read((view) => view.get<RunDocument>(runStream(parts.run)) !== undefined);
    if (!isKnown) return fail({ code: 'unknown-claim', claim });
    const output = checkValue(input.output ?? null);
    if (!output.ok) return output;
    const evidence = checkValue(input.evidence ?? null);
    if (!evidence.ok) return evidence;
    const session = await sessions.ensure(input.session);
    if (!session.ok) return session;
    const holder = heartbeat(call.services, parts.run, parts.node, claim);
    const report = {
      claim,
      status: input.status,
      ...(input.output === undefined ? {} : stored(output.value, documents.blobs)),
      summary: input.summary,
      errorKind: input.error_kind,
      retryAfterS: input.retry_after_s,
      // Claimed by the agent: the server has not observed it.
      evidence: input.evidence === undefined ? undefined : { grade: 'claimed', reported: evidence.value },
      percent: input.percent,
      tokens: input.tokens,
      costUsd: input.cost_usd,
    };
    const by = sessions.author('run_report', session.value, holder?.agent_name);
    const onward = input.then === undefined || holder === undefined ? undefined : onwardOf(input, holder);
    const who = onward && { session: session.value, agent: windowKey(call.services, session.value, onward.agent) };
    const changed = await runCommand(
      call,
      by,
      input,
      reporting(call.services, { report, run: parts.run, onward, who }),
    );
    if (!changed.ok) return changed;
    const { value, seq, replayed } = changed.value;
    const next = onward && who && (await nextFor(call, onward, who, value.next && { ...value.next, replayed }));
    if (next?.ok === false) return next;
    const { node, status, newly_ready, lease_ends: ends, cancel_requested, run_status } = value;
    const answer = {
      node,
      status,
      newly_ready: newly_ready.slice(0, MAX_LISTED),
      ...(ends === undefined ? {} : { lease_ends: new Date(ends).toISOString() }),
      ...(cancel_requested === undefined ? {} : { cancel_requested }),
      run_status,
      seq,
      ...(next === undefined ? {} : { next: next.value }),
      ...(replayed ? { replayed } : {}),
    };
    const run = documents.peek((view) => view.get<RunDocument>(runStream(parts.run)));
    const notes = [
      cancelled(value, run),
      kept(value),
      status === 'failed' ? lastTry(parts.run, node) : undefined,
      input.then !== undefined && next === undefined
        ? 'nothing was claimed: run_claim does, with your name'
        : undefined,
    ];
    return ok(notes.reduce(withNote, answer));
  },
});

type Reported = ReportAnswer & { next?: Extract<ClaimAnswer, { kind: 'claimed' }> };

interface Reporting {
  report: ReportInput;
  run: string;
  onward: Wish | undefined;
  who: Claimant | undefined;
}

/**
 * The report, and with `onward` the claim of the next node of the same run, in one commit: repeated, both are answered
 * as they were.
 */
function reporting(services: Services, { report, run, onward, who }: Reporting): Decide<Reported> {
  return (tx, ctx) => {
    const reported = reportNode(tx, ctx, report);
    if (!reported.ok || onward === undefined || who === undefined) return reported;
    const scope = openScope(tx, ctx, run);
    if (!scope.ok) return scope;
    // Without a hint: it knows nothing of what this report made ready.
    const claimed = claimNode(tx, ctx, claimFor(services, scope.value.graph, { ...onward, run }, who));
    if (!claimed.ok) return claimed;
    return ok(claimed.value.kind === 'claimed' ? { ...reported.value, next: claimed.value } : reported.value);
  };
}

/** What the holder of a claim takes next: what it asked for this one with, in any run. */
function onwardOf({ claim, status, session, request_id }: ReportArguments, { agent_name, asked }: Holder): Wish {
  // An id of its own: the report has taken the caller's.
  const own = request_id === undefined ? undefined : `${request_id} then ${claim}`;
  const except = status === 'released' ? parseClaim(claim) : undefined;
  return { agent: agent_name ?? 'main', session, request_id: own, except, ...asked };
}

/** The brief of the node claimed with the report, else what run_claim would answer. */
async function nextFor(call: Call<Services>, onward: Wish, who: Claimant, claimed: Given | undefined) {
  const tried = claimed === undefined ? await attempt('run_report', onward, call, who) : ok(claimed);
  return tried.ok ? ok(await answerOf(tried.value, onward, call.services, who.session)) : tried;
}

function runOf(claim: string): string | undefined {
  return parseClaim(claim)?.run;
}

/** Why a holder is to stop, in the words of whoever cancelled. */
function cancelled({ cancel_requested }: ReportAnswer, run: Readonly<RunDocument> | undefined): string | undefined {
  return cancel_requested === undefined || run === undefined ? undefined : standingInWords(run);
}

/** What was kept of a report that changed nothing of its node. */
function kept({ status, recorded, cancel_requested }: ReportAnswer): string | undefined {
  if (recorded !== undefined) {
    const since = recorded.at === undefined ? '' : ` at ${new Date(recorded.at).toISOString()}`;
    const first = recorded.differs ? '; the first output counts, and this one is not kept' : '';
    return `this was recorded already${since}, and nothing was changed${first}`;
  }
  if (status !== 'late' || cancel_requested !== undefined) return undefined;
  return 'the claim no longer held: the result is kept with the node, without effect';
}

/** A node that has failed is not offered again by itself. */
function lastTry(run: string, node: string): string {
  return `no try is left: run_control {run: "${run}", action: "retry_node", node: "${node}"} gives it another one`;
}

type Holder = Pick<NodeRecord, 'agent' | 'agent_name' | 'asked'>;

/** Notes the presence of the claim's agent, if the claim is the node's last one; returns its holder. */
function heartbeat({ documents }: Services, run: string, node: string, claim: string): Holder | undefined {
  const found = documents.peek((view) => {
    const record = view.get<RunDocument>(runStream(run))?.nodes[node];
    return record?.claim === claim ? record : undefined;
  });
  // Not after its lease has ended: presence would revive the lease as if it had never ended.
  const live = documents.peek((view) => stillLive(view.get<RunDocument>(runStream(run)), node, documents.presence));
  if (found?.agent !== undefined && found.status === 'claimed' && live) documents.presence.touch(found.agent);
  return found;
}

function stillLive(
  run: Readonly<RunDocument> | undefined,
  node: string,
  presence: { lastSeen(who: string): number | undefined },
): boolean {
  const record = run?.nodes[node];
  const seen = record?.agent === undefined ? undefined : presence.lastSeen(record.agent);
  const now = Date.now();
  return endOfLease(record?.lease_until ?? 0, record?.lease_ms ?? 0, seen, now) > now;
}

function stored(output: Json, blobs: Blobs): { output: Json } | { outputBlob: string; outputBytes: number } {
  const bytes = Buffer.from(JSON.stringify(output));
  if (bytes.length <= INLINE_BYTES) return { output };
  return { outputBlob: blobs.put(bytes), outputBytes: bytes.length };
}
