// The board of a sprint: columns of cards, blockers with their age, progress, and suggestions what to start next.
// Computed from the plan index at one seq. Used by tools/sprint-board.ts, resources/board.ts and resources/sprints.ts.

import type { View } from '../../documents/documents.ts';
import { showId, sprintStream, taskStream } from '../../domain/plan/ids.ts';
import type { SprintDocument } from '../../domain/plan/sprint.ts';
import { TASK_STATUSES, type TaskDocument, type TaskStatus } from '../../domain/plan/task.ts';
import type { Alerts } from '../../domain/project/config.ts';
import { hasEnded, type RunDocument, runStream } from '../../domain/run/document.ts';
import type { JsonObject } from '../../json/json.ts';
import { counted, countsOf } from '../counts.ts';
import { configOf } from '../project/settings.ts';
import { heldBy } from './holds-up.ts';
import { standsTooLong } from './overdue.ts';
import type { PlanFacts } from './plan-index.ts';
import { card, type Detail, hoursSince, line, withoutAbsent } from './show.ts';
import type { SortedRows } from './sorted-rows.ts';
import { burnDown, progressOf, velocityOf } from './sprint-facts.ts';
import { suggestions } from './suggest.ts';
import type { TaskRow } from './task-index.ts';

export interface BoardQuery {
  sprint: Readonly<SprintDocument>;
  assignee?: string | undefined;
  /** The stored id of an epic: only its tasks. */
  epic?: string | undefined;
  column?: TaskStatus | undefined;
  /** Cards per column at most. */
  limit: number;
  detail: Detail;
  now: number;
}

export interface Column {
  status: TaskStatus;
  count: number;
  points: number;
  cards: JsonObject[];
}

/** A type, not an interface: answers are open-ended objects. */
export type Board = {
  sprint: JsonObject;
  columns: Column[];
  blockers: JsonObject[];
  suggest: JsonObject[];
  cut?: string;
  note?: string;
};

/** JSON characters that all cards may take together: a whole board then stays below 16,000, about 4,000 tokens. */
const CARDS_CHARS = 9_000;
/** Characters of a description on a card; plan_list shows it in full. */
const CARD_CHARS = 400;
const BLOCKERS = 10;
const SUGGESTIONS = 5;
const SESSIONS = 10;

/** The board of a sprint; `cut` names the call for cards that were left out. `plan` must be at the seq of `view`. */
export function boardOf(plan: PlanFacts, view: View, query: BoardQuery): Board {
  const { sprint, column, now } = query;
  const statuses = column === undefined ? TASK_STATUSES : [column];
  const { alerts } = configOf(view, sprint.project);
  const sources = statuses.map((status) => ({ status, rows: rowsOf(plan, query, status) }));
  const columns = deal(sources, query, (row) => shownCard(view, query, row, alerts));
  const open = plan.tasks.set(sprint.id, 'open').size;
  const board: Board = {
    sprint: { ...sprintFacts(plan, view, sprint, now), left: open, ready: plan.tasks.set(sprint.id, 'ready').size },
    columns,
    blockers: blockers(plan, query, alerts),
    suggest: column === undefined ? suggested(plan, query) : [],
  };
  const cut = columns.find(({ count, cards }) => cards.length < count);
  if (cut !== undefined) board.cut = cutText(columns, cut, query);
  const note = columns.some(({ count }) => count > 0)
    ? standing(plan, sprint.id, open)
    : (emptiedBy(plan, query) ?? standing(plan, sprint.id, open));
  if (note !== undefined) board.note = note;
  return board;
}

function rowsOf(
  plan: PlanFacts,
  query: BoardQuery,
  status: TaskStatus,
): { rows: Iterable<TaskRow>; count: number; points: number } {
  const set = plan.tasks.set(query.sprint.id, status);
  const { assignee, epic } = query;
  if (assignee === undefined && epic === undefined) return { rows: set.after(0), count: set.size, points: set.points };
  const who = assignee?.toLowerCase();
  const fits = (row: TaskRow) => (who === undefined || row.assignee?.toLowerCase() === who) && isOf(epic, row);
  const mine = [...set.after(0)].filter(fits);
  return { rows: mine, count: mine.length, points: mine.reduce((sum, row) => sum + (row.points ?? 0), 0) };
}

function isOf(epic: string | undefined, row: TaskRow): boolean {
  return epic === undefined || row.epic === epic;
}

type Source = { status: TaskStatus; rows: ReturnType<typeof rowsOf> };

/** Adds one card to each column per round until CARDS_CHARS are used, so that no column starves the others. */
function deal(sources: readonly Source[], { limit }: BoardQuery, show: (row: TaskRow) => JsonObject): Column[] {
  const dealt = sources.map(({ status, rows }) => ({
    column: { status, count: rows.count, points: rows.points, cards: [] } as Column,
    next: rows.rows[Symbol.iterator](),
  }));
  let chars = 0;
  for (let round = 0; round < limit; round += 1) {
    for (const { column, next } of dealt) {
      if (column.cards.length < round) continue;
      const row = next.next();
      if (row.done === true) continue;
      const made = show(row.value);
      chars += JSON.stringify(made).length + 1;
      if (chars > CARDS_CHARS) return dealt.map((one) => one.column);
      column.cards.push(made);
    }
  }
  return dealt.map(({ column }) => column);
}

function shownCard(view: View, { detail, now }: BoardQuery, row: TaskRow, alerts: Alerts): JsonObject {
  const document = detail === 'full' ? view.get<TaskDocument>(taskStream(row.id)) : undefined;
  const shown = card(row, detail, false, document, CARD_CHARS);
  if (detail !== 'ids' && standsTooLong(row, alerts, now)) shown.overdue_h = hoursSince(row.since, now);
  return shown;
}

