// Reads beads' JSONL: issues with their edges. Every edge that blocks in beads becomes a need; records that are no work
// are noted. Listed in index.ts.

import { statusOf } from '../../domain/status-words.ts';
import { isObject } from '../../json/json.ts';
import {
  Fields,
  giveStatus,
  holdBack,
  type Imported,
  nothing,
  paragraphs,
  type SourceKind,
  type SourceTask,
  textOf,
  valuesOf,
} from './shape.ts';

/** Types of records that nobody works on. */
const NO_WORK = new Set(['message', 'event', 'agent', 'gate', 'molecule', 'role', 'convoy', 'slot', 'rig', 'wisp']);
const BLOCKING = new Set(['', 'blocks', 'waits-for', 'conditional-blocks']);
const BOOKKEEPING = new Set([
  ...['created_at', 'updated_at', 'closed_at', 'compaction_level', 'compacted_at', 'compacted_at_commit'],
  ...['original_size', 'content_hash', 'source_repo', 'created_by'],
]);

export const beads: SourceKind = {
  reads: /\.jsonl$/,
  called: 'names that end in .jsonl',
  uniqueKeys: true,
  mine: (value) => {
    const [first] = Array.isArray(value) ? value : [value];
    return isObject(first) && textOf(first.id) !== '' && textOf(first.title) !== '';
  },
  read: (files, now) => {
    const found = nothing();
    found.parentsBlock = true;
    for (const file of files) {
      const place = file.name.includes('/') ? file.name.slice(0, file.name.lastIndexOf('/')) : '';
      for (const { at, value } of valuesOf(file, found)) {
        const issues = isObject(value) && Array.isArray(value.issues) ? value.issues : [value];
        for (const issue of issues) {
          if (isObject(issue) && textOf(issue.id) !== '') readIssue(found, issue, place, now);
          else found.left.push({ item: at, why: 'it is no issue: it has no id' });
        }
      }
    }
    return found;
  },
};

function readIssue(found: Imported, issue: Record<string, unknown>, place: string, now: number): void {
  const fields = new Fields(issue);
  const task: SourceTask = {
    key: fields.text('id'),
    title: fields.text('title'),
    description: '',
    status: 'todo',
    labels: fields.names('labels'),
    needs: [],
    born: textOf(issue.created_at) || undefined,
    updated: textOf(issue.updated_at) || undefined,
    place,
  };
  const word = fields.text('status');
  const type = fields.text('issue_type');
  const noWork = whyNoWork(issue, type, word);
  if (noWork !== undefined) {
    const over = ['done', 'cancelled'].includes(statusOf(word) ?? '');
    task.out = { why: `it is no work: ${noWork}`, open: !over };
    found.tasks.push(task);
    return;
  }
  if (type !== '' && type !== 'task') task.labels.push(type);
  giveStatus(found, task, word);
  const until = fields.text('defer_until');
  if (until !== '' && !(Date.parse(until) <= now)) holdBack(found, task, `deferred until ${until}`);
  // The most urgent priority is 0 in beads and 1 here.
  if (typeof issue.priority === 'number')
    task.priority = Math.min(5, Math.max(1, Math.round(Number(fields.take('priority'))) + 1));
  const assignee = fields.text('assignee');
  if (assignee !== '') task.assignee = assignee;
  readEdges(found, task, fields);
  const comments = fields.list('comments').map(commentOf);
  task.description = paragraphs([
    ['', fields.take('description')],
    ['Design', fields.take('design')],
    ['Acceptance', fields.take('acceptance_criteria')],
    ['Notes', fields.take('notes')],
    ['Closed because', fields.take('close_reason')],
    ['Until', until],
    ...comments,
    ...fields.others(found, BOOKKEEPING),
  ]);
  found.tasks.push(task);
}

function whyNoWork(issue: Record<string, unknown>, type: string, word: string): string | undefined {
  if (NO_WORK.has(type)) return `type ${type}`;
  if (word === 'pinned' || issue.pinned === true) return 'pinned';
  if (issue.is_template === true) return 'a template';
  return issue.ephemeral === true ? 'ephemeral' : undefined;
}

function commentOf(comment: unknown): [heading: string, text: unknown] {
  if (!isObject(comment)) return ['Comment', comment];
  const by = [textOf(comment.author), textOf(comment.created_at)].filter((one) => one !== '').join(', ');
  return [by === '' ? 'Comment' : `Comment (${by})`, textOf(comment.text) || comment];
}

function readEdges(found: Imported, task: SourceTask, fields: Fields): void {
  for (const edge of fields.list('dependencies')) {
    const other = isObject(edge) ? textOf(edge.depends_on_id) : textOf(edge);
    const type = isObject(edge) ? textOf(edge.type) : '';
    if (other === '')
      found.left.push({ item: task.key, why: `a dependency of it names nothing: ${JSON.stringify(edge)}` });
    else if (BLOCKING.has(type)) {
      task.needs.push(other);
      if (type === 'conditional-blocks')
        found.changed.push({ item: `${task.key} ${type} ${other}`, why: 'it is a plain need here' });
    } else if (type === 'parent-child' && task.parent === undefined) task.parent = other;
    else if (type === 'discovered-from' && task.discovered_from === undefined) task.discovered_from = other;
    else found.left.push({ item: `${task.key} ${type} ${other}`, why: 'there is no such edge here' });
  }
}
