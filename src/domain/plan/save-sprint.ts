// sprint_save: makes, changes, joins and ends a sprint. Called by tools/sprint-save.ts. Pure.

import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { openSession } from '../session/document.ts';
import { badInput, changedFields, givenFields, type SaveAnswer, setOrClear } from './answer.ts';
import { type Closing, carryOver } from './close-sprint.ts';
import { checkItemVersion, findItem } from './find.ts';
import { nextIds, showId, sprintStream } from './ids.ts';
import { joinSprint } from './join-sprint.ts';
import { endOf, hasEnded, SPRINT_LEGAL, type SprintDocument, type SprintStatus } from './sprint.ts';
import { BACKLOG } from './task-links.ts';
import { eventHeadOf, illegalStatus, type Moves } from './transitions.ts';

export interface SprintFields {
  title?: string | undefined;
  goal?: string | undefined;
  status?: SprintStatus | undefined;
  /** ISO 8601; '' clears. */
  starts_at?: string | undefined;
  ends_at?: string | undefined;
  capacity?: number | undefined;
  archived?: boolean | undefined;
}

/** Why the sprint cannot end now: a run of it goes on. Handed in (`heldByRun`), because plan/ must not import run/. */
export type HeldBy = (tx: Transaction, sprint: Readonly<SprintDocument>, what: string) => Failure | undefined;

export interface SaveSprintInput {
  id?: string | undefined;
  project: string;
  fields: SprintFields;
  /** The session that joins the sprint. */
  join?: string | undefined;
  /** Where unfinished tasks go: a sprint, or "backlog". */
  carryTo?: string | undefined;
  force?: boolean | undefined;
  ifVersion?: number | undefined;
  /** Called before the sprint ends or is archived. */
  heldBy: HeldBy;
}

export interface SaveSprintAnswer extends SaveAnswer {
  /** Unfinished tasks that were moved out of it. */
  carried: number;
}

const WHEN_ENDING = 'only when the sprint ends: with status completed or cancelled, or archived';

/**
 * Makes a sprint, or changes the one with this id; then lets a session join it. Fails as `findItem`, or with
 * `illegal-transition`, `version-mismatch`, `confirm-needed`, `not-allowed`.
 */
export function saveSprint(tx: Transaction, ctx: Context, input: SaveSprintInput): Result<SaveSprintAnswer> {
  const saved = input.id === undefined ? createSprint(tx, ctx, input) : updateSprint(tx, ctx, input, input.id);
  if (!saved.ok || input.join === undefined) return saved;
  const session = openSession(tx, input.join, ctx);
  if (!session.ok) return session;
  const { id, changed } = saved.value;
  const joined = joinSprint(tx, input.join, id, input.project);
  if (!joined.ok) return joined;
  const sprint = findItem(tx, 'sprint', id, input.project);
  const version = sprint.ok ? tx.version(sprintStream(sprint.value.id)) : saved.value.version;
  return ok({ ...saved.value, version, changed: joined.value ? [...changed, 'sessions'] : changed });
}

function createSprint(tx: Transaction, ctx: Context, input: SaveSprintInput): Result<SaveSprintAnswer> {
  const { fields, project } = input;
  if (fields.title === undefined) return badInput('title', 'required for a new sprint; give id to change one');
  if (fields.archived === true) return badInput('archived', 'a new sprint is not archived');
  if (input.carryTo !== undefined) return badInput('carry_to', WHEN_ENDING);
  const [id = ''] = nextIds(tx, 'sprint', project, 1);
  const sprint = newSprint(ctx, id, project, fields);
  const fault = datesFault(sprint);
  if (fault !== undefined) return fault;
  tx.create(sprintStream(id), { type: 'sprint.created' }, sprint);
  const version = tx.version(sprintStream(id));
  return ok({ id: showId(id), created: true, version, changed: givenFields(fields), carried: 0 });
}

/** A sprint as it begins. */
export function newSprint(ctx: Context, id: string, project: string, fields: SprintFields): SprintDocument {
  const at = new Date(ctx.now).toISOString();
  const sprint: SprintDocument = {
    schema: 1,
    id,
    project,
    title: fields.title ?? '',
    goal: fields.goal ?? '',
    status: fields.status ?? 'planned',
    sessions: [],
    tasks: [],
    archived: false,
    created_at: at,
  };
  applyPlain(sprint, fields);
  if (sprint.status === 'active') sprint.started_at = at;
  if (hasEnded(sprint)) sprint.ended_at = at;
  return sprint;
}

