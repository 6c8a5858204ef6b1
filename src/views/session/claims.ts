// The claims of a session. Computed from run documents, for answers and as hints; commands check claims themselves.
// Used by session_start, session_recover, session_handoff, the status line and session-binding.ts.

import type { View } from '../../documents/documents.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { leaseEnd } from '../../graph/ready/run-node.ts';
import type { Presence } from '../../store/port.ts';
import { openRuns, runsHeldBy } from '../run/runs.ts';

const SUMMARY_CHARS = 200;

export interface ClaimRow {
  claim: string;
  run: string;
  node: string;
  title: string;
  /**
   * `held`: the lease lasts. `unverifiable`: the lease ended, or the window that took it is gone, and nobody else has
   * claimed the node, so a result is still accepted. `lost`: the node was claimed anew or returned to the queue;
   * a result is kept without effect.
   */
  state: 'held' | 'unverifiable' | 'lost';
  /** When it was claimed, ISO 8601. */
  since: string;
  lease_ends?: string;
  /** The agent that claimed it, and what it reported last. */
  agent?: string;
  percent?: number;
  summary?: string;
  /** How many results of this claim came after it was lost. */
  late: number;
}

/** Ids of runs that have not ended and in which the session holds a claim. */
export function runsWithClaims(view: View, session: string): string[] {
  return runsHeldBy(view, session).map(({ id }) => id);
}

/** What tells whether a claim's holder lives; without `served` a window that is gone is not noticed. */
type Seen = Pick<Presence, 'lastSeen'> & Partial<Pick<Presence, 'served'>>;

/** The session's claims in runs that have not ended, the lost ones last. Without presence only stored leases count. */
export function claimsOf(view: View, session: string, presence?: Seen, now: number = Date.now()): ClaimRow[] {
  const rows: ClaimRow[] = [];
  const lost: ClaimRow[] = [];
  const lastSeen = (who: string): number | undefined => presence?.lastSeen(who);
  const served = onceServed(presence);
  for (const run of openRuns(view)) {
    for (const [id, node] of Object.entries(run.nodes)) {
      const place = { run: run.id, node: id, title: node.title ?? id };
      const open = node.status === 'claimed' || node.status === 'needs_decision';
      if (open && node.session === session && node.claim !== undefined) {
        const { state, end } = claimState(node, now, lastSeen, served);
        const since = timeOf(node.started_at);
        const late = lateOf(node, node.claim);
        const row: ClaimRow = { claim: node.claim, ...place, state, since, ...progressOf(node), late };
        rows.push(node.status === 'claimed' ? { ...row, lease_ends: timeOf(end) } : row);
      }
      for (const { claim, session: holder, since } of node.lost ?? []) {
        if (holder !== session) continue;
        lost.push({ claim, ...place, state: 'lost', since: timeOf(since), late: lateOf(node, claim) });
      }
    }
  }
  return [...rows, ...lost];
}

function progressOf({ agent_name: agent, percent, summary }: Readonly<NodeRecord>): Partial<ClaimRow> {
  return {
    ...(agent !== undefined && { agent }),
    ...(percent !== undefined && { percent }),
    ...(summary !== undefined && { summary: summary.slice(0, SUMMARY_CHARS) }),
  };
}

/**
 * Whether somebody still works on a claimed node, as far as can be told, and when its lease ends. `served`: all that
 * live processes announce.
 */
export function claimState(
  node: Readonly<NodeRecord>,
  now: number,
  lastSeen: Presence['lastSeen'],
  served: () => ReadonlySet<string> | undefined,
): { state: 'held' | 'unverifiable'; end: number } {
  const end = node.status === 'claimed' ? leaseEnd(node, node.lease_ms ?? 0, now, lastSeen) : 0;
  const gone = end > now && node.window === true && served()?.has(node.agent ?? '') === false;
  return { state: end > now && !gone ? 'held' : 'unverifiable', end };
}

/** `presence.served`, asked once. */
export function onceServed(presence: Partial<Pick<Presence, 'served'>> | undefined) {
  let served: ReadonlySet<string> | undefined;
  return (): ReadonlySet<string> | undefined => {
    served ??= presence?.served?.();
    return served;
  };
}

function lateOf(node: Readonly<NodeRecord>, claim: string): number {
  return (node.late ?? []).filter((late) => late.claim === claim).length;
}

function timeOf(ms: number | undefined): string {
  return new Date(ms ?? 0).toISOString();
}
