// Moves claims from one session to another with new fences: work in progress at a handoff or a recovery. Called by
// app/session-binding.ts in the same commit.

import type { Context, Transaction } from '../command.ts';
import { agentKey } from '../session/presence-key.ts';
import { hasEnded, newClaimId, type RunDocument, runStream } from './document.ts';
import { liveNodes } from './live.ts';
import { withEarlier } from './record.ts';
import { RunScope } from './scope.ts';
import { transition } from './transition.ts';

export interface MovedClaim {
  run: string;
  node: string;
  title: string;
  /** The new claim; the old one is stale from this commit on. */
  claim: string;
}

/**
 * Moves every claim that `from` holds in these runs. Find the runs with `runsWithClaims`; the command reads only them.
 */
export function moveClaims(
  tx: Transaction,
  ctx: Context,
  input: { from: string; to: string; runs: readonly string[] },
): { claims: MovedClaim[] } {
  const claims: MovedClaim[] = [];
  for (const id of input.runs) {
    const run = tx.read<RunDocument>(runStream(id));
    if (run === undefined || hasEnded(run.status)) continue;
    const scope = new RunScope(tx, ctx, id);
    for (const [node, record] of liveNodes(run)) {
      if (record.session !== input.from) continue;
      const fence = record.fence + 1;
      const claim = newClaimId(ctx, id, node, fence);
      const agent = agentKey(input.to, record.agent_name ?? 'main');
      // A whole new lease: the receiver has only now learnt of the work.
      const lease_until = ctx.now + (record.lease_ms ?? 0);
      const moved = { earlier: withEarlier(record), fence, claim, agent, session: input.to, lease_until };
      const next = { ...record, ...moved, window: undefined };
      transition(scope, node, next, 'node.moved');
      claims.push({ run: id, node, title: record.title ?? node, claim });
    }
  }
  return { claims };
}
