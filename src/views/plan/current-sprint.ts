// The current sprint, which is meant where none is named: the one that the session has joined, else the active one
// that was started last, else the first planned one. Used by sprint_board, resources/board.ts, the prompt execute_plan,
// dashboard/, the joined parts of a session, `baton board` and the status line.

import type { View } from '../../documents/documents.ts';
import { findPlanned, sprintStream } from '../../domain/plan/ids.ts';
import { type SprintDocument, takesTasks } from '../../domain/plan/sprint.ts';
import { type SessionDocument, sessionStream } from '../../domain/session/document.ts';
import type { PlanFacts } from './plan-index.ts';

type Sprint = Readonly<SprintDocument>;

/** The current sprint of a project for a session, if there is one; undefined if the project has no open sprint. */
export function currentSprint(
  plan: PlanFacts,
  view: View,
  { project, session }: { project: string; session: string | undefined },
): Sprint | undefined {
  const sprintAt = (id: string) => view.get<SprintDocument>(sprintStream(id));
  const named = session === undefined ? undefined : view.get<SessionDocument>(sessionStream(session))?.session.sprint;
  const joined = named === undefined ? undefined : findPlanned(sprintAt, 'sprint', named, project);
  if (joined !== undefined && takesTasks(joined)) return joined;
  const active = [...plan.sprints.set(project, 'active').after(0)].flatMap((row) => sprintAt(row.id) ?? []);
  const last = active.reduce<Sprint | undefined>((latest, one) => (startsAfter(latest, one) ? one : latest), undefined);
  if (last !== undefined) return last;
  const [next] = plan.sprints.set(project, 'planned').first(1);
  return next === undefined ? undefined : sprintAt(next.id);
}

/** True if a sprint was started after the latest so far, or at the same time with a higher number. */
function startsAfter(latest: Sprint | undefined, { started_at = '' }: Sprint): boolean {
  return started_at >= (latest?.started_at ?? '');
}
