// The dashboard view `sprint`: progress of the current sprint, its board, tasks in work, suggestions, velocity and
// burn-down.

import { showId } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { burnDown, scopeOf, velocityOf } from '../../views/plan/sprint-facts.ts';
import { suggestions } from '../../views/plan/suggest.ts';
import type { Source } from '../../views/source.ts';
import { columns, type DashboardView, type Row, type Section } from '../define.ts';
import { countSection, sprintFor, sprintSection, workSection } from './tasks.ts';

const SUGGESTIONS = 5;

const NEXT_COLUMNS = columns({
  task: 'id',
  title: 'prose',
  points: { kind: 'number', spare: 1 },
  unblocks: 'count',
  to: 'text',
});
const VELOCITY_COLUMNS = columns({
  sprint: 'id',
  points: { kind: 'number', title: 'pts' },
  tasks: 'count',
  best_percent: { kind: 'percent', title: 'of best', bar: true },
});
const BURN_COLUMNS = columns({
  day: 'id',
  points: { kind: 'number', title: 'pts' },
  tasks: 'count',
  left_percent: { kind: 'percent', title: 'left', bar: true },
});
const PLANNED_COLUMNS = columns({ sprint: 'id', title: 'prose', status: 'status', tasks: 'count' });

export const sprint: DashboardView = {
  name: 'sprint',
  title: 'Sprint',
  alerts: ['blocked', 'idle'],
  sections: (source) => {
    const found = sprintFor(source);
    if (found === undefined) return [velocitySection(source)];
    return [
      sprintSection(source, found),
      countSection(source, found.id, 'Board'),
      workSection(source, found.id),
      nextSection(source, found.id),
      velocitySection(source),
      burnSection(source, found),
      ...(found.status === 'active' ? [] : [openSprints(source)]),
    ];
  },
  hint: (source) => {
    const found = sprintFor(source);
    if (found === undefined) return 'no sprint is open: sprint_save {"title": …, "status": "active"}';
    const [next] = suggestions(source.plan(), source.project.id, found.id, 1);
    return next === undefined ? undefined : `task_save {"id": "${showId(next.row.id)}", "status": "active"}`;
  },
};

/** The sprints that have not ended, shown while the current one is not active. */
function openSprints({ plan, project }: Source): Section {
  const { sprints, tasks } = plan();
  const rows = [...sprints.set(project.id, 'open').after(0)].map(({ id, title, status }): Row => {
    return { sprint: showId(id), title, status, tasks: tasks.set(id, 'all').size };
  });
  return { name: 'sprints', title: 'Sprints', columns: PLANNED_COLUMNS, rows, more: 'plan_list {"kind": "sprint"}' };
}

function nextSection({ plan, project }: Source, id: string): Section {
  const rows = suggestions(plan(), project.id, id, SUGGESTIONS).map(({ row, unblocks, to }): Row => {
    return { task: showId(row.id), title: row.title, points: row.points, unblocks, to };
  });
  return { name: 'next', title: 'Take up next', columns: NEXT_COLUMNS, rows };
}

/** What the last sprints finished. The view `team` shows the section too. */
export function velocitySection({ plan, view, project }: Source): Section {
  const { sprints } = velocityOf(plan(), view, project.id);
  const rows = withBars(sprints, 'best_percent').map(({ id, ...row }): Row => ({ sprint: id, ...row }));
  return { name: 'velocity', title: 'Velocity', columns: VELOCITY_COLUMNS, rows, half: true };
}

function burnSection({ plan, now }: Source, found: Readonly<SprintDocument>): Section {
  const scope = scopeOf(plan(), found.id);
  const left = (day: { points: number; tasks: number }): number | undefined => {
    const [part, whole] = scope.points > 0 ? [day.points, scope.points] : [day.tasks, scope.tasks];
    return whole === 0 ? undefined : (100 * part) / whole;
  };
  const rows = burnDown(plan(), found, now).map(
    ({ date, ...day }): Row => ({ day: date, ...day, left_percent: left(day) }),
  );
  // The newest day first, because rows that do not fit are cut from the end.
  return { name: 'burn_down', title: 'Burn-down', columns: BURN_COLUMNS, rows: rows.reverse(), half: true };
}

/** Adds to each its percentage of the largest, by points, or by tasks if none has points. */
function withBars<T extends { points: number; tasks: number }>(counts: readonly T[], key: string): (T & Row)[] {
  const by = counts.some(({ points }) => points > 0) ? 'points' : 'tasks';
  const most = Math.max(0, ...counts.map((count) => count[by]));
  return counts.map((count) => ({ ...count, [key]: most === 0 ? undefined : (100 * count[by]) / most }));
}
