// Ends claims that have no result: the node becomes ready again, or waits for a decision. Called by report.ts and
// sweep.ts.

import type { EventType } from '../events.ts';
import { carriedOver, type Draft } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';

/** Ends a claim whose effect is unknown: its node waits for a decision. Does nothing unless the node is claimed. */
export function markNeedsDecision(scope: RunScope, id: string, why: string): void {
  if (scope.record(id)?.status === 'claimed') leaveToDecision(scope, id, { error: { kind: 'lost', message: why } });
}

/** Ends a try that must not be followed by another before somebody has decided. */
export function leaveToDecision(scope: RunScope, id: string, more: Partial<Draft<'needs_decision'>>): void {
  const node = scope.record(id);
  if (node?.status !== 'claimed' && node?.status !== 'needs_decision' && node?.status !== 'gating') return;
  const { lease_until: _, lease_ms: __, run_until: ___, total_until: ____, ended_at: _____, ...kept } = node;
  transition(scope, id, { ...kept, ...more, status: 'needs_decision' }, 'node.undecided');
}

/** Makes a node ready again, by default at once and without counting the ended claim as a try. */
export function returnToQueue(
  scope: RunScope,
  id: string,
  event: EventType,
  more: Partial<Draft<'retrying'>> = {},
): void {
  const node = scope.record(id);
  if (node === undefined) return;
  const { attempt, fence, claim, rate_limits } = node;
  const next = {
    ...carriedOver(node),
    rate_limits,
    claim,
    status: 'retrying' as const,
    attempt: attempt - 1,
    fence,
    ...more,
  };
  transition(scope, id, next, event);
}
