// Reads mcp-shrimp-task-manager's tasks.json: tasks with names, guides, criteria and dependencies by UUID. Listed in
// index.ts.

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

const BOOKKEEPING = new Set(['createdAt', 'updatedAt', 'completedAt']);

export const shrimp: SourceKind = {
  reads: /(^|\/)tasks\.json$/,
  called: 'the name tasks.json',
  uniqueKeys: true,
  mine: (value) => {
    const tasks = isObject(value) ? value.tasks : value;
    return Array.isArray(tasks) && tasks.some((one) => isObject(one) && textOf(one.name) !== '' && !('title' in one));
  },
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      const value = parseJson(file, found);
      if (value === undefined) continue;
      const tasks = isObject(value) ? value.tasks : value;
      if (isObject(value))
        for (const name of Object.keys(value))
          if (name !== 'tasks') found.left.push({ item: `${file.name} ${name}`, why: 'it is no task' });
      if (!Array.isArray(tasks)) found.left.push({ item: file.name, why: 'there is no list of tasks in it' });
      else for (const task of objectsOf(found, tasks, file.name)) readTask(found, task);
    }
    return found;
  },
};

function readTask(found: Imported, record: Record<string, unknown>): void {
  const fields = new Fields(record);
  const task: SourceTask = {
    key: fields.text('id'),
    title: fields.text('name'),
    description: '',
    status: 'todo',
    labels: [],
    needs: fields.names('dependencies', (one) => textOf(isObject(one) ? one.taskId : one)),
    born: textOf(record.createdAt) || undefined,
    updated: textOf(record.updatedAt) || undefined,
  };
  if (task.key === '') {
    found.left.push({ item: task.title.slice(0, 80), why: 'it has no id' });
    return;
  }
  giveStatus(found, task, fields.text('status'));
  const agent = fields.text('agent');
  if (agent !== '') task.assignee = agent;
  task.description = paragraphs([
    ['', fields.take('description')],
    ['Guide', fields.take('implementationGuide')],
    ['Verify', fields.take('verificationCriteria')],
    ['Notes', fields.take('notes')],
    ['Files', fields.take('relatedFiles')],
    ['Result', fields.take('summary')],
    ['Analysis', fields.take('analysisResult')],
    ...fields.others(found, BOOKKEEPING),
  ]);
  found.tasks.push(task);
}
