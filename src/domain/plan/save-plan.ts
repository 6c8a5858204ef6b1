// plan_save: makes an epic, a sprint and up to 200 tasks with their edges in one commit; or answers every fault at once
// and makes nothing. Called by tools/plan-save.ts and import/tasks.ts. Pure.

import { type Failure, fail, type InputIssue, ok, type Result } from '../../failure/failure.ts';
import { link, topologicalOrder } from '../../graph/links.ts';
import { measure, weights } from '../../graph/plan/measure.ts';
import type { Context, Transaction } from '../command.ts';
import type { Removed } from '../removed.ts';
import { checkCycle } from './cycle.ts';
import { findHome, findItem } from './find.ts';
import { epicStream, nextIds, type PlanKind, showId, sprintStream, taskStream } from './ids.ts';
import { join } from './links.ts';
import { edgeFaults } from './plan-faults.ts';
import { type EpicFields, newEpic } from './save-epic.ts';
import { newSprint, type SprintFields } from './save-sprint.ts';
import { newTask, type TaskFields } from './save-task.ts';
import { type SaveOne, saveTasks, type TaskChange } from './save-tasks.ts';
import { MAX_TASKS } from './sprint.ts';
import { isReady, type TaskDocument } from './task.ts';
import { linkable } from './task-links.ts';

export const MAX_PLANNED = 200;

export interface PlannedTask
  extends Pick<TaskFields, 'title' | 'description' | 'priority' | 'points' | 'assignee' | 'labels'> {
  /** The caller's name for the task within this plan. */
  key: string;
  needs?: string[] | undefined;
  parent?: string | undefined;
}

/** A task that exists, with what changes of it; it also joins the plan's epic and sprint. */
export interface PlannedChange
  extends Pick<
    TaskFields,
    'title' | 'description' | 'status' | 'blocked_reason' | 'priority' | 'points' | 'assignee' | 'labels'
  > {
  id: string;
  needs?: string[] | undefined;
  parent?: string | undefined;
}

type Entry = PlannedTask | PlannedChange;

/** A new epic, or an existing one by its id. */
export type PlannedEpic = EpicFields & { id?: string | undefined };
export type PlannedSprint = SprintFields & { id?: string | undefined };

export interface SavePlanInput {
  project: string;
  /** Ids like an unknown one, for the words of a fault: nothing is decided by them. */
  near?: (kind: PlanKind, id: string) => string[];
  epic?: PlannedEpic | undefined;
  sprint?: PlannedSprint | undefined;
  tasks: readonly Entry[];
  /** Saves a task that exists: the tool hands in a command that ends its node in a run too. */
  save?: SaveOne;
}

export interface SavePlanAnswer {
  epic?: string;
  sprint?: string;
  ids: Record<string, string>;
  /** Tasks that can be started now. */
  ready: string[];
  /** The longest path through the plan by points, first task to last. */
  critical_path: string[];
  /** Existing tasks by id, with the fields that changed. */
  changed?: Record<string, string[]>;
  /** What lists of existing tasks have lost, by id. */
  removed?: Record<string, Removed>;
  /** Other tasks that became ready by these changes. */
  unblocked?: string[];
}

