// Shows planning objects: text that agents wrote is made inert and cut, ids are in upper case. Used by plan lists, the
// board, joined/, resources, prompts and tools.

import { visible } from '../../base/display.ts';
import { showId } from '../../domain/plan/ids.ts';
import type { TaskDocument } from '../../domain/plan/task.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import type { TaskRow } from './task-index.ts';

export const DETAILS = ['ids', 'brief', 'full'] as const;
export type Detail = (typeof DETAILS)[number];

const TITLE_CHARS = 160;
const TEXT_CHARS = 6_000;
/** Characters of JSON of details in one answer. */
const DETAILS_CHARS = 9_000;
const LISTED = 10;
const HOUR_MS = 3_600_000;

/**
 * Text that agents wrote, as one line: characters that a terminal or reader would obey or not show are escaped, and it
 * is cut to `most` characters.
 */
export function line(text: string, most = TITLE_CHARS): string {
  const shown = visible(text.slice(0, most));
  return shown.length < text.length || shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

/** Text of several lines, unchanged, because whoever edits it sends it back; cut to `most` characters. */
export function block(text: string, most = TEXT_CHARS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The part of a long text from a place on that fits into an answer. */
export function detailsFrom(text: string, place: number): string {
  let part = text.slice(place, place + DETAILS_CHARS);
  while (JSON.stringify(part).length > DETAILS_CHARS) part = part.slice(0, Math.floor(part.length * 0.9));
  return part;
}

/** The first ten ids as shown, and the number of the others. */
export function idList(ids: readonly string[]): string[] {
  const more = ids.length > LISTED ? [`and ${ids.length - LISTED} more`] : [];
  return [...ids.slice(0, LISTED).map(showId), ...more];
}

/** Whole hours between two times in ms. */
export function hoursSince(ms: number, now: number): number {
  return Math.max(0, Math.floor((now - ms) / HOUR_MS));
}

/** A task as a card. `withStatus` is false on a board, whose columns and head say the status and the sprint. */
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
  if (row.epic !== undefined) shown.epic = showId(row.epic);
  // A finished task waits for nothing, even if one of its needs was reopened.
  const isOver = row.status === 'done' || row.status === 'cancelled';
  if (row.open.length > 0 && !isOver) shown.waits_for = idList(row.open);
  if (row.reason !== undefined) shown.blocked_reason = line(row.reason);
  return detail === 'brief' || document === undefined
    ? shown
    : { ...shown, ...particulars(document, descriptionChars) };
}

function particulars(task: Readonly<TaskDocument>, descriptionChars: number): JsonObject {
  const { parent, children, needs, needed_by, labels, discovered_from, started_at, done_at } = task;
  const all: Record<string, Json | undefined> = {
    description: task.description === '' ? null : block(task.description, descriptionChars),
    details: task.details === undefined ? undefined : detailsFrom(task.details, 0),
    points: task.points ?? null,
    assignee: task.assignee === undefined ? null : line(task.assignee),
    sprint: task.sprint === undefined ? null : showId(task.sprint),
    epic: task.epic === undefined ? null : showId(task.epic),
    parent: parent === undefined ? null : showId(parent),
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

/** A copy without the keys whose value is undefined. */
export function withoutAbsent(object: Record<string, Json | undefined>): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) kept[key] = value;
  return kept;
}
