// What people and orchestrators do to a run from outside: pure command. The tool run_control calls it.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { newlyReady } from '../../graph/ready/ready.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import type { EventType } from '../events.ts';
import { findRun, hasEnded, type RunDocument, type RunGraph, type RunStatus } from './document.ts';
import { readRun, setNode, setStatus, updateStatus } from './edit.ts';
import { carriedOver, type Draft, type NodeRecord } from './record.ts';
import { noteRun, overtaken } from './sprint-run.ts';

export const RUN_ACTIONS = ['pause', 'resume', 'cancel', 'retry_node', 'skip_node', 'decide'] as const;
export type RunAction = (typeof RUN_ACTIONS)[number];

/** What may be decided of a node that waits for it. */
export const DECISIONS = ['done', 'failed', 'retry', 'skip'] as const;
export type Verdict = (typeof DECISIONS)[number];

export interface ControlInput {
  run: string;
  graph: RunGraph;
  action: RunAction;
  node?: string | undefined;
  decision?: Verdict | undefined;
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

export function controlRun(tx: Transaction, ctx: Context, input: ControlInput): Result<ControlAnswer> {
  const found = findRun(tx, input.run, input.graph);
  if (!found.ok) return found;
  switch (input.action) {
    case 'pause':
    case 'resume':
    case 'cancel':
      return controlWhole(tx, ctx, input, found.value);
    case 'retry_node':
    case 'skip_node':
    case 'decide':
      return controlNode(tx, ctx, input, found.value);
  }
}

const LEGAL: Record<RunStatus, readonly RunAction[]> = {
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  stuck: ['pause', 'cancel'],
  failed: ['cancel'],
  finished: [],
  cancelled: [],
};
const ALREADY: Partial<Record<RunAction, RunStatus>> = { pause: 'paused', resume: 'running', cancel: 'cancelled' };

function controlWhole(
  tx: Transaction,
  ctx: Context,
  input: ControlInput,
  run: Readonly<RunDocument>,
): Result<ControlAnswer> {
  const { action, graph } = input;
  const goal = ALREADY[action] ?? 'running';
  if (run.status !== goal && !LEGAL[run.status].includes(action)) {
    const legal = LEGAL[run.status].flatMap((other) => ALREADY[other] ?? []);
    const call = 'run_start {resume_from} to go on from what it finished';
    return fail({ code: 'illegal-transition', what: `the run ${run.id}`, from: run.status, to: goal, legal, call });
  }
  if (action === 'pause') setStatus(tx, ctx, run.id, 'paused');
  if (action === 'cancel' && run.status !== 'cancelled') cancel(tx, ctx, run);
  if (action === 'resume' && run.status === 'paused') {
    setStatus(tx, ctx, run.id, 'running');
    updateStatus(tx, ctx, graph, run.id);
  }
  return ok({ run: run.id, action, status: readRun(tx, run.id).status, newly_ready: [] });
}

/** Claims end here: their holders see it at their next report or look, and stop. */
function cancel(tx: Transaction, ctx: Context, run: Readonly<RunDocument>): void {
  for (const [id, node] of Object.entries(run.nodes)) {
    if (node.status !== 'claimed' && node.status !== 'retrying' && node.status !== 'needs_decision') continue;
    const { lease_until: _, lease_ms: __, not_before: ___, ...kept } = node;
    setNode(tx, ctx, run.id, id, { ...kept, status: 'cancelled', ended_at: ctx.now }, 'node.cancelled');
  }
  setStatus(tx, ctx, run.id, 'cancelled');
}

const RETRYABLE: readonly (NodeStatus | 'waiting')[] = ['failed', 'needs_decision', 'retrying', 'skipped'];
const SKIPPABLE: readonly (NodeStatus | 'waiting')[] = ['waiting', 'claimed', 'retrying', 'failed', 'needs_decision'];

function controlNode(
  tx: Transaction,
  ctx: Context,
  input: ControlInput,
  run: Readonly<RunDocument>,
): Result<ControlAnswer> {
  const { graph, action, node: id } = input;
  if (id === undefined) return missing('node', `required for ${action}`);
  const index = graph.prepared.index.get(id);
  if (index === undefined) return fail({ code: 'unknown-node', run: run.id, node: id, near: [] });
  if (action === 'decide' && input.decision === undefined) return missing('decision', 'required for decide');
  const node = run.nodes[id];
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
  // A node whose successors have begun cannot be undone: they rest on it.
  if (status === 'skipped' && hasBegunSuccessor(run, graph, index)) {
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
  const overtakenBy = hasEnded(run.status) ? overtaken(tx, run) : undefined;
  if (overtakenBy !== undefined) return fail(overtakenBy);
  setNode(tx, ctx, run.id, id, decided(ctx, input, node, goal), GOAL_EVENTS[goal]);
  if (hasEnded(run.status)) goOn(tx, ctx, run);
  updateStatus(tx, ctx, graph, run.id);
  const after = readRun(tx, run.id);
  const newly_ready = newlyReady(graph.prepared, after.nodes, id);
  return ok({ run: run.id, action, status: after.status, node: id, node_status: goal, newly_ready });
}

/** A run that had failed goes on. */
function goOn(tx: Transaction, ctx: Context, { id, sprint }: Readonly<RunDocument>): void {
  setStatus(tx, ctx, id, 'running');
  if (sprint !== undefined) noteRun(tx, sprint, id);
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
  const goals: Record<Verdict, Goal> = { done: 'finished', failed: 'failed', retry: 'retrying', skip: 'skipped' };
  return { goal: goals[decision ?? 'retry'], from: ['needs_decision'] };
}

function legalGoals(status: NodeStatus | 'waiting'): string[] {
  const goals: string[] = [];
  if (RETRYABLE.includes(status)) goals.push('retrying');
  if (SKIPPABLE.includes(status)) goals.push('skipped');
  if (status === 'needs_decision') goals.push('finished', 'failed');
  return goals;
}

function hasBegunSuccessor(run: Readonly<RunDocument>, graph: RunGraph, index: number): boolean {
  const { ids, dependents } = graph.prepared;
  const successors = dependents.to.subarray(dependents.start[index], dependents.start[index + 1]);
  return successors.some((successor) => run.nodes[ids[successor] ?? ''] !== undefined);
}

function decided(ctx: Context, input: ControlInput, node: Readonly<NodeRecord> | undefined, goal: Goal): Draft {
  const attempt = node?.attempt ?? 0;
  const fence = node?.fence ?? 0;
  const base = { ...carriedOver(node), attempt, fence, claim: node?.claim };
  if (goal === 'retrying') return { ...base, status: goal };
  const ended = { ...base, started_at: node?.started_at, ended_at: ctx.now, summary: input.reason };
  if (goal === 'finished') return { ...ended, error: undefined, status: goal, output: input.output };
  const error = { kind: 'decided', message: input.reason ?? 'decided by run_control' };
  return { ...ended, status: goal, error: goal === 'failed' ? error : undefined };
}

function missing(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
