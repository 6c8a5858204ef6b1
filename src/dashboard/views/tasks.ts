// Sections and rows of tasks: the current sprint, counts by status, tasks in work, overdue tasks. Used by the views
// sprint, team and leadership.

import { showId } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { TASK_STATUSES } from '../../domain/plan/task.ts';
import { currentSprint } from '../../views/plan/current-sprint.ts';
import { standsTooLong } from '../../views/plan/overdue.ts';
import { progressOf } from '../../views/plan/sprint-facts.ts';
import type { TaskRow } from '../../views/plan/task-index.ts';
import { configOf } from '../../views/project/settings.ts';
import type { Source } from '../../views/source.ts';
import { columns, type Row, type Section, timeCell } from '../define.ts';

/** The most tasks of one status that are sorted; a project rarely has more in work. */
const MAX_WEIGHED = 1_000;

const WORK_COLUMNS = columns({
  task: 'id',
  title: 'prose',
  status: 'status',
  assignee: { kind: 'text', spare: 1 },
  points: { kind: 'number', spare: 2 },
  since_at: 'time',
  overdue: { kind: 'flag', spare: 3 },
  why: { kind: 'prose', wraps: true },
});
const COUNT_COLUMNS = columns({
  status: 'status',
  tasks: 'count',
  points: { kind: 'number', title: 'pts' },
  share_percent: { kind: 'percent', title: 'share', bar: true },
});
const SPRINT_COLUMNS = columns({
  sprint: 'id',
  title: 'prose',
  status: 'status',
  progress_percent: { kind: 'percent', title: 'progress', bar: true },
  tasks: 'count',
  left: 'count',
  ready: 'count',
  points: 'number',
  points_done: { kind: 'number', title: 'done' },
  capacity: 'number',
  starts_at: { kind: 'date', title: 'starts' },
  started_at: { kind: 'time', title: 'started' },
  ends_at: { kind: 'date', title: 'ends' },
  goal: { kind: 'prose', wraps: true },
});

/** The current sprint of the project for the session that asks. */
export function sprintFor({ view, plan, project, session }: Source): Readonly<SprintDocument> | undefined {
  return currentSprint(plan(), view, { project: project.id, session });
}

/** The facts of a sprint: progress, tasks, points and dates. */
export function sprintSection({ plan }: Source, sprint: Readonly<SprintDocument>): Section {
  const { tasks } = plan();
  const row: Row = {
    sprint: showId(sprint.id),
    title: sprint.title,
    status: sprint.status,
    progress_percent: progressOf(plan(), sprint.id),
    tasks: tasks.set(sprint.id, 'all').size,
    left: tasks.set(sprint.id, 'open').size,
    ready: tasks.set(sprint.id, 'ready').size,
    points: tasks.set(sprint.id, 'all').points,
    points_done: tasks.set(sprint.id, 'done').points,
    capacity: sprint.capacity,
    starts_at: sprint.starts_at,
    started_at: sprint.started_at,
    ends_at: sprint.ends_at,
    goal: sprint.goal === '' ? undefined : sprint.goal,
  };
  return { name: 'sprint', title: 'Sprint', columns: SPRINT_COLUMNS, rows: [row], facts: true, half: true };
}

/** The number of tasks of a project or sprint by status. */
export function countSection({ plan }: Source, scope: string, title: string): Section {
  const { tasks } = plan();
  const all = tasks.set(scope, 'all').size;
  const rows = TASK_STATUSES.map((status): Row => {
    const { size, points } = tasks.set(scope, status);
    const share = all === 0 ? {} : { share_percent: (100 * size) / all };
    return { status, tasks: size, points, ...share };
  });
  return {
    name: 'board',
    title,
    columns: COUNT_COLUMNS,
    rows: rows.filter(({ tasks: count }) => count !== 0),
    half: true,
  };
}

/** Tasks active, in review or blocked: overdue ones first, then blocked ones, then the longest in their status. */
export function workSection(source: Source, scope: string): Section {
  const { alerts } = configOf(source.view, source.project.id);
  const found = standing(source, scope).map((row) => ({ row, late: standsTooLong(row, alerts, source.now) }));
  const blocked = ({ row }: (typeof found)[number]): number => Number(row.status === 'blocked');
  found.sort((a, b) => Number(b.late) - Number(a.late) || blocked(b) - blocked(a) || a.row.since - b.row.since);
  const rows = found.map(({ row, late }): Row => ({ ...taskCells(row), overdue: late ? true : undefined }));
  const more = 'plan_list {"kind": "task", "status": "active"}';
  return { name: 'work', title: 'In work', columns: WORK_COLUMNS, rows, more };
}

/** Tasks that have been in their status for longer than the project allows. */
export function overdueTasks(source: Source): TaskRow[] {
  const { alerts } = configOf(source.view, source.project.id);
  return standing(source, source.project.id).filter((row) => standsTooLong(row, alerts, source.now));
}

/** Tasks that are blocked, in review or active. */
function standing({ plan }: Source, scope: string): TaskRow[] {
  const { tasks } = plan();
  return (['blocked', 'review', 'active'] as const).flatMap((status) => tasks.set(scope, status).first(MAX_WEIGHED));
}

/** The cells that all lists of tasks share. */
export function taskCells({ id, title, status, assignee, points, since, reason }: TaskRow): Row {
  return { task: showId(id), title, status, assignee, points, since_at: timeCell(since), why: reason };
}
