// Decides about one node of a run from outside: tries it again, goes on without it, or says what became of it. What
// followed from its end is taken back. Called by control.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { hasGates } from '../../graph/gates/index.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { EventType } from '../events.ts';
import { acceptWork } from './accept.ts';
import { cancelBelow } from './cancel.ts';
import type { ControlAnswer, ControlInput, Resolution } from './control.ts';
import { hasEnded } from './document.ts';
import { isCurrent } from './gates.ts';
import { carriedOver, type Draft, type NodeRecord } from './record.ts';
import { beginsByItself, enclosing, reopen, retryInside } from './reopen.ts';
import type { RunScope } from './scope.ts';
import { noteRun, overtaken } from './sprint-run.ts';
import { newlyReadyIn, setStatus, updateStatus } from './status.ts';
import { followed, surveyAt, takeBackSkips } from './take-back.ts';
import { takeBack, transition } from './transition.ts';
import { type Place, UNDO } from './tree.ts';
import { isUndo } from './undo.ts';
import { gateRefusal, waive } from './waive.ts';

type Status = NodeStatus | 'waiting';

const RETRYABLE: readonly Status[] = ['failed', 'needs_decision', 'retrying', 'skipped'];
const SKIPPABLE: readonly Status[] = [
  'waiting',
  'claimed',
  'retrying',
  'gating',
  'open',
  'awaiting',
  'failed',
  'needs_decision',
];
const WAIVED_FROM: readonly Status[] = ['waiting', 'claimed', 'retrying', 'awaiting', 'failed', 'needs_decision'];

export function controlNode(scope: RunScope, input: ControlInput): Result<ControlAnswer> {
  const { run } = scope;
  const { action, node: id } = input;
  if (id === undefined) return missing('node', `required for ${action}`);
  const place = scope.place(id);
  if (place === undefined) return fail({ code: 'unknown-node', run: run.id, node: id, near: [] });
  if (action === 'decide' && input.decision === undefined) return missing('decision', 'required for decide');
  const { goal, from } = goalOf(input);
  const refused = gateRefusal(scope, place, input) ?? refusal(scope, place, goal, from);
  if (refused !== undefined) return refused;
  const overtakenBy = hasEnded(run.status) ? overtaken(scope.tx, run) : undefined;
  if (overtakenBy !== undefined) return fail(overtakenBy);
  for (const outer of enclosing(scope, place)) reopen(scope, outer);
  const before = surveyAt(scope, place);
  carryOut(scope, place, input, goal);
  takeBackSkips(scope, place, before);
  if (hasEnded(run.status)) goOn(scope);
  const after = updateStatus(scope);
  const newly_ready = newlyReadyIn(scope, id);
  return ok({ run: run.id, action, status: after, node: id, node_status: goal, newly_ready });
}

/** Why the node cannot be brought to its goal; undefined if it can. */
function refusal(scope: RunScope, { id, index, scope: within }: Place, goal: Goal, from: readonly Status[]) {
  const { run } = scope;
  const status = scope.record(id)?.status ?? 'waiting';
  const call = `run_status {run: "${run.id}", node: "${id}"} to see how it stands`;
  const illegal = (what: string, legal: string[], instead = call): Result<never> =>
    fail({ code: 'illegal-transition', what, from: status, to: goal, legal, call: instead });
  const isFinal = run.status === 'cancelled' || run.status === 'finished' || run.status === 'compensated';
  const undoes = run.scopes?.[UNDO] !== undefined && !isUndo(id);
  if (isFinal || undoes) return illegal(`the node ${id} of a ${run.status} run`, []);
  if (!from.includes(status)) return illegal(`the node ${id}`, legalGoals(status));
  const again = 'run_start {resume_from} for a run that does it';
  // A skip cannot be undone once successors have begun: they rest on it.
  if (status === 'skipped' && hasBegunSuccessor(scope, within, index))
    return illegal(`the node ${id}, whose successors have begun,`, [], again);
  const ended = outerEnd(scope, within.record?.of);
  return ended === undefined ? undefined : illegal(`the node ${id} inside ${ended}, which has ended,`, [], again);
}

