// An epic in one answer: how far it is, who works on what, what is blocked and all that this holds up, what nobody has,
// and what comes next. Computed from the plan index. Used by kinds/epic.ts.

import type { View } from '../../documents/documents.ts';
import { showId, sprintStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { isFinished } from '../../domain/plan/task.ts';
import type { JsonObject } from '../../json/json.ts';
import { heldBy } from './holds-up.ts';
import type { GroupRow, PlanFacts } from './plan-index.ts';
import { hoursSince, idList, line, withoutAbsent } from './show.ts';
import { suggestions } from './suggest.ts';
import type { TaskRow } from './task-index.ts';

/** Rows of each list: the whole then stays below 16,000 characters. */
const LISTED = 12;
const SUGGESTIONS = 5;
const TITLE_CHARS = 80;

/** The members that the report adds to an epic's row. `cut` counts what lists leave out, and says how to see it. */
export function epicReport(plan: PlanFacts, view: View, { id, project, status }: GroupRow, now: number): JsonObject {
  const set = (facet: 'all' | 'open' | 'done' | 'ready' | 'active' | 'review') => plan.tasks.set(id, facet);
  const open = [...set('open').after(0)];
  const blockers = epicBlockers(plan, id);
  const unassigned = open.filter(({ assignee }) => assignee === undefined);
  const working = epicWork(plan, id);
  const next = suggestions(plan, project, id, SUGGESTIONS).map(({ row, unblocks, to }) =>
    withoutAbsent({ ...brief(row), unblocks, to: to === undefined ? undefined : line(to) }),
  );
  const { size, points } = set('all');
  const cut = { in_work: working, blockers, unassigned };
  const missing = Object.entries(cut).flatMap(([name, { length }]) =>
    length > LISTED ? [`${length - LISTED} more ${name}`] : [],
  );
  const over = status === 'completed' || status === 'cancelled';
  return withoutAbsent({
    points,
    points_done: set('done').points,
    points_left: set('open').points,
    ready: set('ready').size,
    sprints: sprintsOf(view, set('all').after(0)),
    people: peopleOf(open),
    in_work: working.slice(0, LISTED).map((row) => ({ ...brief(row), status: row.status, since: isoOf(row.since) })),
    blockers: blockers.slice(0, LISTED).map((blocker) => shownBlocker(blocker, now)),
    unassigned: unassigned.slice(0, LISTED).map(brief),
    next,
    cut: missing.length === 0 ? undefined : `${missing.join(', ')}: plan_list {kind: "task", parent: "${showId(id)}"}`,
    hint: size > 0 && open.length === 0 && !over ? allDone(id) : undefined,
  });
}

/** What to do with an open epic of which no task is left. */
export function allDone(id: string): string {
  return `every task of ${showId(id)} is finished: epic_save {id: "${showId(id)}", status: "completed"}`;
}

function brief(row: TaskRow): JsonObject {
  return withoutAbsent({
    id: showId(row.id),
    title: line(row.title, TITLE_CHARS),
    points: row.points,
    assignee: row.assignee === undefined ? undefined : line(row.assignee),
    waits_for: row.open.length === 0 ? undefined : idList(row.open),
  });
}

/** Tasks of an epic that somebody works on or that wait for a review, the longest in their status first. */
export function epicWork({ tasks }: PlanFacts, epic: string): TaskRow[] {
  const working = [...tasks.set(epic, 'review').after(0), ...tasks.set(epic, 'active').after(0)];
  return working.sort((a, b) => a.since - b.since);
}

/** A task that stands in an epic's way, and what it holds up. */
export interface EpicBlocker {
  row: TaskRow;
  /** True if the task belongs to another epic or to none. */
  outside: boolean;
  held: ReturnType<typeof heldBy>;
}

/**
 * What stands in the epic's way: its blocked tasks, and unfinished tasks outside it that its own wait for. What holds
 * up most comes first.
 */
export function epicBlockers({ tasks }: PlanFacts, epic: string): EpicBlocker[] {
  const open = [...tasks.set(epic, 'open').after(0)];
  const needed = new Set(open.flatMap((row) => row.open)).values();
  const others = [...needed].flatMap((id) => tasks.get(id) ?? []).filter((row) => row.epic !== epic);
  const rows = [...open.filter(({ status }) => status === 'blocked'), ...others];
  const found = rows.map((row) => ({ row, outside: row.epic !== epic, held: heldBy(tasks, row) }));
  return found.sort((a, b) => b.held.points - a.held.points || b.held.ids.length - a.held.ids.length);
}

function shownBlocker({ row, outside, held }: EpicBlocker, now: number): JsonObject {
  return withoutAbsent({
    ...brief(row),
    status: row.status,
    outside: outside ? true : undefined,
    reason: row.reason === undefined ? undefined : line(row.reason, 400),
    age_h: hoursSince(row.since, now),
    holds_up: held.ids.length,
    holds_up_points: held.points,
    holds_up_tasks: idList(held.ids),
  });
}

/** Unfinished tasks and points by assignee, the most first. */
function peopleOf(open: readonly TaskRow[]): JsonObject[] {
  const people = new Map<string, { who: string; tasks: number; points: number; active: string[] }>();
  for (const { id, assignee, points = 0, status } of open) {
    if (assignee === undefined) continue;
    const known = people.get(assignee) ?? { who: line(assignee), tasks: 0, points: 0, active: [] };
    people.set(assignee, known);
    known.tasks += 1;
    known.points += points;
    if (status === 'active' || status === 'review') known.active.push(id);
  }
  const sorted = [...people.values()].sort((a, b) => b.points - a.points || b.tasks - a.tasks);
  return sorted.slice(0, LISTED).map((one) => ({ ...one, active: idList(one.active) }));
}

/** The sprints that its tasks are in, with their dates and what is left there. */
function sprintsOf(view: View, rows: Iterable<TaskRow>): JsonObject[] {
  const left = new Map<string, number>();
  for (const row of rows) {
    if (row.sprint !== undefined) left.set(row.sprint, (left.get(row.sprint) ?? 0) + Number(!isFinished(row)));
  }
  return [...left].slice(-LISTED).flatMap(([id, count]) => {
    const sprint = view.get<SprintDocument>(sprintStream(id));
    if (sprint === undefined) return [];
    const { title, status, starts_at, ends_at } = sprint;
    return [
      withoutAbsent({ id: showId(id), title: line(title, TITLE_CHARS), status, starts_at, ends_at, left: count }),
    ];
  });
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
