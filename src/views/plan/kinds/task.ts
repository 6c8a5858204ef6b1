// plan_list {kind: "task"}: the tasks of a project, its backlog, a sprint, epic, parent or assignee, by priority.

import { parsePlanId, showId, taskStream } from '../../../domain/plan/ids.ts';
import { TASK_STATUSES, type TaskDocument } from '../../../domain/plan/task.ts';
import { BACKLOG } from '../../../domain/plan/task-links.ts';
import { matcher } from '../../words.ts';
import { card, detailsFrom } from '../show.ts';
import { placeOf, type SortedRows } from '../sorted-rows.ts';
import { backlogScope, type TaskFacet, type TaskRow } from '../task-index.ts';
import { type ListKind, type ListPage, type ListQuery, type ListSource, pageOf } from './define.ts';

export const taskKind: ListKind = {
  kind: 'task',
  statuses: [...TASK_STATUSES, 'open', 'ready', 'archived'],
  takes: ['parent', 'epic', 'assignee'],
  list(source, query) {
    const named = query.text === undefined ? undefined : parsePlanId('task', query.text);
    if (named !== undefined) {
      const row = source.plan.tasks.named(named, query.project);
      return row === undefined ? { rows: [], total: 0, more: false } : one(source, query, row);
    }
    const set = narrowest(source, query);
    const fits = filter(query);
    const page =
      fits === undefined
        ? whole(set, source, query)
        : pageOf(set.after(0), query, fits, (row) => show(source, query, row), placeOf, query.after);
    return { ...page, note: query.status === 'ready' && page.total === 0 ? noneReady(source, query) : undefined };
  },
};

/** One task by its id. Details that do not fit into one answer are paged through: the cursor is a place in them. */
function one(source: ListSource, query: ListQuery, row: TaskRow): ListPage {
  const shown = show(source, query, row);
  const whole = query.detail === 'full' ? source.view.get<TaskDocument>(taskStream(row.id))?.details : undefined;
  if (whole === undefined) return { rows: [shown], total: 1, more: false };
  const part = detailsFrom(whole, query.after);
  const place = query.after + part.length;
  return { rows: [{ place, row: { ...shown.row, details: part } }], total: 1, more: place < whole.length };
}

/** The smallest set of the index that holds all tasks that fit the query. */
function narrowest({ plan }: ListSource, { project, status, assignee, ...of }: ListQuery): SortedRows<TaskRow> {
  const facet = (status ?? 'all') as TaskFacet;
  const within = of.parent ?? of.epic;
  if (within === undefined && assignee !== undefined) return plan.tasks.assigned(project, assignee, facet);
  return plan.tasks.set(scopeOf(project, within), facet);
}

function scopeOf(project: string, parent: string | undefined): string {
  if (parent === undefined) return project;
  return parent === BACKLOG ? backlogScope(project) : parent;
}

/** A predicate for the conditions that the set does not already fulfil; undefined if it fulfils all. */
function filter({ parent, epic, assignee, text }: ListQuery): ((row: TaskRow) => boolean) | undefined {
  const who = parent === undefined && epic === undefined ? undefined : assignee?.toLowerCase();
  const of = parent === undefined ? undefined : epic;
  if (text === undefined && who === undefined && of === undefined) return undefined;
  const matches = matcher(text);
  return (row) =>
    (who === undefined || row.assignee?.toLowerCase() === who) &&
    (of === undefined || row.epic === of) &&
    matches(row.text);
}

function show(source: ListSource, { detail }: ListQuery, row: TaskRow) {
  const document = detail === 'full' ? source.view.get<TaskDocument>(taskStream(row.id)) : undefined;
  const shown = card(row, detail, true, document);
  if (document !== undefined) shown.version = source.view.version(taskStream(row.id));
  return { place: placeOf(row), row: shown };
}

/** Says whether nothing is ready because all tasks are finished, or because the rest is in work or blocked. */
function noneReady({ plan }: ListSource, { project, parent, epic }: ListQuery): string {
  const within = parent ?? epic;
  const scope = scopeOf(project, within);
  const where = within === undefined ? 'in this project' : `in ${within === BACKLOG ? 'it' : showId(within)}`;
  const count = (facet: TaskFacet) => plan.tasks.set(scope, facet).size;
  const open = count('open');
  if (open === 0) return `nothing left: no unfinished task ${where}`;
  const waiting = count('todo') - count('ready');
  const working = count('active') + count('review');
  return (
    `nothing ready: ${open} left ${where}, ${working} in work, ${count('blocked')} blocked, ${waiting} ` +
    `waiting for those`
  );
}

/** A page of a set that needs no filter: reads only the rows that it shows. */
function whole(set: SortedRows<TaskRow>, source: ListSource, query: ListQuery): ListPage {
  const page: ListPage = { rows: [], total: set.size, more: false };
  for (const row of set.after(query.after)) {
    page.more = page.rows.length === query.limit;
    if (page.more) break;
    page.rows.push(show(source, query, row));
  }
  return page;
}
