// The dashboard's view for whoever leads: what is to be decided, where it is stuck, who may use how much, when it will be done.

import { showId } from '../../../domain/plan/ids.ts';
import { withDefaults } from '../../../domain/project/config.ts';
import type { ProjectDocument } from '../../../domain/project/project.ts';
import { hasEnded } from '../../../domain/run.ts';
import { projectStream } from '../../../domain/session-commands.ts';
import { velocityOf } from '../../plan/sprint-facts.ts';
import { decisionRows } from '../../team/decisions.ts';
import { columns, type DashboardView, type Row, type Section, type Source } from '../define.ts';
import { runsOf } from './runs.ts';
import { activeSprint, overdueTasks } from './tasks.ts';

const DECISION_COLUMNS = columns({
  decision: 'id',
  title: 'text',
  status: 'status',
  voted: 'count',
  voters: 'count',
  outcome: 'text',
  deadline_at: { kind: 'time', title: 'deadline' },
  kind: { kind: 'text', spare: 2 },
  rule: { kind: 'text', spare: 3 },
});
const OVERDUE_COLUMNS = columns({
  task: 'id',
  title: 'text',
  status: 'status',
  assignee: { kind: 'text', spare: 1 },
  since_at: 'time',
  holds_up: 'count',
  why: 'text',
});
const POOL_COLUMNS = columns({ pool: 'text', max: 'count', policy: 'text' });
const LIMIT_COLUMNS = columns({
  max_agents: 'count',
  working: 'count',
  token_budget: { kind: 'count' },
  tokens_used: 'count',
});
const FORECAST_COLUMNS = columns({
  scope: 'id',
  tasks_left: 'count',
  points_left: 'number',
  sprints_left: { kind: 'number', title: 'sprints left' },
  rests_on: 'text',
});

export const leadership: DashboardView = {
  name: 'leadership',
  title: 'Leadership',
  sections: (source) => [
    {
      name: 'decisions',
      title: 'Decisions',
      columns: DECISION_COLUMNS,
      rows: decisions(source),
      more: 'decision_open',
    },
    {
      name: 'overdue',
      title: 'Stands still too long',
      columns: OVERDUE_COLUMNS,
      rows: overdue(source),
      more: 'plan_list {"kind": "task", "status": "blocked"}',
    },
    {
      name: 'limits',
      title: 'Limits and use',
      columns: LIMIT_COLUMNS,
      rows: [limits(source)],
      facts: true,
      half: true,
    },
    ...pools(source),
    { name: 'forecast', title: 'Forecast', columns: FORECAST_COLUMNS, rows: forecast(source), half: true },
  ],
  hint: (source) => {
    const open = decisions(source).find(({ status }) => status === 'open');
    return open === undefined ? undefined : `decision_vote {"decision": "${open.decision}", "option": …}`;
  },
};

/** Open ones first, then the last changed. */
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

function overdue(source: Source): Row[] {
  const found = overdueTasks(source).sort((a, b) => b.neededBy.length - a.neededBy.length || a.since - b.since);
  return found.map(({ id, title, status, assignee, since, neededBy, reason }): Row => {
    return {
      task: showId(id),
      title,
      status,
      assignee,
      since_at: new Date(since).toISOString(),
      holds_up: neededBy.length,
      why: reason,
    };
  });
}

function limits(source: Source): Row {
  const { global_settings } = configOf(source);
  let [working, tokens]: [number, number | undefined] = [0, undefined];
  for (const run of runsOf(source)) {
    for (const node of Object.values(run.nodes)) {
      if (node.status === 'claimed' && !hasEnded(run.status)) working += 1;
      if (node.tokens !== undefined) tokens = (tokens ?? 0) + node.tokens;
    }
  }
  return {
    max_agents: global_settings.max_concurrent_agents,
    working,
    token_budget: global_settings.token_budget,
    tokens_used: tokens,
  };
}

function pools(source: Source): Section[] {
  const rows = Object.entries(configOf(source).pools).map(
    ([pool, { max, policy }]): Row => ({ pool, max, policy: policy ?? 'fixed' }),
  );
  if (rows.length === 0) return [];
  return [{ name: 'pools', title: 'Pools', columns: POOL_COLUMNS, rows, half: true, more: 'project_get {}' }];
}

function configOf({ view, project }: Source) {
  return withDefaults(view.get<ProjectDocument>(projectStream(project.id))?.config);
}

/** How many sprints of the last ones' pace are left. Without a past there is no pace, and so no figure. */
function forecast(source: Source): Row[] {
  const { plan, view, project } = source;
  const velocity = velocityOf(plan(), view, project.id);
  const sprint = activeSprint(source);
  const scopes = [
    ...(sprint === undefined ? [] : [{ scope: showId(sprint.id), id: sprint.id }]),
    { scope: 'project', id: project.id },
  ];
  return scopes.map(({ scope, id }): Row => {
    const open = plan().tasks.set(id, 'open');
    const row: Row = { scope, tasks_left: open.size, points_left: open.points };
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