function updateSprint(tx: Transaction, ctx: Context, input: SaveSprintInput, named: string): Result<SaveSprintAnswer> {
  const { fields, project } = input;
  const found = findItem(tx, 'sprint', named, project);
  if (!found.ok) return found;
  const { id, status: from } = found.value;
  const before = withoutTasks(found.value);
  const version = checkItemVersion(tx, ctx, 'sprint', found.value, input.ifVersion);
  if (!version.ok) return version;
  const to = fields.status ?? from;
  const illegal = illegalStatus(SPRINT_LEGAL, 'sprint', id, from, to);
  if (illegal !== undefined) return fail(illegal);
  const result = ending(input, before, to);
  if (result === undefined && input.carryTo !== undefined) return badInput('carry_to', WHEN_ENDING);
  const held = result && input.heldBy(tx, found.value, result.what);
  if (held !== undefined) return fail(held);
  const carried = result === undefined ? ok(undefined) : carryOver(tx, result);
  if (!carried.ok) return carried;
  tx.edit<SprintDocument>(sprintStream(id), eventHeadOf(MOVED, from, to), (draft) => {
    applyPlain(draft, fields);
    if (fields.archived !== undefined) draft.archived = fields.archived;
    if (to === from) return;
    const at = new Date(ctx.now).toISOString();
    draft.status = to;
    if (to === 'active') draft.started_at ??= at;
    setOrClear(draft, 'ended_at', hasEnded(draft) ? at : undefined);
    setOrClear(draft, 'result', hasEnded(draft) ? carried.value : undefined);
  });
  const after = withoutTasks(tx.read<SprintDocument>(sprintStream(id)) ?? before);
  const fault = datesFault(after);
  if (fault !== undefined) return fault;
  const moved = carried.value?.carried ?? 0;
  const changed = [...changedFields(before, after), ...(moved > 0 ? ['tasks'] : [])];
  return ok({ id: showId(id), created: false, version: tx.version(sprintStream(id)), changed, carried: moved });
}

/** What to do with the sprint's tasks if this change ends or archives it; undefined if it does neither. */
function ending({ project, carryTo, force, fields }: SaveSprintInput, before: SprintDocument, to: SprintStatus) {
  const { id } = before;
  const closing = { id, project };
  if (hasEnded({ status: to }) && !hasEnded(before)) {
    const ended: Closing = { ...closing, what: `Ending ${showId(id)}`, argument: `status: "${to}"`, carryTo };
    return ended;
  }
  if (fields.archived !== true || before.archived || hasEnded(before)) return undefined;
  const what = `Archiving ${showId(id)}`;
  const archived: Closing = { ...closing, what, argument: 'archived: true', carryTo: force ? BACKLOG : carryTo };
  return archived;
}

function applyPlain(draft: SprintDocument, fields: SprintFields): void {
  const { title, goal, capacity, starts_at, ends_at } = fields;
  if (title !== undefined) draft.title = title;
  if (goal !== undefined) draft.goal = goal;
  if (capacity !== undefined) draft.capacity = capacity;
  if (starts_at !== undefined) setOrClear(draft, 'starts_at', starts_at);
  if (ends_at !== undefined) setOrClear(draft, 'ends_at', ends_at);
}

function datesFault({ starts_at, ends_at }: SprintDocument) {
  if (starts_at === undefined || ends_at === undefined || endOf(ends_at) >= Date.parse(starts_at)) return undefined;
  return badInput('ends_at', `is before starts_at (${starts_at})`);
}

/** A copy without its tasks: they may be thousands, and change by their own patches. */
function withoutTasks(sprint: Readonly<SprintDocument>): SprintDocument {
  return structuredClone({ ...sprint, tasks: [] });
}

const MOVED: Moves<SprintStatus> = {
  none: 'sprint.updated',
  planned: 'sprint.planned',
  active: 'sprint.started',
  completed: 'sprint.completed',
  cancelled: 'sprint.cancelled',
};
