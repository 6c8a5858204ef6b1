// The list of followers: the only place that names them. transition.ts lets them follow, claim.ts asks what they have
// against a claim; of several answers the first counts.

import type { Limit } from '../../resource/pool.ts';
import type { ClaimInput } from '../fit.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';
import { agentLimits } from './agent-limit.ts';
import type { Follower, Obstacle } from './follower.ts';
import { tasks } from './task.ts';

const followers: readonly Follower[] = [tasks, agentLimits];

/** Lets all follow a node's new record. */
export function follow(
  scope: RunScope,
  id: string,
  before: Readonly<NodeRecord> | undefined,
  next: Readonly<Draft>,
): void {
  for (const follower of followers) follower.after?.(scope, id, before, next);
}

/** Why whoever asks may have no claim of the run at all now. */
export function limitOn(scope: RunScope, claim: ClaimInput): Limit | undefined {
  return first((follower) => follower.limit?.(scope, claim));
}

/** Why a node that is ready may not be given out. */
export function obstacleTo(scope: RunScope, id: string): Obstacle | undefined {
  return first((follower) => follower.obstacle?.(scope, id));
}

function first<T>(ask: (follower: Follower) => T | undefined): T | undefined {
  for (const follower of followers) {
    const answer = ask(follower);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
