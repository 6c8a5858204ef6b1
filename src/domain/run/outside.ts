// The end of a node that something outside the run has ended. Called where a node's task turns out to be done.

import { carriedOver, heldBy } from './record.ts';
import type { RunScope } from './scope.ts';
import { updateStatus } from './status.ts';
import { transition } from './transition.ts';

/**
 * The node's task was finished or dropped outside the run: so is the node, and a claim on it takes no place any more.
 * Its holder stays on the record, so that a result of theirs is still taken up.
 */
export function endOutside(scope: RunScope, id: string, status: 'finished' | 'skipped'): void {
  const before = scope.record(id);
  const summary = `its task was ${status === 'finished' ? 'done' : 'cancelled or archived'} outside the run`;
  const ended = { error: undefined, ended_at: scope.ctx.now, summary, outside: true as const };
  const next = { ...carriedOver(before), ...heldBy(before), ...ended };
  transition(scope, id, status === 'finished' ? { ...next, status } : { ...next, status }, `node.${status}`);
  updateStatus(scope);
}
