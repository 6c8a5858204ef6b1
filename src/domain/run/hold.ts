// Held claims: finding one, checking one by its id, renewing one. Used by claim.ts, sweep.ts and the runner.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import type { Context, Transaction } from '../command.ts';
import { parseClaim, type RunDocument, runStream } from './document.ts';
import { liveNodes } from './live.ts';
import type { RecordOf } from './record.ts';
import { RunScope } from './scope.ts';
import { amend } from './transition.ts';

/** The node on which this agent holds a claim whose lease lasts; undefined if there is none. */
export function heldNode(
  run: Readonly<RunDocument>,
  agent: string,
  now: number,
  lastSeen: Context['lastSeen'],
): string | undefined {
  const held = liveNodes(run).find(
    ([, node]) => node.agent === agent && leaseEnd(node, node.lease_ms ?? 0, now, lastSeen) > now,
  );
  return held?.[0];
}

/**
 * The record of a claim that was not ended or replaced; `unknown-claim` or `stale-claim` otherwise. It may still be
 * held after its lease has ended: callers check the lease.
 */
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

/**
 * Renews a claim by a whole lease, unless presence extends it far enough. Answers its end in ms since the epoch. Fails
 * with `unknown-claim`, `stale-claim`.
 */
export function renewClaim(tx: Transaction, ctx: Context, input: { claim: string }): Result<number> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found;
  const { run, id, node } = found.value;
  const end = leaseEnd(node, node.lease_ms ?? 0, ctx.now, ctx.lastSeen);
  if (end <= ctx.now) return fail({ code: 'stale-claim', claim: input.claim, why: 'its lease has ended' });
  const lease_until = leaseToStore(node, end, ctx.now);
  if (lease_until === undefined) return ok(end);
  amend(new RunScope(tx, ctx, run), id, { lease_until }, 'node.renewed');
  return ok(lease_until);
}

/** Records the process that works on a claim, so that a server that takes over can end it first. */
export function spawnedNode(
  tx: Transaction,
  ctx: Context,
  input: { claim: string; pid: number; start: string },
): Result<undefined> {
  const found = holding(tx, input.claim);
  if (!found.ok) return found;
  const { run, id, node } = found.value;
  const { pid, start } = input;
  const { host = '', boot = '', ns } = node.server ?? {};
  const data = { host, boot, ...(ns === undefined ? {} : { ns }), pid, start };
  amend(new RunScope(tx, ctx, run), id, { process: { pid, start } }, 'node.spawned', data);
  return ok(undefined);
}

/** The new end to store; undefined while the present end covers half a lease. */
export function leaseToStore(node: Readonly<RecordOf<'claimed'>>, end: number, now: number): number | undefined {
  const lease = node.lease_ms ?? 0;
  return end - now >= lease / 2 ? undefined : now + lease;
}
