// What a follower is: something outside the run's document that moves with its nodes, in the same commit, or that may
// stand in the way of a claim. One file each beside this one, listed in index.ts.

import type { NodeStatus } from '../../../graph/ready/run-node.ts';
import type { Limit } from '../../resource/pool.ts';
import type { ClaimInput } from '../fit.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';

/** What stands against giving out a node that is ready. `over`: its work has ended outside the run, so it ends too. */
export type Obstacle = { over: Extract<NodeStatus, 'finished' | 'skipped'> } | { bar: string };

/** Contract: pure. Told of a record that has not changed, it writes nothing. */
export interface Follower {
  /** Why no claim of the run may be given to whoever asks, whichever node it would take. */
  limit?(scope: RunScope, claim: ClaimInput): Limit | undefined;
  /** Why this node may not be given out, to anybody. */
  obstacle?(scope: RunScope, id: string): Obstacle | undefined;
  /** The node's record has changed from `before` to `next`. */
  after?(scope: RunScope, id: string, before: Readonly<NodeRecord> | undefined, next: Readonly<Draft>): void;
}
