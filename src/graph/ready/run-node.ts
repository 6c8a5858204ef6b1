// One node within one run: its statuses, and the few questions that scheduling asks of them.

import { endOfLease, type LastSeen } from '../../base/lease.ts';

/**
 * ```
 *  (waiting) ──claim──► claimed ──done──────────────────────────► finished
 *   absent                 │  ▲ │ ├─── failed, no try left ─────► failed
 *                          │  │ │ ├─── failed, tries left ──────► retrying ──not_before reached, claim──► claimed
 *                          │  │ │ ├─── released ────────────────► retrying
 *                          │  │ │ └─── lease ended, not to be repeated ─► needs_decision
 *                          │  └─┘ lease ended, may be repeated: claimed again
 *                          ▼
 *  (waiting), claimed, retrying ──► skipped | cancelled
 *  needs_decision ──somebody decides──► retrying | finished | failed | skipped | cancelled
 * ```
 * Every claim raises the fence by one, so of two holders only the later one is heard.
 * A node that waits for its needs is absent from the document: a run of 10,000 nodes starts empty. Ready is no status
 * but an answer (readiness.ts). finished, failed, skipped and cancelled are final.
 */
export type NodeStatus = 'claimed' | 'retrying' | 'finished' | 'failed' | 'skipped' | 'needs_decision' | 'cancelled';

/** What scheduling reads of a node's record; a run document holds more. Times are milliseconds since the epoch. */
export interface RunNode {
  status: NodeStatus;
  /** Tries so far, the running one included. A claim that was lost or released does not count. */
  attempt: number;
  /** Claims so far: a report that carries an older number is late. Never goes down. */
  fence: number;
  agent?: string;
  lease_until?: number;
  started_at?: number;
  ended_at?: number;
  /** With `retrying`: not before then. Absent: at once. */
  not_before?: number;
}

export type { LastSeen };

/** A run document's nodes, by id. */
export type RunNodes = Readonly<Record<string, RunNode>>;

/** A dependent may start: the result is there, or somebody decided to go on without it. */
export function satisfies(status: NodeStatus | undefined): boolean {
  return status === 'finished' || status === 'skipped';
}

/**
 * When a claim ends: what is stored, or later if its agent has been seen since. Infinite without a stored end: such a
 * claim holds until somebody releases it.
 */
export function leaseEnd(node: RunNode, leaseMs: number, lastSeen?: LastSeen): number {
  const stored = node.lease_until ?? Number.POSITIVE_INFINITY;
  const seen = node.agent === undefined ? undefined : lastSeen?.(node.agent);
  return endOfLease(stored, leaseMs, seen);
}
