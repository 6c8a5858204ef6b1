// task_save: makes or changes one task, both ends of its edges and the tasks archived with it, in one commit. The run
// engine changes the task of a node through the same command, so that both change or neither. Pure.

import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import { deepEqual } from '../../json/merge.ts';
import type { Context, Transaction } from '../command.ts';
import { type Removed, removedFrom } from '../removed.ts';
import { badInput, changedFields, givenFields, type SaveAnswer, setOrClear } from './answer.ts';
import { archiveWith, restore, restoreWith } from './archive.ts';
import { checkCycle } from './cycle.ts';
import type { EpicDocument } from './epic.ts';
import { checkItemVersion, findItem } from './find.ts';
import { epicStream, nextIds, showId, sprintStream, taskStream } from './ids.ts';
import { type Links, relink } from './links.ts';
import { hasEnded, type SprintDocument } from './sprint.ts';
import {
  becameReady,
  DEFAULT_PRIORITY,
  isFinished,
  isMet,
  openNeeds,
  TASK_LEGAL,
  type TaskDocument,
  type TaskStatus,
} from './task.ts';
import { type NamedLinks, NO_LINKS, resolveLinks } from './task-links.ts';
import { eventHeadOf, illegalStatus, type Moves } from './transitions.ts';

/** The fields of a task. Undefined leaves one as it is; '' clears an optional one. */
export interface TaskFields extends NamedLinks {
  title?: string | undefined;
  description?: string | undefined;
  status?: TaskStatus | undefined;
  assignee?: string | undefined;
  priority?: number | undefined;
  points?: number | undefined;
  labels?: string[] | undefined;
  blocked_reason?: string | undefined;
  discovered_from?: string | undefined;
  archived?: boolean | undefined;
}

export interface SaveTaskInput {
  /** The task to change; absent for a new task. */
  id?: string | undefined;
  project: string;
  fields: TaskFields;
  /** Confirms an archiving that affects other tasks. */
  force?: boolean | undefined;
  ifVersion?: number | undefined;
}

export interface SaveTaskAnswer extends SaveAnswer {
  /** What its lists have lost. */
  removed?: Removed;
  /** Exactly the tasks that are ready now and were not before. */
  unblocked: string[];
}

/**
 * Makes a task, or changes the one with this id. Fails as `findItem`, or with `illegal-transition`, `needs-open`,
 * `version-mismatch`, `confirm-needed`, `invalid-input`, `not-allowed`, or as `checkCycle`.
 */
export function saveTask(tx: Transaction, ctx: Context, input: SaveTaskInput): Result<SaveTaskAnswer> {
  const named = input.fields.discovered_from;
  const source = named === undefined || named === '' ? undefined : findItem(tx, 'task', named, input.project);
  if (source?.ok === false) return source;
  const fields = source === undefined ? input.fields : { ...input.fields, discovered_from: source.value.id };
  const save = { ...input, fields };
  return save.id === undefined ? createTask(tx, ctx, save) : updateTask(tx, ctx, save, save.id);
}

function createTask(tx: Transaction, ctx: Context, input: SaveTaskInput): Result<SaveTaskAnswer> {
  const { fields, project } = input;
  if (fields.title === undefined) return badInput('title', 'required for a new task; give id to change one');
  if (fields.archived === true) return badInput('archived', 'a new task is not archived');
  const links = resolveLinks(tx, fields, NO_LINKS, project);
  if (!links.ok) return links;
  const [id = ''] = nextIds(tx, 'task', project, 1);
  const task = newTask(ctx, id, project, fields, links.value);
  const refused = reasonFault(fields, undefined, task.status);
  if (refused !== undefined) return fail(refused);
  tx.create(taskStream(id), { type: 'task.created' }, task);
  relink(tx, id, NO_LINKS, links.value);
  const sound = checkStanding(tx, id, task.parent !== undefined, true);
  if (!sound.ok) return sound;
  beginEpic(tx, undefined, task);
  const changed = givenFields(fields);
  return ok({ id: showId(id), created: true, version: tx.version(taskStream(id)), changed, unblocked: [] });
}

