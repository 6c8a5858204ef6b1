// An index of tasks for lists and boards: rows in sorted sets by scope (project, backlog, sprint, epic, parent,
// assignee) and facet (status and the like), updated as documents change. For answers and hints; commands read
// documents. Used by plan-index.ts.

import { findPlanned, numberOf, showId } from '../../domain/plan/ids.ts';
import { isFinished, isMet, type TaskDocument, type TaskStatus } from '../../domain/plan/task.ts';
import { BACKLOG } from '../../domain/plan/task-links.ts';
import { type Placed, RowSets, type SortedRows } from './sorted-rows.ts';

export interface TaskRow extends Placed {
  project: string;
  title: string;
  status: TaskStatus;
  archived: boolean;
  sprint?: string;
  epic?: string;
  parent?: string;
  assignee?: string;
  reason?: string;
  labels: readonly string[];
  needs: readonly string[];
  neededBy: readonly string[];
  /** Ids of the needs that are not met. */
  open: readonly string[];
  /** When it got its status, in ms since the epoch. */
  since: number;
  /** The day (UTC) on which it was finished, `2026-01-31`. */
  doneOn?: string;
  /** Title and labels in lower case, for search. */
  text: string;
}

/** A status; or `all`: not archived, `open`: not finished either, `ready`: can be started. */
export type TaskFacet = TaskStatus | 'all' | 'open' | 'ready' | 'archived';

export interface Count {
  tasks: number;
  points: number;
}

/** Sums of a sprint that the sets do not give. */
export interface SprintTotals {
  /** Finished tasks by day. */
  done: Map<string, Count>;
  /** Unfinished tasks by assignee. */
  load: Map<string, Count>;
}

export class TaskIndex {
  private readonly rows = new Map<string, TaskRow>();
  private readonly sets = new RowSets<TaskRow>(setNames);
  private readonly totals = new Map<string, SprintTotals>();

  get(id: string): TaskRow | undefined {
    return this.rows.get(id);
  }

  /** The tasks of a facet in a scope: a project, its backlog, a sprint, an epic or a parent. */
  set(scope: string, facet: TaskFacet): SortedRows<TaskRow> {
    return this.sets.get(`${scope} ${facet}`);
  }

  /** The tasks of a facet that are assigned to somebody in a project. */
  assigned(project: string, assignee: string, facet: TaskFacet): SortedRows<TaskRow> {
    return this.sets.get(`${assigneeScope(project, assignee)} ${facet}`);
  }

  totalsOf(sprint: string): SprintTotals {
    return this.totals.get(sprint) ?? { done: new Map(), load: new Map() };
  }

  /** The task of a project with this id, as shown or stored. */
  named(id: string, project: string): TaskRow | undefined {
    return findPlanned((stored) => this.rows.get(stored), 'task', id, project);
  }

  /** Ids of a project, as shown. */
  ids(project: string): string[] {
    return [...this.rows.values()].flatMap((row) => (row.project === project ? [showId(row.id)] : []));
  }

  /** Updates the rows of changed documents, and of tasks that need one whose being met has changed. */
  update(documents: readonly Readonly<TaskDocument>[]): void {
    const again = new Set<string>();
    for (const document of documents) {
      const before = this.rows.get(document.id);
      const after = rowOf(document);
      this.put(before, after);
      again.add(document.id);
      if (before === undefined || isMet(before) !== isMet(after)) for (const id of after.neededBy) again.add(id);
    }
    for (const id of again) this.refreshOpenNeeds(id);
  }

  private refreshOpenNeeds(id: string): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    const open = row.needs.filter((need) => {
      const found = this.rows.get(need);
      return found !== undefined && !isMet(found);
    });
    if (open.join() !== row.open.join()) this.put(row, { ...row, open });
  }

  private put(before: TaskRow | undefined, after: TaskRow): void {
    this.sets.replace(before, after);
    this.rows.set(after.id, after);
    if (before !== undefined) this.count(before, -1);
    this.count(after, 1);
  }

  private count(row: TaskRow, sign: 1 | -1): void {
    const { sprint, archived, doneOn, assignee, points = 0 } = row;
    if (sprint === undefined || archived) return;
    let totals = this.totals.get(sprint);
    if (totals === undefined) {
      totals = { done: new Map(), load: new Map() };
      this.totals.set(sprint, totals);
    }
    if (doneOn !== undefined) add(totals.done, doneOn, sign, points);
    if (!isFinished(row) && assignee !== undefined) add(totals.load, assignee, sign, points);
  }
}

function add(counts: Map<string, Count>, key: string, sign: 1 | -1, points: number): void {
  const { tasks, points: sum } = counts.get(key) ?? { tasks: 0, points: 0 };
  if (tasks + sign === 0) counts.delete(key);
  else counts.set(key, { tasks: tasks + sign, points: sum + sign * points });
}

/** Whether a task can be started: a task in status `todo` with an open need cannot. */
export function isReadyRow(row: TaskRow): boolean {
  return row.status === 'todo' && !row.archived && row.open.length === 0;
}

function setNames(row: TaskRow): string[] {
  const facets: TaskFacet[] = row.archived ? ['archived'] : ['all', row.status];
  if (!row.archived && !isFinished(row)) facets.push('open');
  if (isReadyRow(row)) facets.push('ready');
  const scopes = [row.project, row.sprint ?? backlogScope(row.project), row.epic, row.parent];
  if (row.assignee !== undefined) scopes.push(assigneeScope(row.project, row.assignee));
  return scopes.flatMap((scope) => (scope === undefined ? [] : facets.map((facet) => `${scope} ${facet}`)));
}

/** The scope of a project's tasks that are in no sprint. */
export function backlogScope(project: string): string {
  return `${project}.${BACKLOG}`;
}

function assigneeScope(project: string, assignee: string): string {
  return `${project}@${assignee.toLowerCase()}`;
}

/** A row of copied values, because documents are edited in place. */
function rowOf(document: Readonly<TaskDocument>): TaskRow {
  const { id, project, title, status, archived, priority, points, sprint, epic, parent, assignee } = document;
  const row: TaskRow = {
    id,
    number: numberOf(id),
    project,
    title,
    status,
    archived,
    priority,
    labels: document.labels.map((label) => label.toLowerCase()),
    needs: [...document.needs],
    neededBy: [...document.needed_by],
    open: [],
    since: Date.parse(document.status_at),
    text: `${title} ${document.labels.join(' ')}`.toLowerCase(),
  };
  if (points !== undefined) row.points = points;
  if (sprint !== undefined) row.sprint = sprint;
  if (epic !== undefined) row.epic = epic;
  if (parent !== undefined) row.parent = parent;
  if (assignee !== undefined) row.assignee = assignee;
  if (document.blocked_reason !== undefined) row.reason = document.blocked_reason;
  if (status === 'done' && document.done_at !== undefined) row.doneOn = document.done_at.slice(0, 10);
  return row;
}