/** Makes the whole plan. Fails with `invalid-input`, which names every fault by its place, or as `checkCycle`. */
export function savePlan(tx: Transaction, ctx: Context, input: SavePlanInput): Result<SavePlanAnswer> {
  const { project } = input;
  const places = new Map(input.tasks.map((task, index) => [task, index]));
  const tasks = input.tasks.filter((task): task is PlannedTask => !('id' in task));
  const changes = input.tasks.filter((task): task is PlannedChange => 'id' in task);
  const issues = edgeFaults(tasks, (task) => places.get(task) ?? 0);
  const keys = new Set(tasks.map(({ key }) => key));
  const outside = existing(tx, input, keys, issues);
  const epic = home(tx, ctx, 'epic', input, issues);
  const sprint = home(tx, ctx, 'sprint', input, issues);
  if (issues.length > 0) return fail({ code: 'invalid-input', issues });
  const made = tasks.length === 0 ? [] : nextIds(tx, 'task', project, tasks.length);
  const ids = new Map(tasks.map(({ key }, index) => [key, made[index] ?? '']));
  const idOf = (named: string): string => ids.get(named) ?? outside.get(named) ?? '';
  const documents = tasks.map((task) => {
    const { key, needs = [], parent } = task;
    const links = { needs: [...new Set(needs.map(idOf))] };
    const document = newTask(ctx, idOf(key), project, task, links);
    if (epic !== undefined) document.epic = epic;
    if (sprint !== undefined) document.sprint = sprint;
    if (parent !== undefined) document.parent = idOf(parent);
    return document;
  });
  linkAll(tx, documents);
  if (epic !== undefined && made.length > 0) join(tx, epicStream(epic), 'tasks', made);
  if (sprint !== undefined && made.length > 0) join(tx, sprintStream(sprint), 'tasks', made);
  for (const { id, parent } of documents) {
    // edgeFaults finds circles within the plan. A circle through existing tasks must go through a parent outside the
    // plan.
    if (parent === undefined || !outside.has(showId(parent))) continue;
    const cycle = checkCycle(tx, id);
    if (!cycle.ok) return cycle;
  }
  const nameOf = (named: string): string => ids.get(named) ?? named;
  const changed = change(
    tx,
    ctx,
    input,
    changes.map((one) => changeOf(one, { epic, sprint, nameOf })),
  );
  if (!changed.ok) return changed;
  const answer: SavePlanAnswer = {
    ids: Object.fromEntries(tasks.map(({ key }) => [key, showId(idOf(key))])),
    ready: documents.filter(({ id }) => ready(tx, id)).map(({ id }) => showId(id)),
    critical_path: criticalPath(documents).map(showId),
  };
  if (epic !== undefined) answer.epic = showId(epic);
  if (sprint !== undefined) answer.sprint = showId(sprint);
  return ok({ ...answer, ...changed.value });
}

function changeOf(
  { id, ...fields }: PlannedChange,
  { epic, sprint, nameOf }: { epic?: string | undefined; sprint?: string | undefined; nameOf(named: string): string },
): TaskChange {
  const { needs, parent } = fields;
  return {
    id,
    fields: {
      ...fields,
      ...(needs === undefined ? {} : { needs: needs.map(nameOf) }),
      ...(parent === undefined ? {} : { parent: nameOf(parent) }),
      ...(epic === undefined ? {} : { epic }),
      ...(sprint === undefined ? {} : { sprint }),
    },
  };
}

/** Changes the existing tasks of the plan, after its new ones are made: they may need them. */
function change(
  tx: Transaction,
  ctx: Context,
  { project, save }: SavePlanInput,
  changes: readonly TaskChange[],
): Result<Pick<SavePlanAnswer, 'changed' | 'removed' | 'unblocked'>> {
  if (changes.length === 0) return ok({});
  const saved = saveTasks(tx, ctx, { project, changes, save });
  if (!saved.ok) return saved;
  const { unblocked } = saved.value;
  const changed = Object.fromEntries(saved.value.saved.map((one) => [one.id, one.changed]));
  const lost = saved.value.saved.flatMap(({ id, removed }): [string, Removed][] => (removed ? [[id, removed]] : []));
  return ok({ changed, ...(lost.length > 0 && { removed: Object.fromEntries(lost) }), unblocked });
}

/**
 * Ids of existing tasks that the plan names, by each spelling used. A name that cannot be resolved becomes an issue.
 */
function existing(
  tx: Transaction,
  { project, tasks, near }: SavePlanInput,
  keys: ReadonlySet<string>,
  issues: InputIssue[],
): Map<string, string> {
  const found = new Map<string, string>();
  const look = (named: string, at: string, list: 'children' | 'needed_by'): void => {
    if (keys.has(named) || !/^tsk-/i.test(named)) return;
    const task = linkable(tx, named, project, list);
    if (!task.ok) issues.push({ at, why: words(task.failure, near) });
    else for (const written of [named, showId(task.value.id)]) found.set(written, task.value.id);
  };
  for (const [index, task] of tasks.entries()) {
    const { needs = [], parent } = task;
    if ('id' in task) {
      const named = findItem(tx, 'task', task.id, project);
      if (!named.ok) issues.push({ at: `/tasks/${index}/id`, why: words(named.failure, near) });
    }
    for (const [place, need] of needs.entries()) look(need, `/tasks/${index}/needs/${place}`, 'needed_by');
    if (parent !== undefined && parent !== '') look(parent, `/tasks/${index}/parent`, 'children');
  }
  return found;
}

