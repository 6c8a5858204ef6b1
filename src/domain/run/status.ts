// Derives the status of a run from its nodes, in the commit that changed them. Called at the end of every command that
// made a transition.

import { countOf, runOutcome } from '../../graph/ready/outcome.ts';
import { isHalted } from '../../graph/ready/readiness.ts';
import { newlyReady } from '../../graph/ready/ready.ts';
import type { PatchOp } from '../../json/patch.ts';
import type { EventType } from '../events.ts';
import { hasEnded, type RunStatus, runStream } from './document.ts';
import type { RunScope } from './scope.ts';
import { settleSkips } from './skips.ts';

/** Brings the run's status in line with its nodes, and returns it. A paused run stays paused unless it has ended. */
export function updateStatus(scope: RunScope): RunStatus {
  const { run, graph } = scope;
  if (run.status === 'cancelled') return run.status;
  if (run.status !== 'paused') settleSkips(scope);
  const { counters, on_failure: onFailure, nodes } = scope.run;
  const outcome = runOutcome(graph.prepared, nodes, { counters, onFailure });
  // A paused run that has ended is not resumed, which would settle it.
  if (run.status === 'paused' && hasEnded(outcome)) settleSkips(scope);
  const paused = run.status === 'paused' && !hasEnded(outcome);
  return setStatus(scope, paused ? 'paused' : outcome);
}

/**
 * The nodes that may start for the first time because `id` has changed; none in a run that starts nothing any more. To
 * be called after `updateStatus`.
 */
export function newlyReadyIn({ run, graph: { prepared } }: RunScope, id: string): string[] {
  if (run.status === 'paused' || hasEnded(run.status)) return [];
  const halted = isHalted(prepared, countOf(run.counters, 'failed'), run.on_failure);
  // With triggers some nodes start because of a failure.
  if (halted && prepared.triggers === undefined) return [];
  return newlyReady(prepared, run.nodes, id, run.on_failure);
}

const STATUS_EVENTS: Record<RunStatus, EventType> = {
  running: 'run.resumed',
  paused: 'run.paused',
  finished: 'run.finished',
  failed: 'run.failed',
  stuck: 'run.stuck',
  cancelled: 'run.cancelled',
};

/**
 * Sets the run's status, with the reason that somebody gave for it, and its end time if it has ended; makes no event if
 * the status stays.
 */
export function setStatus({ run, tx, ctx }: RunScope, status: RunStatus, reason?: string): RunStatus {
  if (run.status === status) return status;
  const ops: PatchOp[] = [{ op: 'replace', path: '/status', value: status }];
  if (hasEnded(status)) ops.push({ op: 'add', path: '/ended_at', value: new Date(ctx.now).toISOString() });
  else if (run.ended_at !== undefined) ops.push({ op: 'remove', path: '/ended_at' });
  if (reason !== undefined) ops.push({ op: 'add', path: '/reason', value: reason });
  else if (run.reason !== undefined) ops.push({ op: 'remove', path: '/reason' });
  const data = reason === undefined ? {} : { data: { reason } };
  tx.patch(runStream(run.id), { type: STATUS_EVENTS[status], ...data }, ops);
  return status;
}
