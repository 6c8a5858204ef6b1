// The sprint that a call means when it names none: the newest active one, else the first planned one. Used by
// sprint_board, resources/board.ts, the prompt execute_plan, `baton board` and the status line.

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
