// The dashboard's main view: the sprint, who is there, what is in work, the runs, and what happened last.

import { hasEnded } from '../../../domain/run.ts';
import { projectStream } from '../../../domain/session-commands.ts';
import { everybodyIn, teamsOf } from '../../../domain/team/team.ts';
import { happened } from '../../activity.ts';
import { openSessions } from '../../team/people.ts';
import { columns, type DashboardView, momentOf, type Row, type Section, type Source } from '../define.ts';
import { sessionSection } from './agents.ts';
import { runSection, runsOf } from './runs.ts';
import { velocitySection } from './sprint.ts';
import { activeSprint, countSection, sprintSection, workSection } from './tasks.ts';

const TEAM_COLUMNS = columns({ team: 'text', orchestrator: 'text', members: 'count', here: 'count' });
const ACTIVITY_COLUMNS = columns({
  happened_at: 'time',
  what: 'id',
  on: 'text',
  by: { kind: 'text', spare: 1 },
  seq: { kind: 'count', spare: 2 },
});
const ACTIVITY = 8;

export const team: DashboardView = {
  name: 'team',
  title: 'Team',
  needsLog: true,
  alerts: [
    'writing',
    'contention',
    'log',
    'runs',
    'leases',
    'tokens',
    'sessions',
    'handoffs',
    'blocked',
    'idle',
    'escalations',
  ],
  sections: (source) => {
    const sprint = activeSprint(source);
    const planned = source.plan().tasks.set(source.project.id, 'all').size > 0;
    const scope = sprint?.id ?? source.project.id;
    const runs = runsOf(source);
    const teams = teamSection(source);
    const velocity = velocitySection(source);
    return [
      ...(sprint === undefined ? [] : [sprintSection(source, sprint)]),
      ...(planned
        ? [countSection(source, scope, sprint === undefined ? 'Tasks of the project' : 'Tasks of the sprint')]
        : []),
      ...(planned ? [workSection(source, scope)] : []),
      sessionSection(source),
      ...(teams.rows.length === 0 ? [] : [teams]),
      ...(velocity.rows.length === 0 ? [] : [velocity]),
      ...(runs.length === 0
        ? []
        : [
            { ...runSection(source, runs), title: runs.some(({ status }) => !hasEnded(status)) ? 'Runs' : 'Past runs' },
          ]),
      activitySection(source),
    ];
  },
  hint: (source) => {
    const [worst] = source.checks();
    return worst?.state === 'ok' ? undefined : worst?.next;
  },
};

function teamSection(source: Source): Section {
  const names = new Set(
    openSessions(source.view, momentOf(source)).flatMap(({ id, agents }) => [id, ...Object.keys(agents)]),
  );
  const rows = [...teamsOf(source.view.get(projectStream(source.project.id)))].map(([name, found]): Row => {
    const everybody = [...everybodyIn(found)];
    const here = everybody.filter((one) => names.has(one)).length;
    return { team: name, orchestrator: found.orchestrator, members: everybody.length, here };
  });
  return { name: 'teams', title: 'Teams', columns: TEAM_COLUMNS, rows, half: true, more: 'project_get {}' };
}

/** What sessions of this project did last. */
function activitySection(source: Source): Section {
  const rows = happened(source, ACTIVITY).map(
    ({ at, type, stream, by, seq }): Row => ({ happened_at: at, what: type, on: stream, by, seq }),
  );
  return { name: 'activity', title: 'Last', columns: ACTIVITY_COLUMNS, rows };
}
