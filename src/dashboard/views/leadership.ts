// The dashboard view `leadership`: decisions, escalations, tasks that stand still too long, forecasts, and how much of
// each limit is used.

import { showId } from '../../domain/plan/ids.ts';
import type { RunDocument } from '../../domain/run/document.ts';
import { forecast } from '../../graph/plan/forecast.ts';
import { countOf } from '../../graph/ready/outcome.ts';
import { stillToDo } from '../../graph/ready/still-to-do.ts';
import { heldBy } from '../../views/plan/holds-up.ts';
import { velocityOf } from '../../views/plan/sprint-facts.ts';
import { openRuns } from '../../views/run/runs.ts';
import { type Source, viewScopeOf } from '../../views/source.ts';
import { decisionRows } from '../../views/team/decisions.ts';
import { escalationsOf } from '../../views/team/escalations.ts';
import { columns, type DashboardView, type Row, timeCell } from '../define.ts';
import { limitSection } from './quality.ts';
import { overdueTasks, sprintFor, taskCells } from './tasks.ts';

const DECISION_COLUMNS = columns({
  decision: 'id',
  title: 'prose',
  status: 'status',
  voted: 'count',
  voters: 'count',
  outcome: 'prose',
  deadline_at: { kind: 'time', title: 'deadline' },
  kind: { kind: 'text', spare: 2 },
  rule: { kind: 'text', spare: 3 },
});
const ESCALATION_COLUMNS = columns({
  message: { kind: 'id', quiet: true },
  from: 'who',
  to: 'who',
  state: 'status',
  since_at: 'time',
  above: { kind: 'text', title: 'then', spare: 1 },
  text: 'prose',
});
const OVERDUE_COLUMNS = columns({
  task: 'id',
  title: 'prose',
  status: 'status',
  assignee: { kind: 'text', spare: 1 },
  since_at: 'time',
  holds_up: 'count',
  holds_up_points: { kind: 'number', title: 'in pts', spare: 2 },
  why: { kind: 'prose', wraps: true },
});
const FORECAST_COLUMNS = columns({
  scope: 'id',
  left: 'count',
  points_left: { kind: 'number', spare: 1 },
  sprints_left: 'number',
  least_ms: { kind: 'ms', title: 'at least' },
  most_ms: { kind: 'ms', title: 'at most' },
  rests_on: { kind: 'prose', spare: 2 },
});

/** The most waiting tasks that are counted for one: all overdue tasks of a project are weighed. */
const MAX_HELD = 1_000;
/** The most open runs with a forecast, the last changed first: each forecast walks a whole graph. */
const MAX_FORECASTS = 10;

export const leadership: DashboardView = {
  name: 'leadership',
  title: 'Leadership',
  needsLog: true,
  alerts: ['escalations', 'blocked', 'idle', 'runs', 'tokens'],
  sections: (source) => [
    {
      name: 'decisions',
      title: 'Decisions',
      columns: DECISION_COLUMNS,
      rows: decisions(source),
      more: 'decision_vote {}',
    },
    {
      name: 'escalations',
      title: 'Escalations',
      columns: ESCALATION_COLUMNS,
      rows: escalations(source),
      more: 'events_query {"type": "message.sent"}',
    },
    {
      name: 'overdue',
      title: 'Stands still too long',
      columns: OVERDUE_COLUMNS,
      rows: overdue(source),
      more: 'plan_list {"kind": "task", "status": "blocked"}',
    },
    { name: 'forecast', title: 'Forecast', columns: FORECAST_COLUMNS, rows: forecasts(source), more: 'run_status {}' },
    { ...limitSection(source, 'Allocation'), half: false },
  ],
  hint: (source) => {
    const open = decisions(source).find(({ status }) => status === 'open');
    return open === undefined ? undefined : `decision_vote {"decision": "${open.decision}", "option": …}`;
  },
};

/** Decisions, the open ones first, then the last changed first. */
function decisions({ view, project }: Source): Row[] {
  const rows = decisionRows(view, project.id);
  const ordered = [
    ...rows.filter(({ status }) => status === 'open'),
    ...rows.filter(({ status }) => status !== 'open'),
  ];
  return ordered.map(({ decision, title, status, voted, voters, outcome, deadline, kind, rule }): Row => {
    return { decision, title, status, voted, voters, outcome, deadline_at: deadline, kind, rule };
  });
}

/** Escalations, those that nobody acknowledged first, the oldest of them foremost. */
function escalations(source: Source): Row[] {
  const found = escalationsOf(source.view, source.log?.escalations ?? [], viewScopeOf(source));
  found.sort((a, b) => Number(a.state === 'acked') - Number(b.state === 'acked') || a.at - b.at);
  return found.map(({ message, from, to, state, at, above, text }): Row => {
    return { message, from, to, state, since_at: timeCell(at), above, text };
  });
}

function overdue(source: Source): Row[] {
  const { tasks } = source.plan();
  const found = overdueTasks(source).map((row) => ({ row, held: heldBy(tasks, row, MAX_HELD) }));
  found.sort((a, b) => b.held.ids.length - a.held.ids.length || a.row.since - b.row.since);
  return found.map(({ row, held }): Row => {
    return { ...taskCells(row), holds_up: held.ids.length, holds_up_points: held.points };
  });
}

/** Forecasts of open runs from their graphs, and of the sprint and the project from the velocity of past sprints. */
function forecasts(source: Source): Row[] {
  const open = openRuns(source.view, source.project.id);
  return [...open.slice(0, MAX_FORECASTS).flatMap((run) => runForecast(source, run)), ...planForecasts(source)];
}

function runForecast({ graph, now }: Source, run: Readonly<RunDocument>): Row[] {
  const found = graph(run.graph);
  if (found === undefined) return [];
  const workers = Math.max(1, countOf(run.counters, 'claimed'));
  const expected = forecast(found.prepared, run.nodes, { now, workers, onFailure: run.on_failure });
  if (expected === undefined) {
    const toDo = stillToDo(found.prepared, run.nodes, run.on_failure);
    return [{ scope: run.id, left: toDo.filter((one) => one === 1).length }];
  }
  const times = expected.observed === 0 ? 'estimates' : `times of ${expected.observed} nodes`;
  const { nodesLeft: left, leastMs, mostMs } = expected;
  return [{ scope: run.id, left, least_ms: leastMs, most_ms: mostMs, rests_on: `${times}, ${workers} at once` }];
}

/** How many sprints the rest takes at the velocity of the last ones; no figure without a completed sprint. */
function planForecasts(source: Source): Row[] {
  const { plan, view, project } = source;
  const velocity = velocityOf(plan(), view, project.id);
  const sprint = sprintFor(source);
  const scopes = [
    ...(sprint === undefined ? [] : [{ scope: showId(sprint.id), id: sprint.id }]),
    { scope: 'project', id: project.id },
  ];
  return scopes.map(({ scope, id }): Row => {
    const open = plan().tasks.set(id, 'open');
    const row: Row = { scope, left: open.size, points_left: open.points };
    const [left, pace, unit] =
      open.points > 0 && velocity.points > 0
        ? [open.points, velocity.points, 'points']
        : [open.size, velocity.tasks, 'tasks'];
    if (pace === 0) return row;
    return {
      ...row,
      sprints_left: Math.round((10 * left) / pace) / 10,
      rests_on: `${pace} ${unit} a sprint, mean of ${velocity.sprints.length}`,
    };
  });
}
