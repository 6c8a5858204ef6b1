// The type of a kind of plan_list's rows. One file per kind in this folder, listed in index.ts.

import type { View } from '../../../documents/documents.ts';
import type { JsonObject } from '../../../json/json.ts';
import type { PlanFacts } from '../plan-index.ts';
import type { Detail } from '../show.ts';

export interface ListQuery {
  /** Only rows of this project; the kind `project` lists all, and marks this one. */
  project: string;
  status?: string | undefined;
  /** The stored id of a sprint, epic or task, or "backlog". */
  parent?: string | undefined;
  /** The stored id of an epic. */
  epic?: string | undefined;
  assignee?: string | undefined;
  /** Words that must all occur, or an id. */
  text?: string | undefined;
  detail: Detail;
  limit: number;
  /** Only rows whose place is greater: the cursor. */
  after: number;
}

export interface ListSource {
  view: View;
  plan: PlanFacts;
  now: number;
  /** When an agent or session was last seen, in ms since the epoch. */
  lastSeen(who: string): number | undefined;
  /** What live processes announce: their sessions, and the agents of their windows. */
  served(): ReadonlySet<string>;
}

export interface ListRow {
  /** The row's position in the order of the list: the cursor of the next page. */
  place: number;
  row: JsonObject;
}

export interface ListPage {
  rows: ListRow[];
  /** The number of rows that fit the query. */
  total: number;
  /** True if there are rows after these. */
  more: boolean;
  /** One line about the list as a whole, such as why it is empty. */
  note?: string | undefined;
}

export interface ListKind {
  kind: string;
  /** The values that `status` may have. */
  statuses: readonly string[];
  /** The arguments that this kind accepts beside status, text and paging. */
  takes: readonly ('parent' | 'epic' | 'assignee')[];
  /** Contract: at most `limit` rows, each a copy; must not load all documents of its kind. */
  list(source: ListSource, query: ListQuery): ListPage;
}

/** The first `limit` wanted rows after a place, and the number of all wanted rows. `rows` are in order of place. */
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
