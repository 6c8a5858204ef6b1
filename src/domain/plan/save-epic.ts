// epic_save: makes or changes one epic. Ending an epic never waits for its tasks; archiving it takes them along. Pure.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { badInput, changedFields, givenFields, type SaveAnswer, setOrClear } from './answer.ts';
import { archiveWith, restoreWith } from './archive.ts';
import { EPIC_LEGAL, type EpicDocument, type EpicStatus } from './epic.ts';
import { checkItemVersion, findItem } from './find.ts';
import { epicStream, nextIds, showId } from './ids.ts';
import { becameReady, DEFAULT_PRIORITY } from './task.ts';
import { eventHeadOf, illegalStatus, type Moves } from './transitions.ts';

export interface EpicFields {
  title?: string | undefined;
  description?: string | undefined;
  status?: EpicStatus | undefined;
  priority?: number | undefined;
  owner?: string | undefined;
  archived?: boolean | undefined;
}

export interface SaveEpicInput {
  id?: string | undefined;
  project: string;
  fields: EpicFields;
  force?: boolean | undefined;
  ifVersion?: number | undefined;
}

export interface SaveEpicAnswer extends SaveAnswer {
  /** Tasks that became ready because one that they needed was archived. */
  unblocked: string[];
}

/**
 * Makes an epic, or changes the one with this id. Fails as `findItem`, or with `illegal-transition`,
 * `version-mismatch`, `confirm-needed`.
 */
export function saveEpic(tx: Transaction, ctx: Context, input: SaveEpicInput): Result<SaveEpicAnswer> {
  return input.id === undefined ? createEpic(tx, ctx, input) : updateEpic(tx, ctx, input, input.id);
}

function createEpic(tx: Transaction, ctx: Context, input: SaveEpicInput): Result<SaveEpicAnswer> {
  const { fields, project } = input;
  if (fields.title === undefined) return badInput('title', 'required for a new epic; give id to change one');
  if (fields.archived === true) return badInput('archived', 'a new epic is not archived');
  const [id = ''] = nextIds(tx, 'epic', project, 1);
  tx.create(epicStream(id), { type: 'epic.created' }, newEpic(ctx, id, project, fields));
  const version = tx.version(epicStream(id));
  return ok({ id: showId(id), created: true, version, changed: givenFields(fields), unblocked: [] });
}

/** An epic as it begins. */
export function newEpic(ctx: Context, id: string, project: string, fields: EpicFields): EpicDocument {
  const epic: EpicDocument = {
    schema: 1,
    id,
    project,
    title: fields.title ?? '',
    description: fields.description ?? '',
    status: fields.status ?? 'planned',
    priority: fields.priority ?? DEFAULT_PRIORITY,
    tasks: [],
    archived: false,
    created_at: new Date(ctx.now).toISOString(),
  };
  setOrClear(epic, 'owner', fields.owner);
  return epic;
}

function updateEpic(tx: Transaction, ctx: Context, input: SaveEpicInput, named: string): Result<SaveEpicAnswer> {
  const { fields, project } = input;
  const found = findItem(tx, 'epic', named, project);
  if (!found.ok) return found;
  const { id, status: from, archived, tasks } = found.value;
  // Without its tasks, which this command does not change: they may be thousands.
  const before = { ...found.value, tasks: [] };
  const version = checkItemVersion(tx, ctx, 'epic', found.value, input.ifVersion);
  if (!version.ok) return version;
  const to = fields.status ?? from;
  const illegal = illegalStatus(EPIC_LEGAL, 'epic', id, from, to);
  if (illegal !== undefined) return fail(illegal);
  const below = [...tasks];
  tx.edit<EpicDocument>(epicStream(id), eventHeadOf(MOVED, from, to), (draft) => apply(draft, ctx, fields));
  let met: string[] = [];
  if (fields.archived !== undefined && fields.archived !== archived) {
    const call = `epic_save {id: "${showId(id)}", archived: true, force: true}, or finish or move those first`;
    const moved = fields.archived
      ? archiveWith(tx, { id, below, call, force: input.force === true })
      : restoreWith(tx, id, below);
    if (!moved.ok) return moved;
    met = fields.archived ? moved.value : [];
  }
  const after = { ...(tx.read<EpicDocument>(epicStream(id)) ?? before), tasks: [] };
  return ok({
    id: showId(id),
    created: false,
    version: tx.version(epicStream(id)),
    changed: changedFields(before, after),
    unblocked: becameReady(tx, met).map(showId),
  });
}

function apply(draft: EpicDocument, ctx: Context, fields: EpicFields): void {
  const { title, description, status, priority, owner, archived } = fields;
  if (title !== undefined) draft.title = title;
  if (description !== undefined) draft.description = description;
  if (priority !== undefined) draft.priority = priority;
  if (owner !== undefined) setOrClear(draft, 'owner', owner);
  if (archived !== undefined) draft.archived = archived;
  if (status === undefined || status === draft.status) return;
  draft.status = status;
  const over = status === 'completed' || status === 'cancelled';
  setOrClear(draft, 'ended_at', over ? new Date(ctx.now).toISOString() : undefined);
}

const MOVED: Moves<EpicStatus> = {
  none: 'epic.updated',
  planned: 'epic.planned',
  active: 'epic.started',
  completed: 'epic.completed',
  cancelled: 'epic.cancelled',
};