/** The innermost node around this one that has ended well, or was cancelled: what is inside stays as it is. */
function outerEnd(scope: RunScope, of: string | undefined): string | undefined {
  // Undos are opened by no node.
  if (of === undefined || of === '') return undefined;
  const status = scope.record(of)?.status;
  if (status !== 'open' && status !== 'gating' && status !== 'failed') return of;
  if (scope.tree().within(of)?.record?.kind === 'gates' && !isCurrent(scope.tree(), of)) return of;
  return outerEnd(scope, scope.place(of)?.scope.record?.of);
}

function carryOut(scope: RunScope, place: Place, input: ControlInput, goal: Goal): void {
  const { id } = place;
  const node = scope.record(id);
  const within = scope.tree().within(id);
  if (goal === 'retrying' && beginsByItself(place)) {
    if (within !== undefined && node?.status === 'failed') {
      reopen(scope, place);
      retryInside(scope, within);
    } else takeBack(scope, [id]);
    return;
  }
  if (within !== undefined) cancelBelow(scope, within.prefix);
  const next = decided(scope.ctx.now, input, node, goal);
  if (input.action === 'waive') waive(scope, place, input.reason);
  else if (next.status === 'finished' && hasGates(place.node)) acceptWork(scope, place, next, () => input.output);
  else transition(scope, id, next, GOAL_EVENTS[goal]);
}

/** Lets a failed run go on. */
function goOn(scope: RunScope): void {
  setStatus(scope, 'running');
  const { tx, run } = scope;
  if (run.sprint !== undefined) noteRun(tx, run.sprint, run.id);
}

type Goal = Extract<NodeStatus, 'retrying' | 'skipped' | 'finished' | 'failed'>;
const GOAL_EVENTS: Record<Goal, EventType> = {
  retrying: 'node.retried',
  skipped: 'node.skipped',
  finished: 'node.finished',
  failed: 'node.failed',
};

function goalOf({ action, decision }: ControlInput): { goal: Goal; from: readonly Status[] } {
  if (action === 'retry_node') return { goal: 'retrying', from: RETRYABLE };
  if (action === 'waive') return { goal: 'skipped', from: WAIVED_FROM };
  if (action === 'skip_node') return { goal: 'skipped', from: SKIPPABLE };
  const goals: Record<Resolution, Goal> = { done: 'finished', failed: 'failed', retry: 'retrying', skip: 'skipped' };
  return { goal: goals[decision ?? 'retry'], from: ['needs_decision'] };
}

function legalGoals(status: Status): string[] {
  const goals: string[] = [];
  if (RETRYABLE.includes(status)) goals.push('retrying');
  if (SKIPPABLE.includes(status)) goals.push('skipped');
  if (status === 'needs_decision') goals.push('finished', 'failed');
  return goals;
}

function hasBegunSuccessor(scope: RunScope, { prepared: { ids, dependents } }: Place['scope'], index: number): boolean {
  const successors = dependents.to.subarray(dependents.start[index], dependents.start[index + 1]);
  return successors.some((successor) => {
    const record = scope.record(ids[successor] ?? '');
    // A skip that followed is taken back with it.
    return record !== undefined && !followed(record.why);
  });
}

function decided(now: number, input: ControlInput, node: Readonly<NodeRecord> | undefined, goal: Goal): Draft {
  const attempt = node?.attempt ?? 0;
  const fence = node?.fence ?? 0;
  const base = { ...carriedOver(node), attempt, fence, claim: node?.claim };
  if (goal === 'retrying') return { ...base, status: goal, retry_reason: input.reason ?? base.retry_reason };
  const ended = {
    ...base,
    retry_reason: undefined,
    started_at: node?.started_at,
    ended_at: now,
    summary: input.reason,
  };
  if (goal === 'finished') return { ...ended, error: undefined, status: goal, output: input.output };
  if (goal === 'skipped') return { ...ended, error: undefined, status: goal, why: 'by_hand' };
  return { ...ended, status: goal, error: { kind: 'decided', message: input.reason ?? 'decided by run_control' } };
}

export function missing(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
