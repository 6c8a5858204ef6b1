// Finds an epic by what a caller knows of it: its id, or its title. Used by plan_list, sprint_board and the list of
// epics.

import { nearest } from '../../base/nearest.ts';
import { kindOfPlanId, showId } from '../../domain/plan/ids.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { matcher } from '../words.ts';
import type { GroupRow, PlanFacts } from './plan-index.ts';

/** The most epics whose titles are compared. */
const COMPARED = 1_000;

/**
 * The epic with this id or title, else the only one whose title has all these words. Fails with `unknown-item`, with
 * the ids of those that it may mean.
 */
export function epicNamed({ epics }: PlanFacts, text: string, project: string): Result<GroupRow> {
  const known = epics.named('epic', text, project);
  if (known !== undefined) return ok(known);
  const rows = kindOfPlanId(text) === undefined ? epics.set(project, 'all').first(COMPARED) : [];
  const title = text.trim().toLowerCase();
  const matches = matcher(text);
  const like = title === '' ? [] : rows.filter((row) => matches(row.text));
  const same = rows.filter((row) => row.title.toLowerCase() === title);
  const [only] = same.length > 0 ? same : like;
  if (only !== undefined && (same.length > 0 ? same : like).length === 1) return ok(only);
  const titles = new Map(rows.map((row) => [row.title, showId(row.id)]));
  const near = [...like.slice(0, 3).map(({ id }) => showId(id))];
  if (near.length === 0) near.push(...nearest(text, titles.keys()).map((one) => titles.get(one) ?? ''));
  return fail({ code: 'unknown-item', kind: 'epic', id: text, near });
}
