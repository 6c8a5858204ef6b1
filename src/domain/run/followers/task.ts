// In a run of a sprint each node is a task: the task follows its node in the commit that changes the node, and what has
// become of the task by hand stands in the way of a claim.

import { MAX_REASON_CHARS } from '../../../config/limits.ts';
import type { NodeStatus } from '../../../graph/ready/run-node.ts';
import { showId, taskStream } from '../../plan/ids.ts';
import { saveTask, type TaskFields } from '../../plan/save-task.ts';
import { isFinished, isMet, openNeeds, TASK_LEGAL, type TaskDocument, type TaskStatus } from '../../plan/task.ts';
import type { Draft, NodeRecord } from '../record.ts';
import type { RunScope } from '../scope.ts';
import type { Follower, Obstacle } from './follower.ts';

export const tasks: Follower = { obstacle: standing, after: move };

/** Somebody may have changed the task by hand since the run began. */
function standing({ tx, run }: RunScope, node: string): Obstacle | undefined {
  const task = run.sprint === undefined ? undefined : tx.read<TaskDocument>(taskStream(node));
  if (task === undefined) return undefined;
  if (isMet(task)) return { over: task.status === 'done' ? 'finished' : 'skipped' };
  if (task.status === 'blocked') return { bar: `its task is blocked: ${task.blocked_reason ?? 'no reason given'}` };
  const open = openNeeds(tx, task);
  return open.length === 0 ? undefined : { bar: `its task needs ${open.slice(0, 5).map(showId).join(', ')}` };
}

const FOLLOWS: Record<NodeStatus, TaskStatus> = {
  claimed: 'active',
  finished: 'done',
  failed: 'blocked',
  needs_decision: 'blocked',
  retrying: 'todo',
  cancelled: 'todo',
  // Whoever needs it need not wait for it, in the run and on the board.
  skipped: 'cancelled',
};

/**
 * Brings the task of a node in line with the node's new record. Where somebody has finished, archived or re-linked the
 * task by hand so that this is not legal, the task stays as they left it: what is reported of a node always counts.
 */
function move(
  { tx, ctx, run }: RunScope,
  id: string,
  before: Readonly<NodeRecord> | undefined,
  next: Readonly<Draft>,
): void {
  if (run.sprint === undefined || (before?.status === next.status && before.claim === next.claim)) return;
  const task = tx.read<TaskDocument>(taskStream(id));
  if (task === undefined || task.archived) return;
  // Only what the run itself closed is opened again by it.
  if (isFinished(task) && !(before?.status === 'skipped' && task.status === 'cancelled')) return;
  const to = FOLLOWS[next.status];
  const begins = to === 'active' || to === 'done';
  if (begins && openNeeds(tx, task).length > 0) return;
  // A blocked task becomes done by way of active.
  for (const status of task.status === 'blocked' && to === 'done' ? (['active', to] as const) : [to]) {
    const from = tx.read<TaskDocument>(taskStream(id)) ?? task;
    if (from.status !== status && !TASK_LEGAL[from.status].includes(status)) return;
    const saved = saveTask(tx, ctx, { id, project: run.project, fields: fieldsFor(status, from, before, next) });
    // A failure here would leave half a change in the commit.
    if (!saved.ok) throw new Error(`the task of ${run.id} ${id} cannot follow: ${saved.failure.code}`);
  }
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
  // Given back: nobody has it, unless somebody else was named by hand.
  if (status === 'todo' && task.assignee === before?.agent_name) return { status, assignee: '' };
  return { status };
}
