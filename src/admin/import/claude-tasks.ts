// Reads Claude Code's own tasks: ~/.claude/tasks/<session>/<n>.json, one file per task, and the lists of its older
// todos. Listed in index.ts.

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

const PRIORITIES: Record<string, number> = { high: 2, medium: 3, low: 4 };
const NONE: ReadonlySet<string> = new Set();

export const claudeTasks: SourceKind = {
  reads: /(^|\/)(\d+|[\w-]+-agent-[\w-]+)\.json$/,
  called: 'names such as 1.json or team-agent-2.json',
  uniqueKeys: false,
  mine: (value) => {
    const [first] = Array.isArray(value) ? value : [value];
    return isObject(first) && (textOf(first.subject) !== '' || textOf(first.content) !== '');
  },
  read: (files) => {
    const found = nothing();
    const blocks: [key: string, blocked: string][] = [];
    for (const file of files) {
      const value = parseJson(file, found);
      if (value === undefined) continue;
      const list = file.name.includes('/') ? file.name.slice(0, file.name.lastIndexOf('/') + 1) : '';
      const base = file.name.replace(/\.json$/, '');
      const todos = isObject(value) && Array.isArray(value.todos) ? value.todos : value;
      if (Array.isArray(todos))
        for (const [index, todo] of objectsOf(found, todos, file.name).entries())
          readTask(found, todo, `${base}/`, `${index + 1}`, blocks);
      else if (isObject(value)) readTask(found, value, list, base.slice(list.length), blocks);
      else found.left.push({ item: file.name, why: 'it is no task' });
    }
    for (const [key, blocked] of blocks) {
      const target = found.tasks.find((task) => task.key === blocked);
      if (target === undefined)
        found.changed.push({ item: key, why: `the task ${blocked} that it blocks is not there` });
      else target.needs.push(key);
    }
    return found;
  },
};

function readTask(
  found: Imported,
  record: Record<string, unknown>,
  list: string,
  name: string,
  blocks: [key: string, blocked: string][],
): void {
  const fields = new Fields(record);
  const subject = fields.text('subject');
  const task: SourceTask = {
    key: `${list}${fields.text('id') || name}`,
    title: subject === '' ? fields.text('content') : subject,
    description: '',
    status: 'todo',
    labels: [],
    needs: fields.names('blockedBy').map((other) => `${list}${other}`),
  };
  const word = fields.text('priority');
  const known = Object.hasOwn(PRIORITIES, word.toLowerCase());
  if (known) task.priority = PRIORITIES[word.toLowerCase()];
  const blocked = fields.names('blocks');
  giveStatus(found, task, fields.text('status'));
  const owner = fields.text('owner');
  if (owner !== '') task.assignee = owner;
  for (const other of blocked) blocks.push([task.key, `${list}${other}`]);
  task.description = paragraphs([
    ['', fields.take('description')],
    ['priority', known ? '' : word],
    ...fields.others(found, NONE),
  ]);
  found.tasks.push(task);
}
