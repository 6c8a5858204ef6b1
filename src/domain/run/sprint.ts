// Runs of sprints: the definition made of a sprint's tasks, and each task following its node in the commit that changes
// the node. Pure. run-start.ts, run-edit.ts and run-claim.ts call it, so whatever moves a node moves its task too.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { canonicalGraph } from '../../graph/graph.ts';
import type { AnyGraph } from '../../graph/kinds/index.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Context, Transaction } from '../command.ts';
import { findItem } from '../plan/find.ts';
import { showId, sprintStream, taskStream } from '../plan/ids.ts';
import { saveTask, type TaskFields } from '../plan/save-task.ts';
import { sprintGraph } from '../plan/sprint-graph.ts';
import { isFinished, isMet, openNeeds, TASK_LEGAL, type TaskDocument, type TaskStatus } from '../plan/task.ts';
import type { RunDocument, RunGraph } from './document.ts';
import type { NodeRecord } from './record.ts';
import { underWay } from './sprint-run.ts';

const MAX_REASON = 1_000;

export interface SprintDefinition {
  /** As stored: `spr-2`. */
  sprint: string;
  graph: AnyGraph;
  /** Unfinished tasks that this run cannot finish. */
  leftOut: string[];
}

/** The sprint's unfinished tasks as a definition: a node each, with the task's id. */
export function sprintDefinition(tx: Transaction, project: string, named: string): Result<SprintDefinition> {
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const tasks = sprintGraph(tx, project, named);
  if (!tasks.ok) return tasks;
  const { id: sprint } = found.value;
  const { nodes, leftOut } = tasks.value;
  if (nodes.length === 0) {
    const why =
      leftOut.length > 0 ? 'every task left is blocked, or waits for one outside it' : 'no task is left to do';
    const how = `see sprint_board {sprint: "${showId(sprint)}"}`;
    return fail({ code: 'not-allowed', what: `A run of ${showId(sprint)}`, why, how });
  }
  const graph: AnyGraph = { name: showId(sprint), nodes: nodes.map((node) => ({ ...node, kind: 'agent' as const })) };
  return ok({ sprint, graph, leftOut });
}

/**
 * Fails with `contended` if the sprint's tasks no longer make this definition, and with `not-allowed` while a run of it
 * goes on. What tasks and sprint say is part of the decision.
 */
export function checkSprint(tx: Transaction, project: string, named: string, graph: RunGraph): Result<string> {
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const other = underWay(tx, found.value.id);
  if (other !== undefined) return fail(other);
  const now = sprintDefinition(tx, project, named);
  if (!now.ok) return now;
  const { sprint } = now.value;
  if (canonicalGraph(now.value.graph) === canonicalGraph(graph.prepared.graph)) return ok(sprint);
  return fail({ code: 'contended', tries: 1, streams: [sprintStream(sprint)] });
}

/** What the task says of a node that is to be claimed: it may be over already, or must not begin. */
export type TaskStanding = { over: Extract<NodeStatus, 'finished' | 'skipped'> } | { bar: string } | undefined;

/** Somebody may have changed the task by hand since the run began. Undefined: nothing is in the way. */
export function taskStanding(tx: Transaction, run: Readonly<RunDocument>, node: string): TaskStanding {
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

type Step = Pick<NodeRecord, 'status'> & { [K in 'claim' | 'agent_name' | 'error']?: NodeRecord[K] | undefined };

/**
 * Brings the task of a node in line with the node's new record. Where somebody has finished, archived or re-linked the
 * task by hand so that this is not legal, the task stays as they left it: what is reported of a node always counts.
 */
export function moveTask(
  tx: Transaction,
  ctx: Context,
  run: Readonly<RunDocument>,
  id: string,
  { before, next }: { before: Readonly<NodeRecord> | undefined; next: Step },
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
  next: Step,
): TaskFields {
  if (status === 'blocked') {
    const { kind = 'failed', message = '' } = next.error ?? {};
    return { status, blocked_reason: (message.trim() || kind).slice(0, MAX_REASON) };
  }
  if (status === 'active' && next.agent_name !== undefined) return { status, assignee: next.agent_name };
  // Given back: nobody has it, unless somebody else was named by hand.
  if (status === 'todo' && task.assignee === before?.agent_name) return { status, assignee: '' };
  return { status };
}
