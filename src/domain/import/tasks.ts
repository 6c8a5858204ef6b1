// Imports tasks of another program, each once. A document per source notes which task each key became, in the commit
// that makes the task, so that an import can be repeated. Pure; cli/verbs/import.ts calls it batch by batch.

import { hash } from 'node:crypto';
import { ok, type Result } from '../../failure/failure.ts';
import type { JsonObject } from '../../json/json.ts';
import { escapeToken } from '../../json/pointer.ts';
import type { Context, Transaction } from '../command.ts';
import type { EventType } from '../events.ts';
import { findItem } from '../plan/find.ts';
import { showId, taskStream } from '../plan/ids.ts';
import { type PlannedTask, savePlan } from '../plan/save-plan.ts';
import { saveTask, type TaskFields } from '../plan/save-task.ts';
import type { TaskDocument, TaskStatus } from '../plan/task.ts';

/**
 * A task of a source, in this project's terms. `key` is the source's own id; `needs`, `parent` and `discovered_from`
 * name keys.
 */
export interface ImportedTask {
  key: string;
  title: string;
  description: string;
  /** What of the source's text is too long for the description. */
  details?: string | undefined;
  status: TaskStatus;
  priority?: number | undefined;
  points?: number | undefined;
  assignee?: string | undefined;
  labels: string[];
  needs: string[];
  parent?: string | undefined;
  discovered_from?: string | undefined;
  blocked_reason?: string | undefined;
}

/** What was imported from one source: its keys, and the stored id of each. */
export interface ImportDocument {
  schema: 1;
  project: string;
  from: string;
  /** The source's name for people. */
  name: string;
  ids: Record<string, string>;
}

export interface ImportSource {
  project: string;
  from: string;
  /** Tells this source from others of its kind: a path, or '' if keys are unique everywhere. */
  identity: string;
  name: string;
}

export interface ImportTasksAnswer {
  /** Ids of the tasks made now, by key. */
  made: Record<string, string>;
}

/** The stream of a source's document; `identity` is part of it as a hash. */
export function importStream({ project, from, identity }: ImportSource): string {
  return `import/${project}.${from}.${hash('sha256', identity).slice(0, 12)}`;
}

const MOVED: Record<Exclude<TaskStatus, 'todo'>, EventType> = {
  active: 'task.started',
  review: 'task.submitted',
  blocked: 'task.blocked',
  done: 'task.finished',
  cancelled: 'task.cancelled',
};

/**
 * Makes the tasks that were not imported before. Contract: at most 200 tasks, each after those it needs, without
 * cycles.
 */
export function importTasks(
  tx: Transaction,
  ctx: Context,
  source: ImportSource,
  tasks: readonly ImportedTask[],
): Result<ImportTasksAnswer> {
  const known = tx.read<ImportDocument>(importStream(source))?.ids ?? {};
  const fresh = tasks.filter(({ key }) => !Object.hasOwn(known, key));
  if (fresh.length === 0) return ok({ made: {} });
  const places = new Map(fresh.map(({ key }, index) => [key, `t${index}`]));
  const named = (key: string): string[] => {
    const id = Object.hasOwn(known, key) ? known[key] : undefined;
    const name = places.get(key) ?? (id === undefined ? undefined : showId(id));
    return name === undefined ? [] : [name];
  };
  const planned = fresh.map(({ key, title, description, priority, points, assignee, labels, needs, parent }, index) => {
    const task: PlannedTask = { key: places.get(key) ?? `t${index}`, title, description, priority, points, labels };
    if (assignee !== undefined) task.assignee = assignee;
    const [above] = parent === undefined ? [] : named(parent);
    return { ...task, needs: needs.flatMap(named), ...(above === undefined ? {} : { parent: above }) };
  });
  const saved = savePlan(tx, ctx, { project: source.project, tasks: planned });
  if (!saved.ok) return saved;
  const made = Object.fromEntries(fresh.map(({ key }) => [key, saved.value.ids[places.get(key) ?? ''] ?? '']));
  for (const task of fresh) settle(tx, ctx, source.project, task, made[task.key] ?? '');
  remember(tx, source, made);
  return ok({ made });
}

/**
 * Gives a task its status and details. Whatever its needs say: what is finished or begun stays so, since needs hold
 * back the start of work, and not what was done elsewhere.
 */
function settle(
  tx: Transaction,
  ctx: Context,
  project: string,
  { status, blocked_reason, details }: ImportedTask,
  id: string,
): void {
  const found = findItem(tx, 'task', id, project);
  if (!found.ok || (status === 'todo' && details === undefined)) return;
  const head =
    status === 'todo' ? { type: 'task.updated' as const } : { type: MOVED[status], data: { from: 'todo' as const } };
  const at = new Date(ctx.now).toISOString();
  tx.edit<TaskDocument>(taskStream(found.value.id), head, (draft) => {
    if (details !== undefined) draft.details = details;
    if (status === 'todo') return;
    draft.status = status;
    draft.status_at = at;
    if (status === 'active' || status === 'review') draft.started_at = at;
    if (status === 'done') draft.done_at = at;
    if (status === 'blocked') draft.blocked_reason = blocked_reason ?? 'blocked where it was imported from';
  });
}

export interface ImportedLink {
  key: string;
  parent?: string | undefined;
  discovered_from?: string | undefined;
}

/**
 * Sets parents and origins that were imported after the task itself, unless the task has one already. Answers how many
 * tasks changed.
 */
export function importLinks(
  tx: Transaction,
  ctx: Context,
  source: ImportSource,
  links: readonly ImportedLink[],
): Result<number> {
  const ids = tx.read<ImportDocument>(importStream(source))?.ids ?? {};
  let set = 0;
  for (const { key, parent, discovered_from } of links) {
    const id = idOf(ids, key);
    const found = id === undefined ? undefined : findItem(tx, 'task', id, source.project);
    const task = found?.ok ? found.value : undefined;
    if (id === undefined || task === undefined || task.archived) continue;
    const [above, origin] = [idOf(ids, parent), idOf(ids, discovered_from)];
    const fields: TaskFields = {};
    if (above !== undefined && task.parent === undefined) fields.parent = above;
    if (origin !== undefined && task.discovered_from === undefined) fields.discovered_from = origin;
    if (Object.keys(fields).length === 0) continue;
    const saved = saveTask(tx, ctx, { id, project: source.project, fields });
    if (!saved.ok) return saved;
    set += 1;
  }
  return ok(set);
}

/** The id that a key of the source got. A key may be called like a member of every object, such as `constructor`. */
function idOf(ids: Readonly<Record<string, string>>, key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(ids, key) ? ids[key] : undefined;
}

/** Notes the ids that keys of a source got. */
export function remember(tx: Transaction, source: ImportSource, made: Readonly<Record<string, string>>): void {
  const stream = importStream(source);
  const ids: JsonObject = Object.fromEntries(Object.entries(made).map(([key, id]) => [key, id.toLowerCase()]));
  const head = { type: 'import.recorded', data: { from: source.from, count: Object.keys(ids).length } } as const;
  if (tx.version(stream) === 0) {
    const { project, from, name } = source;
    tx.create(stream, head, { schema: 1, project, from, name, ids });
    return;
  }
  const ops = Object.entries(ids).map(([key, value]) => ({
    op: 'add' as const,
    path: `/ids/${escapeToken(key)}`,
    value,
  }));
  tx.patch(stream, head, ops);
}
