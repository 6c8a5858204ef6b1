// Reads the parts of the older state directory that are no loose values: sessions/<id>.json, a project's epics.json and
// sprints.json, and tools.json. Called by state-files.ts for each file.

import type { ImportedItem } from '../../domain/import/surroundings.ts';
import type { EpicStatus } from '../../domain/plan/epic.ts';
import { SESSION_MODES } from '../../domain/session/document.ts';
import type { RegistryKind } from '../../domain/team/registry.ts';
import { isObject, type JsonObject } from '../../json/json.ts';
import { checkValue } from '../../json/limits.ts';
import { Fields, giveStatus, type Imported, paragraphs, type SourceTask, textOf } from './shape.ts';

type Values = Record<string, unknown>;

/** Keys of a session that are not its user's. */
export const OWNED: ReadonlySet<string> = new Set([
  ...['schema', 'session', 'execution', 'organization', 'communication', 'observability', 'imported'],
]);
const NONE: ReadonlySet<string> = new Set();
const EPICS: Readonly<Record<string, EpicStatus>> = {
  planned: 'planned',
  todo: 'planned',
  completed: 'completed',
  done: 'completed',
  cancelled: 'cancelled',
};
const SPRINTS = { planned: 'planned', active: 'active', completed: 'completed', cancelled: 'cancelled' } as const;
const KINDS = { agent: 'agent', command: 'command', workflow: 'template' } as const;
const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/;

/** Takes a file if it is one of these; false if it is not. */
export function readV2(found: Imported, name: string, value: unknown): boolean {
  if (!isObject(value)) return false;
  if (isObject(value.session) && isObject(value.session.lifecycle)) return readSession(found, name, value);
  const [, project = '', list] = /(?:^|\/)(?:([^/]+)\/)?(epics|sprints|tools)\.json$/.exec(name) ?? [];
  const items = Object.entries(value);
  if (list === undefined || !items.every(([, item]) => isObject(item))) return false;
  for (const [id, item] of items) {
    const fields = new Fields(item as Values);
    const key = `${list}:${project}/${fields.text('id') || id}`;
    if (list === 'epics') found.items.push(epicOf(found, key, fields));
    else if (list === 'sprints') found.items.push(sprintOf(found, key, fields));
    else readTool(found, key, fields.text('name') || id, fields);
  }
  return true;
}

const pick = <T extends string>(table: Readonly<Record<string, T>>, word: string, other: T): T =>
  Object.hasOwn(table, word) ? (table[word] ?? other) : other;

function epicOf(found: Imported, key: string, fields: Fields): ImportedItem {
  const word = fields.text('status');
  const status = pick<EpicStatus>(EPICS, word, 'active');
  if (!Object.hasOwn(EPICS, word) && !['in_progress', 'active'].includes(word))
    found.changed.push({ item: key, why: `its status ${word} is active here` });
  const title = fields.text('title');
  const description = fields.text('description');
  const given = fields.take('priority');
  const priority = Math.min(5, Math.max(1, Math.round(Number(given ?? 3)) || 3));
  if (given !== undefined && given !== null && textOf(given) !== String(priority))
    found.changed.push({
      item: key,
      why: `its priority ${textOf(given) || JSON.stringify(given)} is ${priority} here`,
    });
  return {
    kind: 'epics',
    key,
    title: title.slice(0, 200) || key,
    description: paragraphs([
      ['', description],
      ['title', title.length > 200 ? title : ''],
      ...fields.others(found, NONE),
    ]),
    status,
    priority,
  };
}

function sprintOf(found: Imported, key: string, fields: Fields): ImportedItem {
  const word = fields.text('status');
  const title = fields.text('name');
  const dates = ['start_date', 'end_date'].map((name) => {
    const text = fields.text(name);
    const day = text.slice(0, 10);
    const known = /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day));
    return { day: known ? day : undefined, text: known && day === text ? '' : text };
  });
  const [start, end] = dates;
  const goals = fields.names('goals').join('\n');
  const tasks = fields.names('tasks');
  return {
    kind: 'sprints',
    key,
    title: title.slice(0, 200) || key,
    goal: paragraphs([
      ['', goals],
      ['name', title.length > 200 ? title : ''],
      ['start_date', start?.text],
      ['end_date', end?.text],
      ['status', Object.hasOwn(SPRINTS, word) ? '' : word],
      ...fields.others(found, NONE),
    ]),
    status: pick(SPRINTS, word, 'planned'),
    starts_at: start?.day,
    ends_at: end?.day,
    tasks,
  };
}

function readTool(found: Imported, key: string, name: string, fields: Fields): void {
  const word = fields.text('type');
  const kind = pick<RegistryKind>(KINDS, word, 'tool');
  const description = paragraphs([
    ['', fields.take('description')],
    ['type', Object.hasOwn(KINDS, word) ? '' : word],
    ...fields.others(found, NONE),
  ]);
  addEntry(found, { key, entry: kind, id: name, description });
}

/** Adds an entry of the registry once; a name that none can have is noted. */
function addEntry(found: Imported, entry: { key: string; entry: RegistryKind; id: string; description: string }): void {
  const id = entry.id.toLowerCase().replace(/[^a-z0-9._-]+/g, '-');
  if (!NAME.test(id)) {
    found.left.push({ item: entry.key, why: `no entry of the registry can have the name ${entry.id.slice(0, 60)}` });
    return;
  }
  if (id !== entry.id) found.changed.push({ item: entry.key, why: `its name is ${id} here` });
  const { key, entry: kind, description } = entry;
  const known = found.items.find((item) => item.kind === 'agents' && item.entry === kind && item.id === id);
  if (known?.kind !== 'agents') {
    found.items.push({ kind: 'agents', ...entry, id });
  } else if (!known.description.split('\n\n').includes(description) && description !== '') {
    known.description = paragraphs([
      ['', known.description],
      ['', description],
    ]);
    found.changed.push({ item: key, why: `its description stands with that of ${known.key}, which has its name` });
  }
}

