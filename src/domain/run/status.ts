// Derives the status of a run from its nodes, in the commit that changed them. Called at the end of every command that
// made a transition.

import { readyTime } from '../../graph/ready/order.ts';
import { countOf, goesOn, runOutcome, scopeOutcome } from '../../graph/ready/outcome.ts';
import { isHalted } from '../../graph/ready/readiness.ts';
import { newlyReady } from '../../graph/ready/ready.ts';
import type { PatchOp } from '../../json/patch.ts';
import type { EventType } from '../events.ts';
import { hasEnded, limitsOf, type RunStatus, runStream } from './document.ts';
import type { RunScope } from './scope.ts';
import { settle } from './settle.ts';
import type { RunTree, Scope } from './tree.ts';
import { openUndo, undoScope } from './undo.ts';

/** Brings the run's status in line with its nodes, and returns it. A paused run stays paused unless it has ended. */
export function updateStatus(scope: RunScope): RunStatus {
  const { run } = scope;
  if (run.status === 'cancelled' || run.status === 'compensated') return run.status;
  if (run.status !== 'paused') settle(scope);
  const found = outcomeOf(scope);
  const outcome = found === 'failed' && openUndo(scope) ? 'compensating' : found;
  // A paused run that has ended is not resumed, which would settle it.
  if (run.status === 'paused' && hasEnded(outcome)) settle(scope);
  const paused = run.status === 'paused' && !hasEnded(outcome);
  return setStatus(scope, paused ? 'paused' : outcome);
}

/** The outcome by all scopes: it is ended when the run's own graph is, and stuck when only decisions are left. */
function outcomeOf(scope: RunScope): RunStatus {
  const { run, graph } = scope;
  const { counters, nodes } = run;
  if (run.scopes === undefined) return runOutcome(graph.prepared, nodes, { counters, ...limitsOf(run) });
  const tree = scope.tree();
  const undo = undoScope(tree);
  if (undo !== undefined) return undoing(tree, undo);
  const surveyed = tree.surveyOf(tree.root);
  const stands = surveyed === undefined ? 'open' : scopeOutcome(surveyed);
  if (stands !== 'open') return stands;
  if (countOf(counters, 'claimed') > 0) return 'running';
  const isOn = tree.open().some((one) => {
    const found = tree.surveyOf(one);
    return found !== undefined && goesOn(one.prepared, nodes, found);
  });
  return isOn ? 'running' : 'stuck';
}

/** How far a run is with undoing: `stuck` when only decisions are left. */
function undoing(tree: RunTree, undo: Scope): RunStatus {
  const { run } = tree;
  const surveyed = tree.surveyOf(undo);
  if (surveyed === undefined || scopeOutcome(surveyed) !== 'open') return 'compensated';
  const isOn = countOf(run.counters, 'claimed') > 0 || goesOn(undo.prepared, run.nodes, surveyed);
  return isOn ? 'compensating' : 'stuck';
}

/**
 * The nodes of the same scope that may start for the first time because `id` has changed; none in a run that starts
 * nothing any more. To be called after `updateStatus`.
 */
export function newlyReadyIn(scope: RunScope, id: string): string[] {
  const { run } = scope;
  if (run.status === 'paused' || hasEnded(run.status)) return [];
  const tree = scope.tree();
  if (run.scopes !== undefined) return readySince(tree, scope.ctx.now);
  const { scope: within } = tree.place(id) ?? { scope: tree.root };
  const { prepared } = within;
  // With triggers some nodes start because of a failure.
  if (prepared.triggers === undefined && isHalted(prepared, countOf(run.counters, 'failed'), run.on_failure)) return [];
  return newlyReady(prepared, run.nodes, id, tree.rulesOf(within));
}

/** The nodes that became ready at `now`: in scopes opened or gone on then, or because of what ended then. */
function readySince(tree: RunTree, now: number): string[] {
  return tree.open().flatMap((scope) => {
    const { prepared } = scope;
    const { verdicts = [] } = tree.surveyOf(scope) ?? {};
    const begun = tree.rulesOf(scope).begun.scope;
    const isNew = (i: number): boolean => readyTime(prepared, tree.run.nodes, i, begun) === now;
    return prepared.ids.filter((_, i) => verdicts[i] === 'starts' && prepared.begins[i] !== 1 && isNew(i));
  });
}

const STATUS_EVENTS: Record<RunStatus, EventType> = {
  running: 'run.resumed',
  paused: 'run.paused',
  finished: 'run.finished',
  failed: 'run.failed',
  stuck: 'run.stuck',
  cancelled: 'run.cancelled',
  compensating: 'run.compensating',
  compensated: 'run.compensated',
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