/** A new task's document. The caller has checked `links`, and changes their other ends. */
export function newTask(ctx: Context, id: string, project: string, fields: TaskFields, links: Links): TaskDocument {
  const at = new Date(ctx.now).toISOString();
  const status = fields.status ?? 'todo';
  const task: TaskDocument = {
    schema: 1,
    id,
    project,
    title: fields.title ?? '',
    description: fields.description ?? '',
    status,
    priority: fields.priority ?? DEFAULT_PRIORITY,
    labels: fields.labels ?? [],
    ...links,
    needed_by: [],
    children: [],
    archived: false,
    created_at: at,
    status_at: at,
  };
  setOptional(task, fields);
  if (status === 'blocked') setOrClear(task, 'blocked_reason', fields.blocked_reason);
  if (status === 'active') task.started_at = at;
  if (status === 'done') task.done_at = at;
  return task;
}

function updateTask(tx: Transaction, ctx: Context, input: SaveTaskInput, named: string): Result<SaveTaskAnswer> {
  const { fields, project } = input;
  const found = findItem(tx, 'task', named, project);
  if (!found.ok) return found;
  const { id } = found.value;
  const before = structuredClone(found.value) as TaskDocument;
  const version = checkItemVersion(tx, ctx, 'task', found.value, input.ifVersion);
  if (!version.ok) return version;
  const to = fields.status ?? before.status;
  const refused =
    archivedFault(before, fields) ??
    illegalStatus(TASK_LEGAL, 'task', id, before.status, to) ??
    reasonFault(fields, before, to);
  if (refused !== undefined) return fail(refused);
  const links = resolveLinks(tx, fields, standing(tx, before, to, fields), project);
  if (!links.ok) return links;
  tx.edit<TaskDocument>(taskStream(id), eventHeadOf(MOVED, before.status, to), (draft) =>
    apply(draft, ctx, fields, links.value),
  );
  relink(tx, id, before, links.value);
  const linked = links.value.parent !== before.parent || links.value.needs.some((need) => !before.needs.includes(need));
  const sound = checkStanding(tx, id, linked, to !== before.status);
  if (!sound.ok) return sound;
  const met = archiving(tx, before, input);
  if (!met.ok) return met;
  const after = tx.read<TaskDocument>(taskStream(id)) ?? before;
  beginEpic(tx, before, after);
  if (!isMet(before) && isMet(after) && !met.value.includes(id)) met.value.push(id);
  return ok({
    id: showId(id),
    created: false,
    version: tx.version(taskStream(id)),
    changed: changedFields(before, after),
    ...removedFrom(before, after, LISTS),
    unblocked: becameReady(tx, met.value).map(showId),
  });
}

/** The lists of a task that a save replaces, and their items as shown. */
const LISTS = { labels: (label: string) => label, needs: showId };

/**
 * The links from which a change starts. An unfinished task cannot be in a sprint that has ended: reopened or restored,
 * it goes to the backlog.
 */
function standing(tx: Transaction, before: TaskDocument, to: TaskStatus, fields: TaskFields): Links {
  const comesBack = (isFinished(before) || fields.archived === false) && !isFinished({ status: to });
  if (!comesBack || before.sprint === undefined) return before;
  const sprint = tx.read<SprintDocument>(sprintStream(before.sprint));
  if (sprint === undefined || !hasEnded(sprint)) return before;
  const { sprint: _, ...rest } = before;
  return rest;
}

function apply(draft: TaskDocument, ctx: Context, fields: TaskFields, links: Links): void {
  const { title, description, priority, labels, status, blocked_reason } = fields;
  if (title !== undefined) draft.title = title;
  if (description !== undefined) draft.description = description;
  if (priority !== undefined) draft.priority = priority;
  if (labels !== undefined && !deepEqual(labels, [...draft.labels])) draft.labels = labels;
  setOptional(draft, fields);
  for (const key of ['sprint', 'epic', 'parent'] as const) {
    if (draft[key] !== links[key]) setOrClear(draft, key, links[key]);
  }
  if (links.needs.join() !== draft.needs.join()) draft.needs = links.needs;
  if (status !== undefined && status !== draft.status) {
    const at = new Date(ctx.now).toISOString();
    draft.status = status;
    draft.status_at = at;
    delete draft.blocked_reason;
    delete draft.done_at;
    if (status === 'active') draft.started_at ??= at;
    if (status === 'done') draft.done_at = at;
  }
  if (blocked_reason !== undefined && draft.blocked_reason !== blocked_reason)
    setOrClear(draft, 'blocked_reason', blocked_reason);
}

