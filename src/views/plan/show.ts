// How planning objects are shown: titles and other lines that others wrote made inert, ids in upper case, no more than
// a card has room for. Used by lists, boards and resources.

import { visible } from '../../base/display.ts';
import { showId } from '../../domain/plan/ids.ts';
import type { TaskDocument } from '../../domain/plan/task.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import type { TaskRow } from './task-index.ts';

export const DETAILS = ['ids', 'brief', 'full'] as const;
export type Detail = (typeof DETAILS)[number];

const TITLE_CHARS = 160;
const TEXT_CHARS = 6_000;
const LISTED = 10;
const HOUR_MS = 3_600_000;

/** Foreign text on one line: what a reader would act on or not see is escaped, and what is too long is cut. */
export function line(text: string, most = TITLE_CHARS): string {
  const shown = visible(text.slice(0, most));
  return shown.length < text.length || shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

/** Foreign text of many lines, as it was sent: who edits it sends it back. What is too long is cut. */
export function block(text: string, most = TEXT_CHARS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Ids as shown, the first few. */
export function idList(ids: readonly string[]): string[] {
  const more = ids.length > LISTED ? [`and ${ids.length - LISTED} more`] : [];
  return [...ids.slice(0, LISTED).map(showId), ...more];
}

/** Whole hours since a time. */
export function hoursSince(ms: number, now: number): number {
  return Math.max(0, Math.floor((now - ms) / HOUR_MS));
}

/** A task as a card: who, how urgent, what it waits for. Without its status where the column says it. */
export function card(
  row: TaskRow,
  detail: Detail,
  withStatus: boolean,
  document?: Readonly<TaskDocument>,
  descriptionChars = TEXT_CHARS,
): JsonObject {
  const id = showId(row.id);
  if (detail === 'ids') return { id };
  const shown: JsonObject = { id, title: line(row.title) };
  if (withStatus) shown.status = row.status;
  if (row.archived) shown.archived = true;
  shown.priority = row.priority;
  if (row.points !== undefined) shown.points = row.points;
  if (row.assignee !== undefined) shown.assignee = line(row.assignee);
  if (withStatus && row.sprint !== undefined) shown.sprint = showId(row.sprint);
  // What is over waits for nothing, even if a need of it was opened again.
  const isOver = row.status === 'done' || row.status === 'cancelled';
  if (row.open.length > 0 && !isOver) shown.waits_for = idList(row.open);
  if (row.reason !== undefined) shown.blocked_reason = line(row.reason);
  return detail === 'brief' || document === undefined
    ? shown
    : { ...shown, ...particulars(document, descriptionChars) };
}

function particulars(task: Readonly<TaskDocument>, descriptionChars: number): JsonObject {
  const { epic, parent, children, needs, needed_by, labels, discovered_from, started_at, done_at } = task;
  const all: Record<string, Json | undefined> = {
    description: task.description === '' ? undefined : block(task.description, descriptionChars),
    epic: epic === undefined ? undefined : showId(epic),
    parent: parent === undefined ? undefined : showId(parent),
    children: children.length === 0 ? undefined : idList(children),
    needs: needs.length === 0 ? undefined : idList(needs),
    needed_by: needed_by.length === 0 ? undefined : idList(needed_by),
    labels: labels.length === 0 ? undefined : labels.map((label) => line(label)),
    discovered_from: discovered_from === undefined ? undefined : showId(discovered_from),
    created_at: task.created_at,
    started_at,
    done_at,
  };
  return withoutAbsent(all);
}

/** Drops what is undefined. */
export function withoutAbsent(object: Record<string, Json | undefined>): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}