/** The id of the plan's epic or sprint, made if it is new; undefined if there is none or it has a fault. */
function home(
  tx: Transaction,
  ctx: Context,
  kind: 'epic' | 'sprint',
  input: SavePlanInput,
  issues: InputIssue[],
): string | undefined {
  const given = input[kind];
  if (given === undefined) return undefined;
  if (given.id !== undefined) {
    const found = findHome(tx, kind, given.id, input.project);
    if (!found.ok) issues.push({ at: `/${kind}/id`, why: words(found.failure, input.near) });
    else if (found.value.tasks.length + input.tasks.length > MAX_TASKS)
      issues.push({ at: `/${kind}/id`, why: `would hold more than ${MAX_TASKS} tasks` });
    else return found.value.id;
    return undefined;
  }
  if (given.title === undefined) {
    issues.push({ at: `/${kind}/title`, why: 'required, unless id names one that exists' });
    return undefined;
  }
  if (issues.length > 0) return undefined;
  const [id = ''] = nextIds(tx, kind, input.project, 1);
  if (kind === 'epic')
    tx.create(epicStream(id), { type: 'epic.created' }, newEpic(ctx, id, input.project, given as PlannedEpic));
  else
    tx.create(sprintStream(id), { type: 'sprint.created' }, newSprint(ctx, id, input.project, given as PlannedSprint));
  return id;
}

/** Creates the documents with both ends of every edge in one event each, and adds the other ends to existing tasks. */
function linkAll(tx: Transaction, documents: readonly TaskDocument[]): void {
  const mine = new Map(documents.map((document) => [document.id, document]));
  const ends = new Map<string, { needed_by: string[]; children: string[] }>();
  const endOf = (id: string) => {
    const own = mine.get(id) ?? ends.get(id) ?? { needed_by: [], children: [] };
    if (!mine.has(id)) ends.set(id, own);
    return own;
  };
  for (const { id, needs, parent } of documents) {
    for (const need of needs) endOf(need).needed_by.push(id);
    if (parent !== undefined) endOf(parent).children.push(id);
  }
  for (const document of documents) tx.create(taskStream(document.id), { type: 'task.created' }, document);
  for (const [id, { needed_by, children }] of ends) {
    join(tx, taskStream(id), 'needed_by', needed_by);
    join(tx, taskStream(id), 'children', children);
  }
}

function ready(tx: Transaction, id: string): boolean {
  const task = tx.read<TaskDocument>(taskStream(id));
  return task !== undefined && isReady(tx, task);
}

/**
 * Ids on the longest path by points, first to last; a task without points counts as the mean of the others. Empty if
 * the needs form a cycle.
 */
export function criticalPath(tasks: readonly Pick<TaskDocument, 'id' | 'needs' | 'points'>[]): string[] {
  const links = link(tasks);
  const order = topologicalOrder(links);
  if (order.length < tasks.length) return [];
  const nodes = tasks.map(({ points }) => (points === undefined ? {} : { estimate_s: points }));
  return measure(links, weights(nodes), order).criticalPath.map((index) => links.ids[index] ?? '');
}

/** A failure as the reason of one issue. */
function words(failure: Failure, near: SavePlanInput['near']): string {
  switch (failure.code) {
    case 'unknown-item': {
      const found = near?.(failure.kind as PlanKind, failure.id) ?? [];
      const hint = found.length === 0 ? '' : `; the nearest: ${found.join(', ')}`;
      return `there is no ${failure.kind} ${failure.id}${hint}`;
    }
    case 'not-allowed':
      return `${failure.why}: ${failure.how}`;
    case 'too-large':
      return `it has ${failure.limit} already: ${failure.instead}`;
    default:
      return failure.code;
  }
}
