// Reads task-master's tasks.json: tags (or none, as in its older format), subtasks of any depth and dependencies.
// Listed in index.ts.

import { isObject } from '../../json/json.ts';
import {
  Fields,
  giveStatus,
  type Imported,
  nothing,
  objectsOf,
  paragraphs,
  parseJson,
  type SourceKind,
  type SourceTask,
  textOf,
} from './shape.ts';

const PRIORITIES: Record<string, number> = { critical: 1, high: 2, medium: 3, low: 4 };
const BOOKKEEPING = new Set(['createdAt', 'updatedAt', 'databaseId', 'parentId', 'parentTaskId']);

export const taskMaster: SourceKind = {
  reads: /(^|\/)tasks\.json$/,
  called: 'the name tasks.json',
  uniqueKeys: false,
  apart: true,
  mine: (value) => tagsOf(value).some(([, tasks]) => tasks.some((one) => isObject(one) && textOf(one.title) !== '')),
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      const value = parseJson(file, found);
      if (value === undefined) continue;
      const tags = tagsOf(value);
      for (const [tag, tasks] of tags) readTag(found, tag, tasks);
      if (tags.length === 0) found.left.push({ item: file.name, why: 'there is no list of tasks in it' });
      else if (isObject(value)) noteOthers(found, value);
    }
    return found;
  },
};

/** The lists of tasks in a file, by tag. A list without a tag is that of the tag master. */
function tagsOf(value: unknown): [tag: string, tasks: unknown[]][] {
  if (Array.isArray(value)) return [['master', value]];
  if (!isObject(value)) return [];
  const tags = Object.entries(value).flatMap(([tag, content]): [string, unknown[]][] => {
    const tasks = isObject(content) ? content.tasks : content;
    return Array.isArray(tasks) ? [[tag === 'tasks' ? 'master' : tag, tasks]] : [];
  });
  // The older format's list comes last, so that where both have an id, the tag's task keeps it.
  return [...tags.filter(([, tasks]) => tasks !== value.tasks), ...tags.filter(([, tasks]) => tasks === value.tasks)];
}

function noteOthers(found: Imported, value: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(value)) {
    if (Array.isArray(content)) continue;
    if (!isObject(content) || !Array.isArray(content.tasks))
      found.left.push({ item: name, why: 'it has no list of tasks' });
    else
      for (const key of Object.keys(content))
        if (key !== 'tasks') found.left.push({ item: `${name}.${key}`, why: 'it is about the list, not about a task' });
  }
}

function readTag(found: Imported, tag: string, tasks: readonly unknown[]): void {
  const read = new Map<string, { task: SourceTask; near: string; edges: string[] }[]>();
  readLevel({ found, tag, read }, tasks, '', undefined);
  for (const { task, near, edges } of [...read.values()].flat()) {
    task.needs = edges.map((text) => [`${near}${text}`, text].find((id) => read.has(id)) ?? text);
    task.needs = task.needs.map((id) => `${tag}:${id}`);
  }
}

interface Reading {
  found: Imported;
  tag: string;
  read: Map<string, { task: SourceTask; near: string; edges: string[] }[]>;
}

function readLevel(reading: Reading, tasks: readonly unknown[], near: string, parent: SourceTask | undefined): void {
  const { found, tag, read } = reading;
  for (const record of objectsOf(found, tasks, `${tag}:${near}tasks`)) {
    const fields = new Fields(record);
    const own = fields.text('id');
    const id = `${near}${own}`;
    if (own === '') {
      found.left.push({ item: `${tag}:${id}`, why: `it has no id: ${textOf(record.title).slice(0, 80)}` });
      continue;
    }
    const below = fields.take('subtasks');
    // A subtask names a sibling by its number, and a subtask of another task as 5.1.
    const edges = fields.names('dependencies', (edge) => textOf(isObject(edge) ? edge.id : edge));
    const task = taskOf(found, tag, id, fields);
    task.updated = textOf(record.updatedAt) || undefined;
    task.born = textOf(record.createdAt) || undefined;
    if (parent !== undefined) task.parent = parent.key;
    giveStatus(found, task, textOf(record.status));
    if (parent?.out !== undefined) task.out ??= { why: 'the task above it was deleted', open: false };
    found.tasks.push(task);
    read.set(id, [...(read.get(id) ?? []), { task, near, edges }]);
    if (Array.isArray(below)) readLevel(reading, below, `${id}.`, task);
    else if (below !== undefined) found.left.push({ item: `${task.key} subtasks`, why: 'it is no list' });
  }
}

function taskOf(found: Imported, tag: string, id: string, fields: Fields): SourceTask {
  fields.text('status');
  const task: SourceTask = {
    key: `${tag}:${id}`,
    title: fields.text('title'),
    description: '',
    status: 'todo',
    labels: tag === 'master' ? [] : [`tag:${tag}`],
    needs: [],
  };
  const word = fields.text('priority');
  const known = Object.hasOwn(PRIORITIES, word.toLowerCase());
  if (known) task.priority = PRIORITIES[word.toLowerCase()];
  const assignee = fields.text('assignee');
  if (assignee !== '') task.assignee = assignee;
  task.description = paragraphs([
    ['', fields.take('description')],
    ['Details', fields.take('details')],
    ['Test strategy', fields.take('testStrategy')],
    ['Acceptance', fields.take('acceptanceCriteria')],
    ['priority', known ? '' : word],
    ...fields.others(found, BOOKKEEPING),
  ]);
  return task;
}
