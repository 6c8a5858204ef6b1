// baton://projects/{id}/board: the board of a project's current sprint.

import { projectStream } from '../domain/project/document.ts';
import { boardOf } from '../views/plan/board.ts';
import { currentSprint } from '../views/plan/current-sprint.ts';
import { ALL_WORK, type ResourceKind } from './define.ts';
import { projects } from './projects.ts';

/** Cards per column: a resource is read by people. */
const CARDS = 20;

export const board: ResourceKind = {
  name: 'boards',
  title: 'Sprint board',
  description: 'The columns of the sprint that a project is in, what is blocked, and how far it is',
  template: 'baton://projects/{id}/board',
  listedFrom: 'project',
  list: (view, services) => projects.list(view, services).map(({ id, title }) => ({ id, title: `Board of ${title}` })),
  read: (view, id, { plans, sessions }) => {
    const plan = plans.at(view);
    const sprint = currentSprint(plan, view, { project: id, session: sessions.find(view) });
    if (sprint === undefined) return plan.projects.has(id) ? { sprint: null } : undefined;
    return {
      ...boardOf(plan, view, { sprint, limit: CARDS, detail: 'brief', now: Date.now() }),
      seq: view.seq,
    } as never;
  },
  streams: (id) => [projectStream(id), ...ALL_WORK],
};
