// What helps with a node whose holder is gone: the call for whoever was refused it. Used by tools/run-claim.ts.

import type { RunDocument } from '../../domain/run/document.ts';
import type { Presence } from '../../store/port.ts';
import { claimState, onceServed } from './claims.ts';

interface Asks {
  /** The session of the caller, which has nothing to recover from itself. */
  session: string;
  now: number;
  presence: Pick<Presence, 'lastSeen' | 'served'>;
}

/**
 * The call that goes on with the node, or that decides about it where its work may have taken effect; undefined while
 * somebody may still be at it.
 */
export function callForGone(run: Readonly<RunDocument>, id: string, asks: Asks): string | undefined {
  const node = run.nodes[id];
  if (node?.status === 'needs_decision')
    return `run_control {run: "${run.id}", action: "decide", node: "${id}", decision: …}`;
  const { session, agent_name: agent = 'main' } = node ?? {};
  if (node?.status !== 'claimed' || session === undefined || session === asks.session) return undefined;
  const served = onceServed(asks.presence);
  const { state } = claimState(node, asks.now, (who) => asks.presence.lastSeen(who), served);
  if (state === 'held' || served()?.has(session) !== false) return undefined;
  const recover = `session_recover {session: "${session}"}`;
  return `${recover} to go on in the place of its holder, then ask again as agent "${agent}"`;
}
