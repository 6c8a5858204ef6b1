// Reads Claude Code's own tasks: ~/.claude/tasks/<session>/<n>.json, one file per task. Listed in index.ts.

import type { ImportedTask } from '../../domain/import/tasks.ts';
import type { TaskStatus } from '../../domain/plan/task.ts';
import { isObject } from '../../json/json.ts';
import { listOf, nothing, paragraphs, parseJson, type SourceKind, textOf } from './shape.ts';

const STATUSES: Record<string, TaskStatus> = { pending: 'todo', in_progress: 'active', completed: 'done' };

export const claudeTasks: SourceKind = {
  reads: /(^|\/)\d+\.json$/,
  uniqueKeys: false,
  read: (files) => {
    const found = nothing();
    const made = new Map<string, ImportedTask>();
    const blocks: [key: string, blocked: string][] = [];
    for (const file of files) {
      const value = parseJson(file, found);
      if (!isObject(value)) continue;
      const list = file.name.includes('/') ? file.name.slice(0, file.name.lastIndexOf('/') + 1) : '';
      const id = textOf(value.id) || file.name.slice(list.length).replace(/\.json$/, '');
      const key = `${list}${id}`;
      const named = textOf(value.status);
      const status = Object.hasOwn(STATUSES, named) ? STATUSES[named] : undefined;
      if (status === undefined) {
        found.left.push({
          item: key,
          why: named === 'deleted' ? 'it was deleted' : `its status is "${named.slice(0, 40)}"`,
        });
        continue;
      }
      const task: ImportedTask = {
        key,
        title: textOf(value.subject),
        description: paragraphs([['', value.description]]),
        status,
        labels: [],
        needs: listOf(value.blockedBy).map((other) => `${list}${textOf(other)}`),
      };
      const owner = textOf(value.owner);
      if (owner !== '') task.assignee = owner;
      for (const other of listOf(value.blocks)) blocks.push([key, `${list}${textOf(other)}`]);
      made.set(key, task);
    }
    for (const [key, blocked] of blocks) made.get(blocked)?.needs.push(key);
    found.tasks.push(...made.values());
    return found;
  },
};
