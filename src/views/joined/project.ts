// The joined part `organization` of a session: its project with teams, settings and open sessions, and the other
// projects of the store. Used by joined.ts.

import { showId } from '../../domain/plan/ids.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { sessionStream } from '../../domain/session/document.ts';
import { everybodyIn, teamsOf } from '../../domain/team/team.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { type Capped, capped } from '../capped.ts';
import { currentSprint } from '../plan/current-sprint.ts';
import { line } from '../plan/show.ts';
import { configOf } from '../project/settings.ts';
import { type Source, viewScopeOf } from '../source.ts';
import { agentsIn, openSessions } from '../team/people.ts';

const NAME_CHARS = 80;
const MEMBERS = 10;
/** Room for about twenty ids. */
const SESSIONS_CHARS = 320;

/** The value of `organization` for any session of the source's project. */
export function organizationOf(source: Source): JsonObject {
  const { view, project } = source;
  const document = view.get<ProjectDocument>(projectStream(project.id));
  const { global_settings, alerts, pools, resources, vote_weights } = configOf(view, project.id);
  const open = openSessions(view, viewScopeOf(source)).sort(
    (a, b) => view.lastSeq(sessionStream(b.id)) - view.lastSeq(sessionStream(a.id)),
  );
  const here = new Set(open.flatMap((facts) => [facts.id, ...agentsIn(view, facts)]));
  const teams = capped(
    [...teamsOf(document)].map(([name, team]): [string, JsonObject] => [name, teamFacts(team, here)]),
    3_000,
  );
  const projects = capped(projectRows(source), 2_500);
  const lists = {
    pools: capped(Object.entries(pools), 1_500),
    resources: capped(
      Object.entries(resources).map(([name, { description, ...facts }]): [string, JsonObject] => {
        const told = description === undefined ? {} : { description: line(description, NAME_CHARS) };
        return [name, { ...facts, ...told }];
      }),
      1_500,
    ),
  };
  const sessions = capped(
    open.map(({ id }) => id),
    SESSIONS_CHARS,
  );
  return {
    project:
      document === undefined
        ? null
        : { id: project.id, name: line(document.name, NAME_CHARS), created_at: document.created_at },
    teams: Object.fromEntries(teams.kept),
    settings: {
      global_settings: { ...global_settings },
      alerts: { ...alerts },
      ...(vote_weights === undefined ? {} : { vote_weights: { ...vote_weights } }),
      pools: Object.fromEntries(lists.pools.kept) as unknown as Json,
      resources: Object.fromEntries(lists.resources.kept),
    },
    projects: projects.kept,
    sessions: sessions.kept,
    more: more({ teams, ...lists, projects, sessions }),
  };
}

function teamFacts(team: { orchestrator?: string; members: readonly string[] }, here: ReadonlySet<string>): JsonObject {
  const everybody = [...everybodyIn({ ...team, members: [...team.members] })];
  return {
    ...(team.orchestrator === undefined ? {} : { orchestrator: line(team.orchestrator, NAME_CHARS) }),
    members: team.members.slice(0, MEMBERS).map((name) => line(name, NAME_CHARS)),
    ...(team.members.length > MEMBERS ? { of: team.members.length } : {}),
    here: everybody.filter((one) => here.has(one)).length,
  };
}

/** The session's own project first. */
function projectRows({ view, plan, project, session }: Source): JsonObject[] {
  const { projects, tasks } = plan();
  const ids = [project.id, ...[...projects].filter((id) => id !== project.id)];
  return ids.map((id) => {
    const name = view.get<ProjectDocument>(projectStream(id))?.name ?? id;
    const sprint = currentSprint(plan(), view, { project: id, session });
    const row = { id, name: line(name, NAME_CHARS), tasks_left: tasks.set(id, 'open').size };
    return sprint === undefined ? row : { ...row, sprint: showId(sprint.id) };
  });
}

/** How much is left out of each list, with the call that returns all of it. */
function more(lists: Record<string, Capped<unknown>>): JsonObject {
  const calls: Record<string, string> = {
    projects: 'plan_list {"kind": "project"}',
    sessions: 'session_list {"limit": 100}',
  };
  const left = Object.entries(lists).flatMap(([name, list]): [string, string][] =>
    list.left === 0 ? [] : [[name, `${list.left} more: ${calls[name] ?? 'project_get {}'}`]],
  );
  return { ...Object.fromEntries(left), change: 'project_save, session_update' };
}
