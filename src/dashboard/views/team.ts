// The dashboard view `team`, the default: the sprint, tasks in work, sessions, teams, runs, and the latest commits.

import { projectStream } from '../../domain/project/document.ts';
import { addressName, type ChannelDocument } from '../../domain/team/channel.ts';
import { everybodyIn, teamsOf } from '../../domain/team/team.ts';
import { FailureError } from '../../failure/failure.ts';
import { idOf, kindOf } from '../../store/stream.ts';
import { CHECKS } from '../../views/health/alerts.ts';
import { openRuns } from '../../views/run/runs.ts';
import { recentActivity } from '../../views/session/activity.ts';
import { readableFacts } from '../../views/session/sessions.ts';
import { type Source, viewScopeOf } from '../../views/source.ts';
import { agentsIn, openSessions } from '../../views/team/people.ts';
import { columns, type DashboardView, type Row, type Section } from '../define.ts';
import { sessionSection } from './agents.ts';
import { runSection } from './runs.ts';
import { velocitySection } from './sprint.ts';
import { countSection, sprintFor, sprintSection, workSection } from './tasks.ts';

const TEAM_COLUMNS = columns({ team: 'text', orchestrator: 'text', members: 'count', here: 'count' });
const ACTIVITY_COLUMNS = columns({
  happened_at: 'time',
  what: 'id',
  times: 'count',
  about: 'prose',
  on: { kind: 'text', spare: 2 },
  by: { kind: 'who', spare: 1 },
  seq: { kind: 'count', spare: 3 },
});
const ACTIVITY = 8;

export const team: DashboardView = {
  name: 'team',
  title: 'Team',
  needsLog: true,
  // Without `durability`, which is lower only if somebody chose it.
  alerts: CHECKS.filter((check) => check !== 'durability'),
  sections: (source, most) => {
    const sprint = sprintFor(source);
    const planned = source.plan().tasks.set(source.project.id, 'all').size > 0;
    const scope = sprint?.id ?? source.project.id;
    const runs = runSection(source, most);
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
      ...(runs.rows.length === 0
        ? []
        : [{ ...runs, title: openRuns(source.view, source.project.id).length > 0 ? 'Runs' : 'Past runs' }]),
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
    openSessions(source.view, viewScopeOf(source)).flatMap((facts) => [facts.id, ...agentsIn(source.view, facts)]),
  );
  const rows = [...teamsOf(source.view.get(projectStream(source.project.id)))].map(([name, found]): Row => {
    const everybody = [...everybodyIn(found)];
    const here = everybody.filter((one) => names.has(one)).length;
    return { team: name, orchestrator: found.orchestrator, members: everybody.length, here };
  });
  return { name: 'teams', title: 'Teams', columns: TEAM_COLUMNS, rows, half: true, more: 'project_get {}' };
}

/** The latest commits by sessions of this project. */
function activitySection(source: Source): Section {
  const rows = recentActivity(source, ACTIVITY).map(({ at, type, times, stream, by, seq, session }): Row => {
    // A session that changed itself is named once, in `by`.
    const about = stream === `session/${session}` ? undefined : titleOf(source, stream);
    return { happened_at: at, what: type, times, about, on: stream, by, seq };
  });
  return { name: 'activity', title: 'Last', columns: ACTIVITY_COLUMNS, rows };
}

/** The title or name in the document of a stream; undefined if it has none. */
function titleOf({ view, plan }: Source, stream: string): string | undefined {
  const [kind, id] = [kindOf(stream), idOf(stream)];
  if (kind === 'task') return plan().tasks.get(id)?.title;
  if (kind === 'sprint') return plan().sprints.get(id)?.title;
  if (kind === 'epic') return plan().epics.get(id)?.title;
  if (kind === 'run') return readable<{ name?: string }>(view, stream)?.name;
  if (kind === 'channel') return channelName(readable<ChannelDocument>(view, stream));
  if (kind === 'decision') return readable<{ title?: string }>(view, stream)?.title;
  return kind === 'session' ? readableFacts(view, stream)?.name : undefined;
}

function channelName(head: Readonly<ChannelDocument> | undefined): string | undefined {
  return head === undefined ? undefined : addressName(head);
}

/** A document, or undefined if it is damaged: one damaged document must not fail the view. */
function readable<T extends object>(view: Source['view'], stream: string): Readonly<T> | undefined {
  try {
    return view.get<T>(stream);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}
