// Figures of a sprint: progress and burn-down, and the velocity of the project's last sprints. Computed from the plan
// index. Used by board.ts, dashboard views, the status line, `baton board` and prompts.

import type { View } from '../../documents/documents.ts';
import { showId, sprintStream } from '../../domain/plan/ids.ts';
import { endOf, type SprintDocument } from '../../domain/plan/sprint.ts';
import type { PlanFacts } from './plan-index.ts';
import type { Count } from './task-index.ts';

const DAY_MS = 86_400_000;
/** The most days of a burn-down; the last ones are shown. */
const MAX_DAYS = 21;
const VELOCITY_SPRINTS = 3;

export type BurnDown = { date: string; points: number; tasks: number }[];

/**
 * The points and tasks left at the end of each day (UTC), from the sprint's start to its end or now. Computed from the
 * present scope, so a task that joined late counts from the first day. Empty before the start.
 */
export function burnDown(plan: PlanFacts, sprint: Readonly<SprintDocument>, now: number): BurnDown {
  const from = Date.parse(sprint.starts_at ?? sprint.started_at ?? '');
  if (Number.isNaN(from) || from > now) return [];
  const last = Math.min(now, endOf(sprint.ended_at ?? sprint.ends_at ?? '') || now);
  const first = Math.max(startOfDay(from), startOfDay(last) - (MAX_DAYS - 1) * DAY_MS);
  const { done } = plan.tasks.totalsOf(sprint.id);
  const left = scopeOf(plan, sprint.id);
  const days: BurnDown = [];
  for (const [day, count] of done) if (day < dayOf(first)) take(left, count);
  for (let at = first; at <= last; at += DAY_MS) {
    take(left, done.get(dayOf(at)));
    days.push({ date: dayOf(at), ...left });
  }
  return days;
}

/** Points and tasks of a sprint or epic without its cancelled tasks. */
export function scopeOf(plan: PlanFacts, group: string): { points: number; tasks: number } {
  const [all, cancelled] = [plan.tasks.set(group, 'all'), plan.tasks.set(group, 'cancelled')];
  return { points: all.points - cancelled.points, tasks: all.size - cancelled.size };
}

function take(left: { points: number; tasks: number }, count: Count | undefined): void {
  left.points -= count?.points ?? 0;
  left.tasks -= count?.tasks ?? 0;
}

/**
 * The progress of a sprint or epic in percent, 0 to 100, cancelled tasks left out. By points while points are left,
 * else by tasks. At most 99 while a task is left.
 */
export function progressOf(plan: PlanFacts, group: string): number {
  const scope = scopeOf(plan, group);
  const done = plan.tasks.set(group, 'done');
  if (scope.tasks === 0) return 0;
  if (done.size === scope.tasks) return 100;
  const byPoints = scope.points > done.points;
  const [part, whole] = byPoints ? [done.points, scope.points] : [done.size, scope.tasks];
  return Math.min(99, Math.round((100 * part) / whole));
}

export interface Velocity {
  /** The last completed sprints, the newest first. */
  sprints: { id: string; points: number; tasks: number }[];
  /** The means over these sprints. */
  points: number;
  tasks: number;
}

/** The points and tasks finished in each of the project's last three sprints, as recorded when each ended. */
export function velocityOf(plan: PlanFacts, view: View, project: string): Velocity {
  const ended = [...plan.sprints.set(project, 'completed').after(0)].flatMap(({ id }) => {
    const { ended_at, result } = view.get<SprintDocument>(sprintStream(id)) ?? {};
    return result === undefined ? [] : [{ id: showId(id), points: result.points_done, tasks: result.done, ended_at }];
  });
  ended.sort((a, b) => (b.ended_at ?? '').localeCompare(a.ended_at ?? ''));
  const sprints = ended.slice(0, VELOCITY_SPRINTS).map(({ id, points, tasks }) => ({ id, points, tasks }));
  return { sprints, points: mean(sprints.map(({ points }) => points)), tasks: mean(sprints.map(({ tasks }) => tasks)) };
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return Math.round((10 * values.reduce((sum, value) => sum + value, 0)) / values.length) / 10;
}

function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