function sprintFacts(plan: PlanFacts, view: View, sprint: Readonly<SprintDocument>, now: number): JsonObject {
  const tasks = plan.tasks.set(sprint.id, 'all');
  const done = plan.tasks.set(sprint.id, 'done');
  const velocity = velocityOf(plan, view, sprint.project);
  return withoutAbsent({
    id: showId(sprint.id),
    title: line(sprint.title),
    status: sprint.status,
    goal: sprint.goal === '' ? undefined : line(sprint.goal, 300),
    starts_at: sprint.starts_at,
    ends_at: sprint.ends_at,
    capacity: sprint.capacity,
    tasks: tasks.size,
    points: tasks.points,
    points_done: done.points,
    progress: progressOf(plan, sprint.id),
    velocity: { points: velocity.points, tasks: velocity.tasks, sprints: velocity.sprints },
    burn_down: burnDown(plan, sprint, now),
    sessions: sprint.sessions.slice(-SESSIONS),
    run: liveRun(view, sprint.run),
    version: view.version(sprintStream(sprint.id)),
  });
}

/** The sprint's run, from which its tasks are claimed; undefined if there is none or it has ended. */
function liveRun(view: View, id: string | undefined): string | undefined {
  const run = id === undefined ? undefined : view.get<RunDocument>(runStream(id));
  return run === undefined || hasEnded(run.status) ? undefined : run.id;
}

/** Blocked tasks, the longest blocked first. */
function blockers(plan: PlanFacts, { sprint, epic, now }: BoardQuery, alerts: Alerts): JsonObject[] {
  const longest = (set: SortedRows<TaskRow>) => set.first(1_000).sort((a, b) => a.since - b.since);
  return longest(plan.tasks.set(sprint.id, 'blocked'))
    .filter((row) => isOf(epic, row))
    .slice(0, BLOCKERS)
    .map((row) => ({ row, held: heldBy(plan.tasks, row) }))
    .map(({ row, held }) =>
      withoutAbsent({
        id: showId(row.id),
        title: line(row.title, 80),
        epic: row.epic === undefined ? undefined : showId(row.epic),
        reason: line(row.reason ?? '', 400),
        age_h: hoursSince(row.since, now),
        overdue: standsTooLong(row, alerts, now) ? true : undefined,
        assignee: row.assignee === undefined ? undefined : line(row.assignee),
        holds_up: held.ids.length,
        holds_up_points: held.points,
      }),
    );
}

function suggested(plan: PlanFacts, { sprint: { id, project }, epic }: BoardQuery): JsonObject[] {
  const fits = (row: TaskRow) => isOf(epic, row);
  return suggestions(plan, project, id, SUGGESTIONS, fits).map(({ row, unblocks, to }) =>
    withoutAbsent({
      id: showId(row.id),
      title: line(row.title, 80),
      unblocks,
      to: to === undefined ? undefined : line(to),
    }),
  );
}

/** A note that tells apart a sprint without tasks, a finished one, and one of which nothing is ready. */
function standing(plan: PlanFacts, sprint: string, open: number): string | undefined {
  const { size } = plan.tasks.set(sprint, 'all');
  if (size === 0) return `no tasks yet: plan_save {sprint: {id: "${showId(sprint)}"}} or task_save adds some`;
  if (open === 0) return 'nothing left: every task is finished';
  if (plan.tasks.set(sprint, 'ready').size > 0) return undefined;
  return 'nothing ready: what is left is in work, blocked, or waits for those';
}

/** What emptied every column that was asked for: a filter that no task fits, else all of them together. */
function emptiedBy({ tasks }: PlanFacts, { sprint: { id }, assignee, epic, column }: BoardQuery): string | undefined {
  const all = [...tasks.set(id, 'all').after(0)];
  if (all.length === 0) return undefined;
  const who = assignee?.toLowerCase();
  const alone = [
    who !== undefined && !all.some((row) => row.assignee?.toLowerCase() === who)
      ? `is assigned to ${JSON.stringify(line(assignee ?? ''))}; there are: ${counted(countsOf(all, ofAssignee))}`
      : [],
    epic !== undefined && !all.some((row) => isOf(epic, row))
      ? `belongs to ${showId(epic)}; there are: ${counted(countsOf(all, ofEpic))}`
      : [],
    column !== undefined && !all.some(({ status }) => status === column)
      ? `is ${column}; there are: ${counted(countsOf(all, ({ status }) => status))}`
      : [],
  ].flat();
  if (alone.length === 0) return `tasks of ${showId(id)} fit each filter, but none fits all of them`;
  return alone.map((why) => `no task of ${showId(id)} ${why}`).join('; ');
}

const ofAssignee = (row: TaskRow) => (row.assignee === undefined ? 'nobody' : line(row.assignee));
const ofEpic = (row: TaskRow) => (row.epic === undefined ? 'no epic' : showId(row.epic));

function cutText(columns: readonly Column[], first: Column, { sprint, assignee, epic }: BoardQuery): string {
  const missing = columns.filter(({ count, cards }) => cards.length < count);
  const counts = missing.map(({ status, count, cards }) => `${count - cards.length} more ${status}`).join(', ');
  const who = assignee === undefined ? '' : `, assignee: ${JSON.stringify(line(assignee))}`;
  const of = epic === undefined ? '' : `, epic: "${showId(epic)}"`;
  return `${counts}: plan_list {kind: "task", parent: "${showId(sprint.id)}", status: "${first.status}"${who}${of}}`;
}
