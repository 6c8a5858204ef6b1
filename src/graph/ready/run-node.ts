// One node within one run: its statuses, and what scheduling reads of its record. Used by all of graph/ready/ and by
// domain/run/record.ts.

import { endOfLease, type LastSeen } from '../../base/lease.ts';

/**
 * ```
 *  (waiting) --claim--> claimed --done--------------------------> finished
 *   absent                 |  ▲ | +--- failed, no try left -----> failed
 *                          |  | | +--- failed, tries left ------> retrying --not_before reached, claim--> claimed
 *                          |  | | +--- released ----------------> retrying
 *                          |  | | +--- lease ended, not to be repeated -> needs_decision
 *                          |  +-+ lease ended, may be repeated: claimed again
 *                          ▼
 *  (waiting) --the run begins it--> open --its scope ends-----------------> finished | failed
 *  (waiting) --the run begins it--> awaiting --answer, time or signal----> finished | failed
 *  claimed --done, and the node has gates--> gating --all pass, or one fails-> finished | as failed
 *  (waiting), claimed, retrying, gating, open, awaiting --> skipped | cancelled
 *  needs_decision --somebody decides--> retrying | finished | failed | skipped | cancelled
 * ```
 * Every claim raises the fence by one, so that of two holders only the later one has effect. A node that waits for its
 * needs is absent from the document: a run of 10,000 nodes starts empty. Ready is no status, but computed
 * (readiness.ts). finished and cancelled are final; run_control can retry a failed or skipped node, and skip a failed
 * one.
 */
export type NodeStatus =
  | 'claimed'
  | 'retrying'
  | 'gating'
  | 'open'
  | 'awaiting'
  | 'finished'
  | 'failed'
  | 'skipped'
  | 'needs_decision'
  | 'cancelled';

/** Somebody's decision; the node's condition; or what became of its needs. */
export type SkipReason = 'by_hand' | 'condition' | 'upstream';

/** The members of a node's record that scheduling reads; a run document holds more. Times are ms since the epoch. */
export interface RunNode {
  status: NodeStatus;
  /** Tries so far, the present one included. A lost or released claim does not count. */
  attempt: number;
  /** Claims so far: a report with a lower number is late. Never decreases. */
  fence: number;
  /** The fence at which the present iteration began. Absent: 0. */
  from_fence?: number;
  agent?: string;
  lease_until?: number;
  started_at?: number;
  ended_at?: number;
  /** With `retrying`: the earliest next claim. Absent: at once. */
  not_before?: number;
  /** With `awaiting`: when time ends it. Absent: never. */
  until?: number;
  /** With `skipped`. Absent: by hand, as every skip was once. */
  why?: SkipReason;
}

export type { LastSeen };

/** A run document's nodes, by id. */
export type RunNodes = Readonly<Record<string, RunNode>>;

/** How many claims of the present iteration were lost or given back. */
export function lostClaims({ fence, attempt, from_fence = 0 }: RunNode): number {
  return fence - from_fence - attempt;
}

/** Whether dependents may start: the result exists, or somebody decided to go on without it. */
export function satisfies(node: Pick<RunNode, 'status' | 'why'> | undefined): boolean {
  if (node?.status === 'skipped') return node.why === undefined || node.why === 'by_hand';
  return node?.status === 'finished';
}

/** Whether nothing of the node is left to be done. */
export function isDone(node: Pick<RunNode, 'status'> | undefined): boolean {
  return node?.status === 'finished' || node?.status === 'skipped';
}

/**
 * When a claim ends, as judged at `now`: the stored end, or later if its agent was seen since. Infinite without a
 * stored end: such a claim holds until it is released.
 */
export function leaseEnd(node: RunNode, leaseMs: number, now: number, lastSeen?: LastSeen): number {
  const stored = node.lease_until ?? Number.POSITIVE_INFINITY;
  const seen = node.agent === undefined ? undefined : lastSeen?.(node.agent);
  return endOfLease(stored, leaseMs, seen, now);
}
