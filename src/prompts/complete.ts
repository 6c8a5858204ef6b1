// What arguments of prompts may be, looked up in the store while they are typed.

import type { View } from '../documents/documents.ts';
import { showId } from '../domain/plan/ids.ts';
import { hasEnded, type RunDocument } from '../domain/run.ts';
import { sessionStream } from '../domain/session.ts';
import type { Ports } from '../ports.ts';
import { runRows } from '../views/runs.ts';
import { sessionRows } from '../views/sessions.ts';

/** Runs of this project that are not over. */
export function openRuns(view: View, { workspace }: Ports): string[] {
  const fits = (run: Readonly<RunDocument>): boolean => run.project === workspace.project && !hasEnded(run.status);
  return runRows(view, () => 0, fits).map(({ run }) => run);
}

/** Names of saved graphs. */
export function savedGraphs(view: View): string[] {
  return view.streams('graph/').map((stream) => stream.slice('graph/'.length));
}

/** Open sprints of this project, the active ones first. */
export function openSprints(view: View, { plans, workspace }: Ports): string[] {
  return [...plans.at(view).sprints.set(workspace.project, 'open').after(0)].map(({ id }) => showId(id));
}

/** Unfinished tasks of this project, the most urgent first; as many as a client would show. */
export function openTasks(view: View, { plans, workspace }: Ports): string[] {
  return plans
    .at(view)
    .tasks.set(workspace.project, 'open')
    .first(100)
    .map(({ id }) => showId(id));
}

/** Open sessions of this project, the last changed first. */
export function openSessionIds(view: View, { documents, workspace }: Ports): string[] {
  const rows = sessionRows(view, documents.presence, Date.now(), ({ status }, facts) => {
    return facts.project === workspace.project && (status === 'active' || status === 'paused');
  });
  return rows.map(({ session }) => session);
}

/** Paths to the top of what the session remembers. */
export function statePaths(view: View, { sessions }: Ports): string[] {
  const session = sessions.find(view);
  const doc = session === undefined ? undefined : view.get<object>(sessionStream(session));
  return Object.keys(doc ?? {}).map((key) => (/^[A-Za-z_]\w*$/.test(key) ? `$.${key}` : `$[${JSON.stringify(key)}]`));
}
