// Which sprint a project is in, where nobody says: the newest active one, else the next planned one.

import type { View } from '../../documents/documents.ts';
import { sprintStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import type { PlanFacts } from './plan-index.ts';

export function currentSprint(plan: PlanFacts, view: View, project: string): Readonly<SprintDocument> | undefined {
  const [newest] = [...plan.sprints.set(project, 'active').after(0)].reverse();
  const [next] = plan.sprints.set(project, 'planned').first(1);
  const row = newest ?? next;
  return row === undefined ? undefined : view.get<SprintDocument>(sprintStream(row.id));
}