function readSession(found: Imported, name: string, value: Values): boolean {
  const { session, execution: run, observability, ...rest } = value;
  const execution = isObject(run) ? run : {};
  const fields = new Fields(session as Values);
  const id = fields.text('id') || name;
  const key = `session:${id}`;
  const { tasks, agents, ...work } = execution;
  const life = new Fields(fields.take('lifecycle') as Values);
  const status = life.text('status');
  if (!['active', 'paused', 'completed'].includes(status))
    found.changed.push({ item: key, why: `its status ${status} is paused here` });
  const mode = fields.text('mode');
  const known = SESSION_MODES.find((one) => one === mode);
  const created = fields.time('created_at');
  const expiry = life.time('expiry');
  // What has no place in a session here stands below `imported`, with its own names.
  const lifecycle = Object.fromEntries(life.others(found, NONE));
  const more = {
    session: { ...Object.fromEntries(fields.others(found, NONE)), lifecycle },
    ...(run === execution ? {} : { execution: run }),
    ...(tasks === undefined || isObject(tasks) ? {} : { tasks }),
  };
  const owned = Object.entries(rest).filter(([name]) => OWNED.has(name));
  const own = Object.entries(rest).filter(([name]) => !OWNED.has(name));
  const below = {
    ...Object.fromEntries(owned),
    ...more,
    observability: observability ?? {},
    agents: agents ?? {},
    mode,
  };
  const state: Values = { ...Object.fromEntries(own), imported: below };
  const checked = [state, work].map((part) => checkValue(part, { depth: 60, bytes: 1024 * 1024 }));
  if (checked.some((one) => !one.ok)) {
    found.left.push({ item: name, why: 'it is refused as state' });
    return true;
  }
  for (const [agent, facts] of Object.entries(isObject(agents) ? agents : {}))
    addEntry(found, {
      key: `agent:${agent}`,
      entry: 'agent',
      id: agent,
      description: paragraphs([['', describe(facts)]]),
    });
  for (const [task, record] of Object.entries(isObject(tasks) ? tasks : {})) readTask(found, id, task, record);
  found.items.push({
    kind: 'sessions',
    key,
    facts: {
      mode: known ?? 'development',
      created_at: created,
      expires_at: expiry,
      user_context: {},
      agents: {},
    },
    over: status === 'completed',
    execution: work as JsonObject,
    state: state as JsonObject,
  });
  return true;
}

const describe = (facts: unknown): string =>
  isObject(facts) ? [textOf(facts.name), textOf(facts.type)].filter((one) => one !== '').join(', ') : textOf(facts);

function readTask(found: Imported, session: string, name: string, record: unknown): void {
  if (!isObject(record)) {
    found.left.push({ item: `${session}/${name}`, why: 'it is no task' });
    return;
  }
  const fields = new Fields(record);
  if (textOf(record.id) === name) fields.take('id');
  const task: SourceTask = {
    key: `${session}/${name}`,
    title: fields.text('title') || name,
    description: '',
    status: 'todo',
    labels: [],
    needs: fields.names('dependencies').map((one) => `${session}/${one}`),
  };
  const blocker = fields.take('blocker');
  if (isObject(blocker)) task.blocked_reason = textOf(blocker.reason) || undefined;
  giveStatus(found, task, fields.text('status'));
  if (task.status !== 'blocked') delete task.blocked_reason;
  const assignee = fields.text('assignee');
  if (assignee !== '') task.assignee = assignee;
  const [points, priority] = [record.points, record.priority];
  if (typeof points === 'number' && points >= 0 && points <= 1_000) task.points = Number(fields.take('points'));
  if (priority === 1 || priority === 2 || priority === 3 || priority === 4 || priority === 5)
    task.priority = Number(fields.take('priority'));
  task.description = paragraphs([
    ['', fields.take('description')],
    ['Blocker', blocker],
    ...fields.others(found, NONE),
  ]);
  found.tasks.push(task);
}

/** Gives items of one key keys of their own, or the second would pass for one that was imported before. */
export function settleItems(found: Imported): void {
  const seen = new Map<string, string[]>();
  found.items = found.items.filter((item) => {
    const text = JSON.stringify(item);
    const { key } = item;
    const known = seen.get(key) ?? [];
    seen.set(key, [...known, text]);
    if (known.includes(text)) {
      found.left.push({ item: key, why: 'it is a copy' });
      return false;
    }
    if (known.length === 0) return true;
    item.key = `${key}#${known.length + 1}`;
    found.changed.push({ item: key, why: `another item has its id: it is taken as ${item.key}` });
    return true;
  });
}

/** Gives each sprint the keys of the tasks that it names; a note for each that is not there. */
export function linkSprints(found: Imported): void {
  const keys = new Map(found.tasks.map(({ key }) => [key.slice(key.indexOf('/') + 1), key]));
  for (const item of found.items) {
    if (item.kind !== 'sprints') continue;
    item.tasks = item.tasks.flatMap((name) => {
      const key = keys.get(name);
      if (key === undefined) found.left.push({ item: item.key, why: `its task ${name} is not there` });
      return key === undefined ? [] : [key];
    });
  }
}
