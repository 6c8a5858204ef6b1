// Imports what stands round tasks elsewhere: epics, sprints with their tasks, entries of the registry and sessions,
// each once. Pure; cli/verbs/import.ts calls it after the tasks.

import { ok, type Result } from '../../failure/failure.ts';
import type { JsonObject } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import type { EpicStatus } from '../plan/epic.ts';
import { findItem } from '../plan/find.ts';
import { nextIds, showId, sprintStream, taskStream } from '../plan/ids.ts';
import { join } from '../plan/links.ts';
import { saveEpic } from '../plan/save-epic.ts';
import { newSprint } from '../plan/save-sprint.ts';
import { hasEnded, type SprintStatus } from '../plan/sprint.ts';
import { isFinished, type TaskDocument } from '../plan/task.ts';
import { documentSchemas } from '../schemas.ts';
import { type SessionDocument, type SessionFacts, sessionStream, type Workspace } from '../session/document.ts';
import { type RegistryKind, registryStream, saveEntry } from '../team/registry.ts';
import { type ImportDocument, type ImportSource, importStream, remember } from './tasks.ts';

export interface ImportedEpic {
  kind: 'epics';
  key: string;
  title: string;
  description: string;
  status: EpicStatus;
  priority?: number | undefined;
}

export interface ImportedSprint {
  kind: 'sprints';
  key: string;
  title: string;
  goal: string;
  status: SprintStatus;
  starts_at?: string | undefined;
  ends_at?: string | undefined;
  capacity?: number | undefined;
  /** Keys of its tasks. */
  tasks: string[];
}

export interface ImportedEntry {
  kind: 'agents';
  key: string;
  entry: RegistryKind;
  id: string;
  description: string;
  capacity?: number | undefined;
}

export interface ImportedSession {
  kind: 'sessions';
  key: string;
  facts: Pick<SessionFacts, 'mode' | 'created_at' | 'expires_at' | 'user_context' | 'agents'>;
  over: boolean;
  execution: JsonObject;
  state: JsonObject;
}

export type ImportedItem = ImportedEpic | ImportedSprint | ImportedEntry | ImportedSession;

export interface ImportItemsAnswer {
  /** The id of each by its key. */
  made: Record<string, string>;
  /** Entries of the registry that are here already, made by somebody or by another source: they are not touched. */
  untouched: ImportedEntry[];
}

/** Makes the items that were not imported before. */
export function importItems(
  tx: Transaction,
  ctx: Context,
  source: ImportSource,
  workspace: Workspace,
  items: readonly ImportedItem[],
): Result<ImportItemsAnswer> {
  const known = tx.read<ImportDocument>(importStream(source))?.ids ?? {};
  const made: Record<string, string> = {};
  const untouched: ImportedEntry[] = [];
  for (const item of items) {
    if (Object.hasOwn(known, item.key)) continue;
    if (item.kind === 'agents' && tx.read(registryStream(source.project, item.entry, item.id)) !== undefined) {
      untouched.push(item);
      continue;
    }
    const one = makeItem(tx, ctx, source.project, workspace, item, known);
    if (!one.ok) return one;
    made[item.key] = one.value;
  }
  if (Object.keys(made).length > 0) remember(tx, source, made);
  return ok({ made, untouched });
}

function makeItem(
  tx: Transaction,
  ctx: Context,
  project: string,
  workspace: Workspace,
  item: ImportedItem,
  known: Readonly<Record<string, string>>,
): Result<string> {
  switch (item.kind) {
    case 'epics': {
      const { title, description, status, priority } = item;
      const saved = saveEpic(tx, ctx, { project, fields: { title, description, status, priority } });
      return saved.ok ? ok(saved.value.id) : saved;
    }
    case 'sprints':
      return ok(makeSprint(tx, ctx, project, item, known));
    case 'agents': {
      const { entry, id, description, capacity } = item;
      const saved = saveEntry(tx, ctx, { project, kind: entry, id, description, capacity });
      return saved.ok ? ok(id) : saved;
    }
    case 'sessions':
      return ok(makeSession(tx, ctx, workspace, item));
  }
}

function makeSprint(
  tx: Transaction,
  ctx: Context,
  project: string,
  item: ImportedSprint,
  known: Readonly<Record<string, string>>,
): string {
  const { title, goal, status, starts_at, ends_at, capacity } = item;
  const [id = ''] = nextIds(tx, 'sprint', project, 1);
  const sprint = newSprint(ctx, id, project, { title, goal, status, starts_at, ends_at, capacity });
  const ended = hasEnded(sprint);
  if (ended) sprint.ended_at = sprint.created_at;
  tx.create(sprintStream(id), { type: 'sprint.created' }, sprint);
  const joined = item.tasks.flatMap((key) => {
    const task = Object.hasOwn(known, key) ? findItem(tx, 'task', known[key] ?? '', project) : undefined;
    // As where a sprint ends here: what is unfinished stays in the backlog.
    if (task?.ok !== true || task.value.sprint !== undefined) return [];
    return ended && !isFinished(task.value) ? [] : [task.value.id];
  });
  for (const task of joined)
    tx.edit<TaskDocument>(taskStream(task), { type: 'task.updated' }, (draft) => {
      draft.sprint = id;
    });
  if (joined.length > 0) join(tx, sprintStream(id), 'tasks', joined);
  return showId(id);
}

/** A session of another program goes on as one that is paused, so that a window can resume it; else it is over. */
function makeSession(tx: Transaction, ctx: Context, workspace: Workspace, item: ImportedSession): string {
  const id = ctx.id('ses');
  const late = !(Date.parse(item.facts.expires_at) > ctx.now);
  const session: SessionFacts = {
    ...item.facts,
    id,
    status: item.over ? 'completed' : late ? 'expired' : 'paused',
    project: workspace.project,
    project_name: workspace.projectName,
    workspace: workspace.workspace,
    directory: workspace.directory,
    handoffs: [],
  };
  if (item.over || late) session.ended_at = new Date(ctx.now).toISOString();
  const document: SessionDocument = { schema: documentSchemas.session, session, execution: item.execution };
  const head = { type: 'session.started', data: { mode: session.mode } } as const;
  tx.create(sessionStream(id), head, { ...item.state, ...document });
  return id;
}
