// Completions for arguments of prompts, looked up in the store. Used by the prompts of this folder.

import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';
import { showId } from '../domain/plan/ids.ts';
import { sessionStream } from '../domain/session/document.ts';
import { line } from '../views/plan/show.ts';
import { velocityOf } from '../views/plan/sprint-facts.ts';
import { openRuns as openRunsOf } from '../views/run/runs.ts';
import { allSessions, type SessionRow, sessionRows } from '../views/session/sessions.ts';
import { liveAgents } from '../views/team/people.ts';

/** The most tasks or epics that are read for a completion. */
const LOOKED_AT = 100;

/** Ids of this project's runs that have not ended. */
export function openRuns(view: View, { workspace }: Services): string[] {
  return openRunsOf(view, workspace.project).map(({ id }) => id);
}

/** Names of saved definitions. */
export function savedGraphs(view: View): string[] {
  return view.streams('graph/').map((stream) => stream.slice('graph/'.length));
}

/** Ids of this project's open sprints, the active ones first. */
export function openSprints(view: View, { plans, workspace }: Services): string[] {
  return [...plans.at(view).sprints.set(workspace.project, 'open').after(0)].map(({ id }) => showId(id));
}

/** Stored ids of this project's unfinished tasks, the most urgent first. */
export function openTasks(view: View, { plans, workspace }: Services): string[] {
  return plans
    .at(view)
    .tasks.set(workspace.project, 'open')
    .first(LOOKED_AT)
    .map(({ id }) => id);
}

/** Ids of this project's open sessions, the last changed first. */
export function openSessionIds(view: View, services: Services): string[] {
  const open = ownSessions(view, services).filter(({ status }) => status === 'active' || status === 'paused');
  return open.map(({ session }) => session);
}

/** Names of this project's sessions, the last changed first. */
export function sessionNames(view: View, services: Services): string[] {
  return [...new Set(ownSessions(view, services).flatMap(({ name }) => (name === undefined ? [] : [line(name)])))];
}

function ownSessions(view: View, { documents, workspace }: Services): SessionRow[] {
  return sessionRows(allSessions(view, workspace.project), documents.presence, Date.now());
}

/** Names of registered and live agents, and of assignees of tasks. */
export function workers(view: View, { documents, plans, workspace }: Services): string[] {
  const { project } = workspace;
  const plan = plans.at(view);
  const open = plan.tasks.set(project, 'open').first(LOOKED_AT);
  const live = liveAgents(view, { project, now: Date.now(), presence: documents.presence });
  const names = [
    ...plan.agentsOf(project).keys(),
    ...live.map(({ name }) => name),
    ...open.flatMap(({ assignee }) => assignee ?? []),
  ];
  return [...new Set(names)].map((name) => line(name));
}

/** Titles of open epics, the most urgent first: a goal is often one of them. */
export function epicTitles(view: View, { plans, workspace }: Services): string[] {
  return plans
    .at(view)
    .epics.set(workspace.project, 'open')
    .first(LOOKED_AT)
    .map(({ title }) => line(title));
}

/** The points finished by the last sprints: their mean, then each. */
export function velocities(view: View, { plans, workspace }: Services): string[] {
  const { points, sprints } = velocityOf(plans.at(view), view, workspace.project);
  return [...new Set([points, ...sprints.map((sprint) => sprint.points)])].filter((one) => one > 0).map(String);
}

/** Paths of the session's top-level keys. */
export function statePaths(view: View, { sessions }: Services): string[] {
  const session = sessions.find(view);
  const doc = session === undefined ? undefined : view.get<object>(sessionStream(session));
  return Object.keys(doc ?? {}).map((key) => (/^[A-Za-z_]\w*$/.test(key) ? `$.${key}` : `$[${JSON.stringify(key)}]`));
}
