// What takes too long: a try beyond run_s, all tries of a node beyond total_s, a node that nobody takes within wait_s,
// and a run beyond its deadline. Called by due.ts, by version, so once. Holders learn it at their next call; a server
// ends the process of a command node itself, and reports that.
//
//   run_s     from the claim         the try fails; it may have taken effect, so a node that must not be repeated waits
//                                    for a decision
//   total_s   from the first claim   the node fails, whatever tries are left
//   wait_s    from when it is ready  its fallback may take it too; after the same span again it fails; at once without
//   deadline  of the run             the run is halted: what is claimed goes on, nothing else starts

import { leaseEnd } from '../../graph/ready/run-node.ts';
import { runStream } from './document.ts';
import { leaveToDecision } from './end-claim.ts';
import { failTry } from './fail-try.ts';
import { liveNodes } from './live.ts';
import { waitingSince } from './ready-in.ts';
import { carriedOver, heldBy, type RecordOf } from './record.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import type { Place } from './tree.ts';

/** The ends of a claim by its node's timeouts, in ms since the epoch. Servers keep run_s themselves. */
export function claimEnds(
  { node, scope }: Place,
  at: { now: number; began: number; byServer: boolean },
): { run_until?: number; total_until?: number } {
  const { run_s, total_s } = { ...scope.prepared.graph.defaults?.timeouts, ...node.timeouts };
  return {
    ...(run_s === undefined || at.byServer ? {} : { run_until: at.now + run_s * 1_000 }),
    ...(total_s === undefined ? {} : { total_until: at.began + total_s * 1_000 }),
  };
}

/** Ends the claims whose time is up. */
export function expireClaims(scope: RunScope): void {
  const { now, lastSeen } = scope.ctx;
  const isUp = (node: Readonly<RecordOf<'claimed'>>, end: number | undefined): boolean =>
    // A claim whose lease ended before was lost then: its holder may be gone, and no try is counted.
    end !== undefined && end <= now && leaseEnd(node, node.lease_ms ?? 0, now, lastSeen) > end;
  for (const [id, node] of liveNodes(scope.run)) {
    if (isUp(node, node.total_until)) failForGood(scope, id, node);
    else if (isUp(node, node.run_until)) endTry(scope, id);
  }
}

function endTry(scope: RunScope, id: string): void {
  const message = 'it took longer than its timeouts.run_s';
  if (scope.isRepeatable(id)) failTry(scope, id, { kind: 'timeout', message });
  else leaveToDecision(scope, id, { error: { kind: 'timeout', message } });
}

function failForGood(scope: RunScope, id: string, node: Readonly<RecordOf<'claimed'>>): void {
  const error = { kind: 'timeout', message: 'all its tries together took longer than its timeouts.total_s' };
  const ended = { status: 'failed' as const, ended_at: scope.ctx.now, error };
  transition(scope, id, { ...carriedOver(node), ...heldBy(node), ...ended }, 'node.failed');
}

/** Fails the nodes that nobody took in time. */
export function expireWaits(scope: RunScope): void {
  const { now } = scope.ctx;
  for (const { id, fails } of waitingSince(scope.tree())) {
    if (fails > now) continue;
    const error = { kind: 'timeout', message: 'nobody took it within its timeouts.wait_s' };
    const title = scope.place(id)?.node.title;
    const numbers = { attempt: 0, fence: 0, title };
    transition(scope, id, { ...numbers, status: 'failed', ended_at: now, error }, 'node.failed');
  }
}

/** Halts a run whose deadline has passed. */
export function expireRunTime({ run, tx, ctx }: RunScope): void {
  if (run.deadline === undefined || run.overdue === true || run.deadline > ctx.now) return;
  tx.patch(runStream(run.id), { type: 'run.overdue' }, [{ op: 'add', path: '/overdue', value: true }]);
}
