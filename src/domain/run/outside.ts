// Ends a node whose task was ended outside the run. Called by claim.ts and sprint-by-hand.ts.

import { carriedOver, heldBy } from './record.ts';
import type { RunScope } from './scope.ts';
import { updateStatus } from './status.ts';
import { transition } from './transition.ts';

/**
 * Ends the node as its task was ended, so that a claim on it no longer takes a place. The record keeps its holder,
 * whose later result is still accepted.
 */
export function endOutside(scope: RunScope, id: string, status: 'finished' | 'skipped'): void {
  const before = scope.record(id);
  const summary = `its task was ${status === 'finished' ? 'done' : 'cancelled or archived'} outside the run`;
  const ended = { error: undefined, ended_at: scope.ctx.now, summary, outside: true as const };
  const next = { ...carriedOver(before), ...heldBy(before), ...ended };
  transition(scope, id, status === 'finished' ? { ...next, status } : { ...next, status }, `node.${status}`);
  updateStatus(scope);
}
