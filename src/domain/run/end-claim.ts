// Claims that end without a result: the node goes back to those that are ready, or waits for somebody's decision.
// Called by whatever ends a claim: a report, a sweep, a server that finds another one gone.

import type { EventType } from '../events.ts';
import { carriedOver, type Draft } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';

/** The claim is over and nobody can account for it: the node waits for somebody's decision. */
export function markNeedsDecision(scope: RunScope, id: string, why: string): void {
  const node = scope.record(id);
  if (node?.status !== 'claimed') return;
  const { lease_until: _, lease_ms: __, ...kept } = node;
  const error = { kind: 'lost', message: why };
  transition(scope, id, { ...kept, status: 'needs_decision', error }, 'node.undecided');
}

/** The node may be claimed again at once; the claim that is over was no try. */
export function returnToQueue(
  scope: RunScope,
  id: string,
  event: EventType,
  more: Partial<Draft<'retrying'>> = {},
): void {
  const node = scope.record(id);
  if (node === undefined) return;
  const { attempt, fence, claim } = node;
  const next = { ...carriedOver(node), claim, status: 'retrying' as const, attempt: attempt - 1, fence, ...more };
  transition(scope, id, next, event);
}
