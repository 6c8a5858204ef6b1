// Controls a run from outside: pause, resume, cancel; retry, skip or resolve a node. Pure command; the tool run_control
// calls it.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import type { EventType } from '../events.ts';
import { hasEnded, type RunStatus } from './document.ts';
import { carriedOver, type Draft, type NodeRecord } from './record.ts';
import { openScope, type RunScope } from './scope.ts';
import { surveyOf, takeBackSkips } from './skips.ts';
import { noteRun, overtaken } from './sprint-run.ts';
import { newlyReadyIn, setStatus, updateStatus } from './status.ts';
import { sweep } from './sweep.ts';
import { transition } from './transition.ts';

export const RUN_ACTIONS = ['pause', 'resume', 'cancel', 'retry_node', 'skip_node', 'decide'] as const;
export type RunAction = (typeof RUN_ACTIONS)[number];

/** What somebody may say became of a node in `needs_decision`. */
export const RESOLUTIONS = ['done', 'failed', 'retry', 'skip'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export interface ControlInput {
  run: string;
  action: RunAction;
  node?: string | undefined;
  decision?: Resolution | undefined;
  output?: Json | undefined;
  reason?: string | undefined;
}

export interface ControlAnswer {
  run: string;
  action: RunAction;
  status: RunStatus;
  node?: string;
  node_status?: NodeStatus;
  newly_ready: string[];
}

/**
 * Carries out one action. Fails with `unknown-run`, `unknown-node`, `illegal-transition`, `invalid-input`, or
 * `not-allowed` for a run that another has replaced.
 */
export function controlRun(tx: Transaction, ctx: Context, input: ControlInput): Result<ControlAnswer> {
  const opened = openScope(tx, ctx, input.run);
  if (!opened.ok) return opened;
  // Or a claim that nobody asked about since it lapsed would stand in the way of the decision about it.
  if (!hasEnded(opened.value.run.status)) sweep(opened.value);
  switch (input.action) {
    case 'pause':
    case 'resume':
    case 'cancel':
      return controlWhole(opened.value, input.action, input.reason);
    case 'retry_node':
    case 'skip_node':
    case 'decide':
      return controlNode(opened.value, input);
  }
}

const LEGAL: Record<RunStatus, readonly WholeAction[]> = {
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  stuck: ['pause', 'cancel'],
  failed: ['cancel'],
  finished: [],
  cancelled: [],
};
const ALREADY = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const;
type WholeAction = keyof typeof ALREADY;

function controlWhole(scope: RunScope, action: WholeAction, reason: string | undefined): Result<ControlAnswer> {
  const { run } = scope;
  const goal = ALREADY[action];
  if (run.status !== goal && !LEGAL[run.status].includes(action)) {
    const legal = LEGAL[run.status].map((other) => ALREADY[other]);
    const call = 'run_start {resume_from} to go on from what it finished';
    return fail({ code: 'illegal-transition', what: `the run ${run.id}`, from: run.status, to: goal, legal, call });
  }
  if (action === 'pause') setStatus(scope, 'paused', reason);
  if (action === 'cancel' && run.status !== 'cancelled') cancel(scope, reason);
  if (action === 'resume' && run.status === 'paused') {
    setStatus(scope, 'running');
    updateStatus(scope);
  }
  return ok({ run: run.id, action, status: scope.run.status, newly_ready: [] });
}

/** Ends all claims; their holders learn it at their next report. */
function cancel(scope: RunScope, reason: string | undefined): void {
  for (const [id, node] of Object.entries(scope.run.nodes)) {
    if (node.status !== 'claimed' && node.status !== 'retrying' && node.status !== 'needs_decision') continue;
    const { lease_until: _, lease_ms: __, not_before: ___, ...kept } = node;
    transition(scope, id, { ...kept, status: 'cancelled', ended_at: scope.ctx.now }, 'node.cancelled');
  }
  setStatus(scope, 'cancelled', reason);
}

const RETRYABLE: readonly (NodeStatus | 'waiting')[] = ['failed', 'needs_decision', 'retrying', 'skipped'];
const SKIPPABLE: readonly (NodeStatus | 'waiting')[] = ['waiting', 'claimed', 'retrying', 'failed', 'needs_decision'];

function controlNode(scope: RunScope, input: ControlInput): Result<ControlAnswer> {
  const { run, graph } = scope;
  const { action, node: id } = input;
  if (id === undefined) return missing('node', `required for ${action}`);
  const index = graph.prepared.index.get(id);
  if (index === undefined) return fail({ code: 'unknown-node', run: run.id, node: id, near: [] });
  if (action === 'decide' && input.decision === undefined) return missing('decision', 'required for decide');
  const node = scope.record(id);
  const status = node?.status ?? 'waiting';
  const { goal, from } = goalOf(input);
  const over = run.status === 'cancelled' || run.status === 'finished';
  if (over || !from.includes(status)) {
    const what = over ? `the node ${id} of a ${run.status} run` : `the node ${id}`;
    const call = `run_status {run: "${run.id}", node: "${id}"} to see how it stands`;
    return fail({
      code: 'illegal-transition',
      what,
      from: status,
      to: goal,
      legal: over ? [] : legalGoals(status),
      call,
    });
  }
  // A skip cannot be undone once successors have begun: they rest on it.
  if (status === 'skipped' && hasBegunSuccessor(scope, index)) {
    const call = 'run_start {resume_from} for a run that does it';
    return fail({
      code: 'illegal-transition',
      what: `the node ${id}, whose successors have begun,`,
      from: status,
      to: goal,
      legal: [],
      call,
    });
  }
  const overtakenBy = hasEnded(run.status) ? overtaken(scope.tx, run) : undefined;
  if (overtakenBy !== undefined) return fail(overtakenBy);
  const before = surveyOf(scope);
  transition(scope, id, decided(scope.ctx.now, input, node, goal), GOAL_EVENTS[goal]);
  takeBackSkips(scope, index, before);
  if (hasEnded(run.status)) goOn(scope);
  const after = updateStatus(scope);
  const newly_ready = newlyReadyIn(scope, id);
  return ok({ run: run.id, action, status: after, node: id, node_status: goal, newly_ready });
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

function goalOf({ action, decision }: ControlInput): { goal: Goal; from: readonly (NodeStatus | 'waiting')[] } {
  if (action === 'retry_node') return { goal: 'retrying', from: RETRYABLE };
  if (action === 'skip_node') return { goal: 'skipped', from: SKIPPABLE };
  const goals: Record<Resolution, Goal> = { done: 'finished', failed: 'failed', retry: 'retrying', skip: 'skipped' };
  return { goal: goals[decision ?? 'retry'], from: ['needs_decision'] };
}

function legalGoals(status: NodeStatus | 'waiting'): string[] {
  const goals: string[] = [];
  if (RETRYABLE.includes(status)) goals.push('retrying');
  if (SKIPPABLE.includes(status)) goals.push('skipped');
  if (status === 'needs_decision') goals.push('finished', 'failed');
  return goals;
}

function hasBegunSuccessor(scope: RunScope, index: number): boolean {
  const { ids, dependents } = scope.graph.prepared;
  const successors = dependents.to.subarray(dependents.start[index], dependents.start[index + 1]);
  return successors.some((successor) => {
    const record = scope.record(ids[successor] ?? '');
    // A skip that followed is taken back with it.
    return record !== undefined && record.why !== 'upstream';
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

function missing(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
