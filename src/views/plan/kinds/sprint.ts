// plan_list {kind: "sprint"}: the sprints of a project, the active ones first, with counts of their tasks and points.

import { parsePlanId, showId, sprintStream } from '../../../domain/plan/ids.ts';
import { SPRINT_STATUSES, type SprintDocument } from '../../../domain/plan/sprint.ts';
import { matcher } from '../../words.ts';
import type { GroupRow } from '../plan-index.ts';
import { block, line, withoutAbsent } from '../show.ts';
import { placeOf } from '../sorted-rows.ts';
import { type ListKind, type ListQuery, type ListSource, pageOf } from './define.ts';

const SESSIONS_SHOWN = 20;

export const sprintKind: ListKind = {
  kind: 'sprint',
  statuses: [...SPRINT_STATUSES, 'open', 'archived'],
  takes: [],
  list(source, query) {
    const { plan } = source;
    const named = query.text === undefined ? undefined : parsePlanId('sprint', query.text);
    const one = named === undefined ? undefined : plan.sprints.named('sprint', named, query.project);
    const all = plan.sprints.set(query.project, query.status ?? 'all');
    const rows = named === undefined ? all.after(0) : one ? [one] : [];
    const matches = named === undefined ? matcher(query.text) : () => true;
    const wanted = (row: GroupRow) => row.project === query.project && matches(row.text);
    return pageOf(rows, query, wanted, (row) => show(source, query, row), placeOf, query.after);
  },
};

function show({ view, plan }: ListSource, { detail }: ListQuery, row: GroupRow) {
  const id = showId(row.id);
  const place = placeOf(row);
  if (detail === 'ids') return { place, row: { id } };
  const document = view.get<SprintDocument>(sprintStream(row.id));
  const tasks = plan.tasks.set(row.id, 'all');
  const done = plan.tasks.set(row.id, 'done');
  const brief = withoutAbsent({
    id,
    title: line(row.title),
    status: row.status,
    starts_at: document?.starts_at,
    ends_at: document?.ends_at,
    tasks: tasks.size,
    done: done.size,
    points: tasks.points,
    points_done: done.points,
    sessions: document?.sessions.length,
  });
  if (detail === 'brief' || document === undefined) return { place, row: brief };
  const { goal, capacity, sessions, result, created_at, started_at, ended_at } = document;
  const more = withoutAbsent({
    goal: goal === '' ? null : block(goal),
    starts_at: document.starts_at ?? null,
    ends_at: document.ends_at ?? null,
    capacity: capacity ?? null,
    joined: sessions.slice(-SESSIONS_SHOWN),
    result: result === undefined ? undefined : { ...result },
    created_at,
    started_at,
    ended_at,
    version: view.version(sprintStream(row.id)),
  });
  return { place, row: { ...brief, ...more } };
}
