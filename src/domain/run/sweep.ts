// Ends lost claims: those whose lease ended, and those whose server is gone. A node that may be repeated becomes ready
// again, any other waits for a decision. Called by every claim and every control of a run, and by the runner for runs
// that nobody claims from.

import { ok, type Result } from '../../failure/failure.ts';
import type { Ready } from '../../graph/ready/ready.ts';
import type { Context, Transaction } from '../command.ts';
import { hasEnded } from './document.ts';
import { markNeedsDecision, returnToQueue } from './end-claim.ts';
import { holding } from './hold.ts';
import { readyIn } from './ready-in.ts';
import { wasLostTooOften, withLost } from './record.ts';
import { openScope, RunScope } from './scope.ts';
import { updateStatus } from './status.ts';

/** The ready set after lost claims that must not be repeated were turned into decisions. */
export function sweep(scope: RunScope): Ready {
  const ready = readyAt(scope);
  return reap(scope, ready) ? readyAt(scope) : ready;
}

/** Turns lost claims that must not be repeated into decisions. True if there were any. Fails with `unknown-run`. */
export function reapExpired(tx: Transaction, ctx: Context, input: { run: string }): Result<boolean> {
  const scope = openScope(tx, ctx, input.run);
  if (!scope.ok) return scope;
  return ok(!hasEnded(scope.value.run.status) && reap(scope.value, readyAt(scope.value)));
}

function reap(scope: RunScope, { to_decide }: Ready): boolean {
  const why = 'its lease ended without a report, and it may have taken effect';
  for (const node of to_decide) markNeedsDecision(scope, node, why);
  if (to_decide.length > 0) updateStatus(scope);
  return to_decide.length > 0;
}

function readyAt(scope: RunScope): Ready {
  const { now, lastSeen } = scope.ctx;
  return readyIn(scope.tree(), { now, lastSeen });
}

/**
 * Ends a claim whose holder is known to be gone, before its lease ends. A node that may be repeated can be claimed at
 * once; any other waits for a decision. False if the claim had ended already.
 */
export function abandonClaim(tx: Transaction, ctx: Context, input: { claim: string; why: string }): Result<boolean> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found.failure.code === 'stale-claim' ? ok(false) : found;
  const { run, id, node } = found.value;
  const scope = new RunScope(tx, ctx, run);
  if (scope.isRepeatable(id) && !wasLostTooOften(node)) {
    returnToQueue(scope, id, 'node.abandoned', { lost: withLost(node) });
  } else markNeedsDecision(scope, id, input.why);
  updateStatus(scope);
  return ok(true);
}
