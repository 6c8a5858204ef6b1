// The dashboard view `epics`: how far each open epic is, what stands in its way and how much that holds up, who works
// on what, and what comes next.

import { showId } from '../../domain/plan/ids.ts';
import { allDone, epicBlockers, epicWork } from '../../views/plan/epic-report.ts';
import type { GroupRow, PlanFacts } from '../../views/plan/plan-index.ts';
import { progressOf } from '../../views/plan/sprint-facts.ts';
import { suggestions } from '../../views/plan/suggest.ts';
import type { Source } from '../../views/source.ts';
import { columns, type DashboardView, type Row, type Section } from '../define.ts';
import { taskCells } from './tasks.ts';

/** Open epics that are looked into, by priority: a project rarely has more at once. */
const MAX_EPICS = 100;
/** Suggestions for each epic. */
const SUGGESTIONS = 3;

const EPIC_COLUMNS = columns({
  epic: 'id',
  title: 'prose',
  status: 'status',
  progress_percent: { kind: 'percent', title: 'progress', bar: true },
  tasks: 'count',
  left: 'count',
  ready: { kind: 'count', spare: 2 },
  points: { kind: 'number', title: 'pts', spare: 1 },
  points_done: { kind: 'number', title: 'done', spare: 1 },
});
const BLOCKER_COLUMNS = columns({
  epic: 'id',
  task: 'id',
  title: 'prose',
  status: 'status',
  assignee: { kind: 'text', spare: 1 },
  since_at: { kind: 'time', spare: 2 },
  holds_up: { kind: 'count', title: 'holds up' },
  holds_up_points: { kind: 'number', title: 'pts', spare: 3 },
  why: { kind: 'prose', wraps: true },
});
const WORK_COLUMNS = columns({
  epic: 'id',
  task: 'id',
  title: 'prose',
  status: 'status',
  assignee: 'text',
  points: { kind: 'number', spare: 1 },
  since_at: 'time',
});
const NEXT_COLUMNS = columns({
  epic: 'id',
  task: 'id',
  title: 'prose',
  points: { kind: 'number', spare: 1 },
  unblocks: 'count',
  to: 'text',
});

export const epics: DashboardView = {
  name: 'epics',
  title: 'Epics',
  alerts: ['blocked'],
  sections: (source) => {
    const plan = source.plan();
    const open = plan.epics.set(source.project.id, 'open').first(MAX_EPICS);
    const rowsOf = (of: (epic: GroupRow) => Row[]) =>
      open.flatMap((epic) => of(epic).map((row): Row => ({ epic: showId(epic.id), ...row })));
    return [
      epicSection(source, open),
      {
        name: 'blockers',
        title: 'In the way',
        columns: BLOCKER_COLUMNS,
        rows: rowsOf(({ id }) => blockerRows(plan, id)),
      },
      { name: 'work', title: 'In work', columns: WORK_COLUMNS, rows: rowsOf(({ id }) => workRows(plan, id)) },
      { name: 'next', title: 'Take up next', columns: NEXT_COLUMNS, rows: rowsOf((epic) => nextRows(plan, epic)) },
    ];
  },
  hint: ({ plan, project }) => {
    const { epics: groups, tasks } = plan();
    const open = groups.set(project.id, 'open').first(MAX_EPICS);
    if (open.length === 0) return 'no epic is open: epic_save {"title": …}';
    const over = open.find(({ id }) => tasks.set(id, 'all').size > 0 && tasks.set(id, 'open').size === 0);
    return over === undefined ? undefined : allDone(over.id);
  },
};

function epicSection({ plan, project }: Source, open: readonly GroupRow[]): Section {
  const { tasks, epics: groups } = plan();
  const rows = open.map(({ id, title, status }): Row => {
    const [all, done] = [tasks.set(id, 'all'), tasks.set(id, 'done')];
    return {
      epic: showId(id),
      title,
      status,
      progress_percent: progressOf(plan(), id),
      tasks: all.size,
      left: tasks.set(id, 'open').size,
      ready: tasks.set(id, 'ready').size,
      points: all.points,
      points_done: done.points,
    };
  });
  const total = groups.set(project.id, 'open').size;
  return { name: 'epics', title: 'Epics', columns: EPIC_COLUMNS, rows, total, more: 'plan_list {"kind": "epic"}' };
}

function blockerRows(plan: PlanFacts, epic: string): Row[] {
  return epicBlockers(plan, epic).map(({ row, held }): Row => {
    return { ...taskCells(row), holds_up: held.ids.length, holds_up_points: held.points };
  });
}

function workRows(plan: PlanFacts, epic: string): Row[] {
  return epicWork(plan, epic).map(taskCells);
}

function nextRows(plan: PlanFacts, { id, project }: GroupRow): Row[] {
  return suggestions(plan, project, id, SUGGESTIONS).map(({ row, unblocks, to }): Row => {
    return { task: showId(row.id), title: row.title, points: row.points, unblocks, to };
  });
}
