// Reads beads' JSONL: issues with their edges. `blocks` becomes a need; `parent-child` and `discovered-from` exist here
// too. Listed in index.ts.

import type { ImportedTask } from '../../domain/import/tasks.ts';
import type { TaskStatus } from '../../domain/plan/task.ts';
import { isObject } from '../../json/json.ts';
import { type Imported, listOf, nothing, paragraphs, parseJson, type SourceKind, textOf } from './shape.ts';

const STATUSES: Record<string, TaskStatus> = {
  open: 'todo',
  in_progress: 'active',
  hooked: 'active',
  blocked: 'blocked',
  deferred: 'todo',
  pinned: 'todo',
  closed: 'done',
};

export const beads: SourceKind = {
  reads: /\.jsonl$/,
  uniqueKeys: true,
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      for (const [index, line] of file.text.split('\n').entries()) {
        if (line.trim() === '') continue;
        const value = parseJson({ name: `${file.name}:${index + 1}`, text: line }, found);
        if (isObject(value)) readIssue(found, value);
      }
    }
    return found;
  },
};

function readIssue(found: Imported, issue: Record<string, unknown>): void {
  const key = textOf(issue.id);
  if (key === '') return;
  const named = textOf(issue.status).toLowerCase();
  if (named === 'tombstone') {
    found.left.push({ item: key, why: 'it was deleted' });
    return;
  }
  const status = Object.hasOwn(STATUSES, named) ? STATUSES[named] : undefined;
  if (status === undefined) found.changed.push({ item: key, why: `its status ${named} is not known here: todo` });
  if (named === 'deferred') found.changed.push({ item: key, why: 'deferred is todo here, with the label deferred' });
  const type = textOf(issue.issue_type);
  const task: ImportedTask = {
    key,
    title: textOf(issue.title),
    description: paragraphs([
      ['', issue.description],
      ['Design', issue.design],
      ['Acceptance', issue.acceptance_criteria],
      ['Notes', issue.notes],
    ]),
    status: status ?? 'todo',
    labels: [
      ...listOf(issue.labels).map(textOf),
      ...(type === '' || type === 'task' ? [] : [type]),
      ...(named === 'deferred' ? ['deferred'] : []),
    ],
    needs: [],
  };
  // The most urgent priority is 0 in beads and 1 here.
  if (typeof issue.priority === 'number') task.priority = Math.min(5, Math.max(1, Math.round(issue.priority) + 1));
  const assignee = textOf(issue.assignee);
  if (assignee !== '') task.assignee = assignee;
  if (task.status === 'blocked') task.blocked_reason = 'blocked where it was imported from';
  readEdges(found, task, listOf(issue.dependencies));
  if (listOf(issue.comments).length > 0) found.changed.push({ item: key, why: 'its comments are left out' });
  found.tasks.push(task);
}

function readEdges(found: Imported, task: ImportedTask, edges: readonly unknown[]): void {
  for (const edge of edges) {
    if (!isObject(edge)) continue;
    const other = textOf(edge.depends_on_id);
    const type = textOf(edge.type);
    if (other === '') continue;
    if (type === 'blocks' || type === '') task.needs.push(other);
    else if (type === 'parent-child' && task.parent === undefined) task.parent = other;
    else if (type === 'discovered-from' && task.discovered_from === undefined) task.discovered_from = other;
    else found.left.push({ item: `${task.key} ${type} ${other}`, why: 'there is no such edge here' });
  }
}
