// baton://sprints/{id}: the board of one sprint.

import { findPlanned, showId, sprintStream } from '../domain/plan/ids.ts';
import type { SprintDocument } from '../domain/plan/sprint.ts';
import { boardOf } from '../views/plan/board.ts';
import { line } from '../views/plan/show.ts';
import { ALL_WORK, MOST_ENTRIES, type ResourceKind } from './define.ts';

const CARDS = 20;

export const sprints: ResourceKind = {
  name: 'sprints',
  title: 'Sprint',
  description: 'The board of one sprint: columns, what is blocked, progress, velocity and burn-down',
  template: 'baton://sprints/{id}',
  listedFrom: 'sprint',
  list: (view, { plans, workspace }) =>
    [...plans.at(view).sprints.set(workspace.project, 'all').after(0)]
      .map((row) => ({ row, seq: view.lastSeq(sprintStream(row.id)) }))
      .sort((a, b) => b.seq - a.seq)
      .slice(0, MOST_ENTRIES)
      .map(({ row }) => ({
        id: showId(row.id),
        title: `${showId(row.id)} ${line(row.title)}`,
        description: row.status,
      })),
  read: (view, id, { plans, workspace }) => {
    const get = (stored: string) => view.get<SprintDocument>(sprintStream(stored));
    const sprint = findPlanned(get, 'sprint', id, workspace.project);
    if (sprint === undefined) return undefined;
    const query = { sprint, limit: CARDS, detail: 'brief', now: Date.now() } as const;
    return { ...boardOf(plans.at(view), view, query), seq: view.seq } as never;
  },
  streams: (id) => [sprintStream(id), ...ALL_WORK],
};
