// plan_list {kind: "epic"}: the epics of a project by priority, with counts of their tasks.

import { EPIC_STATUSES, type EpicDocument } from '../../../domain/plan/epic.ts';
import { epicStream, parsePlanId, showId } from '../../../domain/plan/ids.ts';
import { matcher } from '../../words.ts';
import { epicReport } from '../epic-report.ts';
import { epicNamed } from '../find-epic.ts';
import type { GroupRow } from '../plan-index.ts';
import { block, line, withoutAbsent } from '../show.ts';
import { placeOf } from '../sorted-rows.ts';
import { type ListKind, type ListQuery, type ListSource, pageOf } from './define.ts';

export const epicKind: ListKind = {
  kind: 'epic',
  statuses: [...EPIC_STATUSES, 'open', 'archived'],
  takes: [],
  list(source, query) {
    const { plan } = source;
    const named = query.text === undefined ? undefined : parsePlanId('epic', query.text);
    const one = named === undefined ? undefined : plan.epics.named('epic', named, query.project);
    const rows = named === undefined ? plan.epics.set(query.project, query.status ?? 'all').after(0) : one ? [one] : [];
    const matches = named === undefined ? matcher(query.text) : () => true;
    const wanted = (row: GroupRow) => row.project === query.project && matches(row.text);
    const page = pageOf(rows, query, wanted, (row) => show(source, query, row), placeOf, query.after);
    const found =
      query.detail === 'full' && query.text !== undefined ? epicNamed(plan, query.text, query.project) : undefined;
    if (found?.ok !== true || page.total === 0) return page;
    // One epic, by id or title: with all that is asked of it.
    const { place, row } = show(source, query, found.value);
    const report = epicReport(plan, source.view, found.value, source.now);
    return { rows: [{ place, row: { ...row, ...report } }], total: 1, more: false };
  },
};

function show({ view, plan }: ListSource, { detail }: ListQuery, row: GroupRow) {
  const id = showId(row.id);
  const place = placeOf(row);
  if (detail === 'ids') return { place, row: { id } };
  const { priority, status, title } = row;
  const tasks = plan.tasks.set(row.id, 'all').size;
  const done = plan.tasks.set(row.id, 'done').size;
  const left = plan.tasks.set(row.id, 'open').size;
  const brief = { id, title: line(title), status, priority, tasks, done, left };
  const document = detail === 'full' ? view.get<EpicDocument>(epicStream(row.id)) : undefined;
  if (document === undefined) return { place, row: brief };
  const { description, owner, created_at, ended_at } = document;
  const more = withoutAbsent({
    description: description === '' ? null : block(description),
    owner: owner === undefined ? null : line(owner),
    created_at,
    ended_at: ended_at ?? null,
    version: view.version(epicStream(row.id)),
  });
  return { place, row: { ...brief, ...more } };
}