function setOptional(task: TaskDocument, fields: TaskFields): void {
  if (fields.assignee !== undefined) setOrClear(task, 'assignee', fields.assignee);
  if (fields.points !== undefined) task.points = fields.points;
  if (fields.discovered_from !== undefined) setOrClear(task, 'discovered_from', fields.discovered_from);
}

/** Checks the task after its edges and status were changed: no circle, and no start before its needs are met. */
function checkStanding(tx: Transaction, id: string, linked: boolean, moved: boolean): Result<undefined> {
  if (linked) {
    const cycle = checkCycle(tx, id);
    if (!cycle.ok) return cycle;
  }
  const task = tx.read<TaskDocument>(taskStream(id));
  if (task === undefined || !moved || !hasBegun(task)) return ok(undefined);
  const open = openNeeds(tx, task);
  return open.length === 0 ? ok(undefined) : fail({ code: 'needs-open', what: showId(id), waitsFor: open.map(showId) });
}

/** A planned epic is in work from when the first of its tasks is, or one in work joins it. */
function beginEpic(
  tx: Transaction,
  before: TaskDocument | undefined,
  { epic, ...after }: Readonly<TaskDocument>,
): void {
  const began = hasBegun(after) && (before === undefined || !hasBegun(before) || before.epic !== epic);
  if (epic === undefined || !began) return;
  const { status, archived } = tx.read<EpicDocument>(epicStream(epic)) ?? {};
  if (status !== 'planned' || archived === true) return;
  tx.edit<EpicDocument>(epicStream(epic), { type: 'epic.started', data: { from: status } }, (draft) => {
    draft.status = 'active';
  });
}

function hasBegun({ status }: Pick<TaskDocument, 'status'>): boolean {
  return status === 'active' || status === 'review' || status === 'done';
}

function archivedFault(before: TaskDocument, fields: TaskFields): Failure | undefined {
  const others = givenFields(fields).some((key) => key !== 'archived');
  if (!before.archived || fields.archived === false || !others) return undefined;
  const id = showId(before.id);
  const how = `restore it first, or in the same call: task_save {id: "${id}", archived: false}`;
  return { code: 'not-allowed', what: `Changing ${id}`, why: 'it is archived', how };
}

/** A blocked task must have a reason, and no other status may have one. */
function reasonFault(fields: TaskFields, before: TaskDocument | undefined, to: TaskStatus): Failure | undefined {
  const reason = fields.blocked_reason ?? (to === before?.status ? before.blocked_reason : undefined);
  const wrong = to === 'blocked' ? !reason : Boolean(fields.blocked_reason);
  if (!wrong) return undefined;
  const why = to === 'blocked' ? 'required: what is it waiting for?' : `only for status blocked, and it is ${to}`;
  return { code: 'invalid-input', issues: [{ at: 'blocked_reason', why }] };
}

/** Archives or restores the task. Answers the tasks that count as met because of it and did not before. */
function archiving(tx: Transaction, before: TaskDocument, input: SaveTaskInput): Result<string[]> {
  const { id, children } = before;
  const { archived } = input.fields;
  if (archived === undefined || archived === before.archived) return ok([]);
  if (!archived) {
    restore(tx, id);
    const restored = restoreWith(tx, id, children);
    return restored.ok ? ok([]) : restored;
  }
  const call = `task_save {id: "${showId(id)}", archived: true, force: true}, or finish or move those first`;
  return archiveWith(tx, { id, below: children, call, force: input.force === true }, before);
}

const MOVED: Moves<TaskStatus> = {
  none: 'task.updated',
  todo: 'task.returned',
  active: 'task.started',
  review: 'task.submitted',
  blocked: 'task.blocked',
  done: 'task.finished',
  cancelled: 'task.cancelled',
};
