// A follower: a rule that changes something outside the run's document together with a node, in the same commit, or
// that stands in the way of a claim. One file each beside this one, listed in index.ts.

import type { NodeStatus } from '../../../graph/ready/run-node.ts';
import type { Limit } from '../../resource/pool.ts';
import type { ClaimInput } from '../fit.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';

/** Why a ready node may not be claimed. `over`: its work has ended outside the run, so the node ends too. */
export type Obstacle = { over: Extract<NodeStatus, 'finished' | 'skipped'> } | { bar: string };

/** Contract: pure. A call about an unchanged record writes nothing. */
export interface Follower {
  /** Why this caller may claim no node of the run. */
  limit?(scope: RunScope, claim: ClaimInput): Limit | undefined;
  /** Why nobody may claim this node. */
  obstacle?(scope: RunScope, id: string): Obstacle | undefined;
  /** Whom the node was planned for before any present claim on it. */
  plannedFor?(scope: RunScope, id: string): string | undefined;
  /** Called after the node's record has changed from `before` to `next`. */
  after?(scope: RunScope, id: string, before: Readonly<NodeRecord> | undefined, next: Readonly<Draft>): void;
}
