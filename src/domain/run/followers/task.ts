// In a run of a sprint each node is a task. The task's status changes in the commit that changes the node; a task that
// was changed by hand is an obstacle to a claim.

import { MAX_REASON_CHARS } from '../../../config/limits.ts';
import type { NodeStatus } from '../../../graph/ready/run-node.ts';
import type { Transaction } from '../../command.ts';
import { findPlanned, showId, taskStream } from '../../plan/ids.ts';
import { saveTask, type TaskFields } from '../../plan/save-task.ts';
import { isFinished, isMet, openNeeds, TASK_LEGAL, type TaskDocument, type TaskStatus } from '../../plan/task.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';
import type { Follower, Obstacle } from './follower.ts';

export const tasks: Follower = { obstacle: standing, plannedFor, after: move };

/** The obstacle of a task that was changed by hand since the run began. */
function standing({ tx, run }: RunScope, node: string): Obstacle | undefined {
  const task = run.sprint === undefined ? undefined : taskOf(tx, run.project, node);
  if (task === undefined) return undefined;
  if (isMet(task)) return { over: task.status === 'done' ? 'finished' : 'skipped' };
  if (task.status === 'blocked') return { bar: `its task is blocked: ${task.blocked_reason ?? 'no reason given'}` };
  const open = openNeeds(tx, task);
  return open.length === 0 ? undefined : { bar: `its task needs ${open.slice(0, 5).map(showId).join(', ')}` };
}

/** The assignee of the task, unless that is the present holder: then whom the claim took it from. */
function plannedFor(scope: RunScope, node: string): string | undefined {
  const { tx, run } = scope;
  const assignee = run.sprint === undefined ? undefined : taskOf(tx, run.project, node)?.assignee;
  const before = scope.record(node);
  return before?.status === 'claimed' && before.agent_name === assignee ? before.planned : assignee;
}

/** The task of a node of a sprint's run. */
function taskOf(tx: Transaction, project: string, node: string): Readonly<TaskDocument> | undefined {
  return findPlanned((id) => tx.read<TaskDocument>(taskStream(id)), 'task', node, project);
}

const FOLLOWS: Record<NodeStatus, TaskStatus> = {
  claimed: 'active',
  gating: 'review',
  open: 'active',
  awaiting: 'active',
  finished: 'done',
  failed: 'blocked',
  needs_decision: 'blocked',
  retrying: 'todo',
  cancelled: 'todo',
  // A cancelled task counts as met on the board, as a skipped node does in the run.
  skipped: 'cancelled',
};

/**
 * Brings the task of a node in line with the node's new record. If the task was finished, archived or re-linked by hand
 * so that this is not legal, it stays as it is: a report of the node is accepted all the same.
 */
function move(
  { tx, ctx, run }: RunScope,
  id: string,
  before: Readonly<NodeRecord> | undefined,
  next: Readonly<Draft>,
): void {
  if (run.sprint === undefined || (before?.status === next.status && before.claim === next.claim)) return;
  const task = taskOf(tx, run.project, id);
  if (task === undefined || task.archived) return;
  // The run reopens only a task that it cancelled itself.
  if (isFinished(task) && !(before?.status === 'skipped' && task.status === 'cancelled')) return;
  const to = FOLLOWS[next.status];
  const begins = to === 'active' || to === 'done';
  if (begins && openNeeds(tx, task).length > 0) return;
  for (const status of viaActive(task.status, to) ? (['active', to] as const) : [to]) {
    const from = tx.read<TaskDocument>(taskStream(task.id)) ?? task;
    if (from.status !== status && !TASK_LEGAL[from.status].includes(status)) return;
    const saved = saveTask(tx, ctx, {
      id: task.id,
      project: run.project,
      fields: fieldsFor(status, from, before, next),
    });
    // A refused change would leave half a change in the commit.
    if (!saved.ok) throw new Error(`the task of ${run.id} ${id} cannot follow: ${saved.failure.code}`);
  }
}

/** A blocked task becomes done, and one in review to do, by way of active, the only legal path. */
function viaActive(from: TaskStatus, to: TaskStatus): boolean {
  return (from === 'blocked' && to === 'done') || (from === 'review' && to === 'todo');
}

function fieldsFor(
  status: TaskStatus,
  task: Readonly<TaskDocument>,
  before: Readonly<NodeRecord> | undefined,
  next: Readonly<Draft>,
): TaskFields {
  if (status === 'blocked') {
    const { kind = 'failed', message = '' } = next.error ?? {};
    return { status, blocked_reason: (message.trim() || kind).slice(0, MAX_REASON_CHARS) };
  }
  if (status === 'active' && next.agent_name !== undefined) return { status, assignee: next.agent_name };
  // Without a result it is again whose it was planned to be, unless another assignee was set by hand.
  const isBack = status === 'todo' || status === 'cancelled';
  const isHolders = before?.agent_name !== undefined && task.assignee === before.agent_name;
  return isBack && isHolders ? { status, assignee: before.planned ?? '' } : { status };
}
