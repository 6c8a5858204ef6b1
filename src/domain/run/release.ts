// Gives the claims of a session that ends back: nobody would report on them. Called by app/let-go.ts in the commit that
// ends it.

import type { Context, Transaction } from '../command.ts';
import { hasEnded, type RunDocument, runStream } from './document.ts';
import { markNeedsDecision, returnToQueue } from './end-claim.ts';
import { liveNodes } from './live.ts';
import { RunScope } from './scope.ts';
import { updateStatus } from './status.ts';

/** A type, not an interface: it stands in answers as it is. */
export type ReleasedClaim = { claim: string; run: string; node: string; now: 'ready' | 'needs_decision' };

/**
 * Ends every claim that the session holds in these runs. A node that may be repeated is free again; any other waits for
 * a decision, because its work may have begun. Find the runs with `runsWithClaims`; the command reads only them.
 */
export function releaseClaims(
  tx: Transaction,
  ctx: Context,
  { session, runs }: { session: string; runs: readonly string[] },
): ReleasedClaim[] {
  const released: ReleasedClaim[] = [];
  for (const id of runs) {
    const run = tx.read<RunDocument>(runStream(id));
    if (run === undefined || hasEnded(run.status)) continue;
    const scope = new RunScope(tx, ctx, id);
    const held = liveNodes(run).filter(([, node]) => node.session === session);
    for (const [node, { claim = '' }] of held) {
      const now = scope.isRepeatable(node) ? 'ready' : 'needs_decision';
      if (now === 'ready') returnToQueue(scope, node, 'node.released');
      else markNeedsDecision(scope, node, 'its session ended in the middle of it');
      released.push({ claim, run: id, node, now });
    }
    if (held.length > 0) updateStatus(scope);
  }
  return released;
}
