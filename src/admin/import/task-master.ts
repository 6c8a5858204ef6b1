// Reads task-master's tasks.json: tags (or none, as in its older format), subtasks and dependencies. Listed in
// index.ts.

import type { ImportedTask } from '../../domain/import/tasks.ts';
import type { TaskStatus } from '../../domain/plan/task.ts';
import { isObject } from '../../json/json.ts';
import { type Imported, listOf, nothing, paragraphs, parseJson, type SourceKind, textOf } from './shape.ts';

const STATUSES: Record<string, TaskStatus> = {
  pending: 'todo',
  'in-progress': 'active',
  review: 'review',
  done: 'done',
  completed: 'done',
  blocked: 'blocked',
  deferred: 'todo',
  cancelled: 'cancelled',
};
const PRIORITIES: Record<string, number> = { critical: 1, high: 2, medium: 3, low: 4 };

export const taskMaster: SourceKind = {
  reads: /(^|\/)tasks\.json$/,
  uniqueKeys: false,
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      const value = parseJson(file, found);
      if (!isObject(value)) continue;
      const tags = Array.isArray(value.tasks) ? { master: value } : value;
      for (const [tag, content] of Object.entries(tags)) {
        if (isObject(content) && Array.isArray(content.tasks)) readTag(found, tag, content.tasks);
        else found.left.push({ item: tag, why: 'it has no list of tasks' });
      }
    }
    return found;
  },
};

function readTag(found: Imported, tag: string, tasks: readonly unknown[]): void {
  for (const task of tasks) {
    if (!isObject(task)) continue;
    const id = textOf(task.id);
    const made = taskOf(found, tag, id, task, (dependency) => `${tag}:${textOf(dependency)}`);
    if (made === undefined) continue;
    for (const part of listOf(task.subtasks)) {
      if (!isObject(part)) continue;
      // A subtask names a sibling by its number, and a subtask of another task as 5.1.
      const edge = (dependency: unknown): string => {
        const text = textOf(dependency);
        return text.includes('.') ? `${tag}:${text}` : `${tag}:${id}.${text}`;
      };
      const below = taskOf(found, tag, `${id}.${textOf(part.id)}`, part, edge);
      if (below !== undefined) below.parent = made.key;
    }
  }
}

function taskOf(
  found: Imported,
  tag: string,
  id: string,
  task: Record<string, unknown>,
  edge: (dependency: unknown) => string,
): ImportedTask | undefined {
  const key = `${tag}:${id}`;
  const named = textOf(task.status).toLowerCase();
  const status = Object.hasOwn(STATUSES, named) ? STATUSES[named] : undefined;
  if (id === '' || id.endsWith('.')) {
    found.left.push({ item: key, why: 'it has no id' });
    return undefined;
  }
  if (status === undefined && named !== '')
    found.changed.push({ item: key, why: `its status ${named} is not known here: todo` });
  if (named === 'deferred') found.changed.push({ item: key, why: 'deferred is todo here, with the label deferred' });
  const made: ImportedTask = {
    key,
    title: textOf(task.title),
    description: paragraphs([
      ['', task.description],
      ['Details', task.details],
      ['Test strategy', task.testStrategy],
    ]),
    status: status ?? 'todo',
    labels: [...(tag === 'master' ? [] : [`tag:${tag}`]), ...(named === 'deferred' ? ['deferred'] : [])],
    needs: listOf(task.dependencies).map(edge),
    priority: PRIORITIES[textOf(task.priority).toLowerCase()],
  };
  const assignee = textOf(task.assignee);
  if (assignee !== '') made.assignee = assignee;
  if (made.status === 'blocked') made.blocked_reason = 'blocked where it was imported from';
  found.tasks.push(made);
  return made;
}
