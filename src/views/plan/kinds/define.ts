// What a kind of plan_list is: one file per kind in this folder, listed in index.ts.

import type { View } from '../../../documents/documents.ts';
import type { JsonObject } from '../../../json/json.ts';
import type { PlanFacts } from '../plan-index.ts';
import type { Detail } from '../show.ts';

export interface ListQuery {
  /** The project whose rows are wanted. */
  project: string;
  status?: string | undefined;
  parent?: string | undefined;
  assignee?: string | undefined;
  /** Words that all occur, or an id. */
  text?: string | undefined;
  detail: Detail;
  limit: number;
  /** Rows after this place. */
  after: number;
}

export interface ListSource {
  view: View;
  plan: PlanFacts;
  now: number;
  /** When an agent or session was last seen, in ms since the epoch. */
  lastSeen(who: string): number | undefined;
}

export interface ListRow {
  /** Where it stands: a later page begins after it. */
  place: number;
  row: JsonObject;
}

export interface ListPage {
  rows: ListRow[];
  /** All rows that fit the query. */
  total: number;
  /** There are rows after these. */
  more: boolean;
  /** One line that says what no row can. */
  note?: string | undefined;
}

export interface ListKind {
  kind: string;
  /** What `status` may be. */
  statuses: readonly string[];
  /** Arguments beyond status, text and paging that have a meaning here. */
  takes: readonly ('parent' | 'assignee')[];
  /** Contract: at most `limit` rows, each a copy; must not walk all documents of its kind. */
  list(source: ListSource, query: ListQuery): ListPage;
}

/** Every row that is wanted: the first `limit` of them, and how many there are. */
export function pageOf<R>(
  rows: Iterable<R>,
  { limit }: Pick<ListQuery, 'limit'>,
  wanted: (row: R) => boolean,
  show: (row: R) => ListRow,
  place: (row: R) => number,
  after: number,
): ListPage {
  const page: ListPage = { rows: [], total: 0, more: false };
  for (const row of rows) {
    if (!wanted(row)) continue;
    page.total += 1;
    if (place(row) <= after) continue;
    if (page.rows.length < limit) page.rows.push(show(row));
    else page.more = true;
  }
  return page;
}

/** Whether all words of a text occur in what is searched. */
export function matcher(text: string | undefined): (searched: string) => boolean {
  const words = (text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (searched) => words.every((word) => searched.includes(word));
}
