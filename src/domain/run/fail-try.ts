// Ends a try that failed: the node is tried again, fails for good, or waits for a decision. Called by report.ts for
// what holders report, and by timeouts.ts.
//
//   needs_other_agent      again at once, for others; no try is counted
//   rate_limited           again after a pause that grows; no try is counted; after ten in a row somebody decides
//   terminal               failed
//   of a node that judges  as any other; where it would fail, somebody decides
//   any other              again after the pause of the retry policy, while tries are left; else failed
//   the same error from    somebody decides: the fault is in the node, not in those who try it
//   three agents in a row

import { type RetryPolicy, retryDelayMs, retryPolicy } from '../../graph/ready/retry.ts';
import { hashOf } from '../../json/canonical.ts';
import { leaveToDecision, returnToQueue } from './end-claim.ts';
import { carriedOver, type Draft, heldBy, type NodeRecord, wasLostTooOften } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import { isUndo } from './undo.ts';

/** Rate limits in a row after which somebody decides: the pauses before have taken minutes, whoever is at fault. */
const MAX_RATE_LIMITS = 10;
/** Agents that met the same error in a row, after which somebody decides. */
const MAX_SAME_ERROR = 3;

export interface FailedTry {
  kind: string;
  message: string;
  retryAfterS?: number | undefined;
  /** Output, evidence, tokens and cost of the try. */
  brought?: Pick<
    Draft<'failed'>,
    'findings' | 'output' | 'output_blob' | 'output_bytes' | 'evidence' | 'tokens' | 'cost_usd'
  >;
}

export function failTry(scope: RunScope, id: string, tried: FailedTry): void {
  const node = scope.record(id);
  if (node === undefined) return;
  const { now } = scope.ctx;
  const { kind } = tried;
  const error = { kind, message: tried.message.slice(0, 1_000) };
  const same_error = sameError(node, error);
  const base = { error, rate_limits: undefined, same_error, ...tried.brought };
  const again = (more: Partial<Draft<'retrying'>>): void =>
    returnToQueue(scope, id, 'node.retrying', { ...base, ...more });
  const delay = retryDelayMs(policyOf(scope, id), node.attempt, jitter(scope));
  if (kind === 'needs_other_agent' && !wasLostTooOften(node)) {
    again({ excluded: [...new Set([...(node.excluded ?? []), node.agent ?? ''])] });
  } else if (kind === 'rate_limited') {
    const rate_limits = (node.rate_limits ?? 0) + 1;
    const pause = tried.retryAfterS === undefined ? rateLimitPause(scope, id, rate_limits) : tried.retryAfterS * 1_000;
    if (rate_limits < MAX_RATE_LIMITS) again({ rate_limits, not_before: now + pause });
    else leaveToDecision(scope, id, { ...base, rate_limits });
  } else if (kind !== 'terminal' && delay !== undefined) {
    if (same_error.agents.length >= MAX_SAME_ERROR) leaveToDecision(scope, id, base);
    // This counts as a try; the branches above give the try back.
    else again({ attempt: node.attempt, not_before: now + delay });
  } else if (isUndo(id) || scope.place(id)?.scope.record?.kind === 'gates') {
    // Nobody knows how far an undo came; and who could not judge has not found the work wanting.
    leaveToDecision(scope, id, base);
  } else {
    const ended = { ended_at: now, status: 'failed' as const };
    transition(scope, id, { ...carriedOver(node), ...base, ...heldBy(node), ...ended }, 'node.failed');
  }
}

/** The error without what differs from try to try, and the agents that met it in a row. */
function sameError(node: Readonly<NodeRecord>, { kind, message }: { kind: string; message: string }) {
  const hash = hashOf([kind, masked(message)], 16);
  const before = node.same_error?.hash === hash ? node.same_error.agents : [];
  return { hash, agents: [...new Set([...before, node.agent ?? ''])].slice(-MAX_SAME_ERROR) };
}

/** A message with its paths, hex and numbers masked. */
function masked(message: string): string {
  return message
    .replace(/(?:[A-Za-z]:)?(?:[\\/][\w.@-]+)+/g, '<path>')
    .replace(/\b(?:0x)?[0-9a-f]{6,}\b/gi, '<hex>')
    .replace(/\d+/g, '<n>');
}

/**
 * The pause after so many rate limits in a row. It grows whatever the policy says: a limit that is asked again at the
 * same pace is never met.
 */
function rateLimitPause(scope: RunScope, id: string, inARow: number): number {
  const { backoff_s, factor, max_backoff_s } = policyOf(scope, id);
  const growing = {
    max_attempts: Number.POSITIVE_INFINITY,
    backoff_s: Math.max(1, backoff_s),
    factor: Math.max(2, factor),
    max_backoff_s: Math.max(1, max_backoff_s),
  };
  return retryDelayMs(growing, inARow, jitter(scope)) ?? 0;
}

function policyOf(scope: RunScope, id: string): RetryPolicy {
  const place = scope.place(id);
  return place?.scope.prepared.retry[place.index] ?? retryPolicy({}, {});
}

/** With jitter, so that nodes that failed together do not all return at once. */
function jitter({ ctx }: RunScope): number {
  return 0.5 + ctx.random() / 2;
}
