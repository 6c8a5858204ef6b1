// The list of followers, named only here. transition.ts calls `follow`, claim.ts asks for limits and obstacles; the
// first one found counts.

import type { Limit } from '../../resource/pool.ts';
import type { ClaimInput } from '../fit.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';
import { agentLimits } from './agent-limit.ts';
import type { Follower, Obstacle } from './follower.ts';
import { tasks } from './task.ts';

const followers: readonly Follower[] = [tasks, agentLimits];

/** Tells every follower of a node's new record. */
export function follow(
  scope: RunScope,
  id: string,
  before: Readonly<NodeRecord> | undefined,
  next: Readonly<Draft>,
): void {
  for (const follower of followers) follower.after?.(scope, id, before, next);
}

/** Why this caller may claim no node of the run now; undefined if it may. */
export function limitOn(scope: RunScope, claim: ClaimInput): Limit | undefined {
  return first((follower) => follower.limit?.(scope, claim));
}

/** Why nobody may claim this ready node; undefined if it may be claimed. */
export function obstacleTo(scope: RunScope, id: string): Obstacle | undefined {
  return first((follower) => follower.obstacle?.(scope, id));
}

/** Whom the node was planned for before any present claim on it; undefined if for nobody. */
export function plannedFor(scope: RunScope, id: string): string | undefined {
  return first((follower) => follower.plannedFor?.(scope, id));
}

function first<T>(ask: (follower: Follower) => T | undefined): T | undefined {
  for (const follower of followers) {
    const answer = ask(follower);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
