// What to take up next in a sprint, and who might: of the tasks that can be started and nobody has, those first that most
// others wait for. A hint, never a decision: whoever starts a task decides on its document.

import { isFinished } from '../../domain/plan/task.ts';
import type { PlanFacts } from './plan-index.ts';
import type { TaskIndex, TaskRow } from './task-index.ts';

/** So many ready tasks are weighed, the most urgent ones, each by at most so many that wait for it. */
const WEIGHED = 100;
const MAX_COUNTED = 200;

export interface Suggestion {
  row: TaskRow;
  /** Unfinished tasks that wait for it, at any distance. */
  unblocks: number;
  /** Who in the sprint has the least in hand. */
  to?: string;
}

export function suggestions(plan: PlanFacts, sprint: string, count: number): Suggestion[] {
  const free = plan.tasks
    .set(sprint, 'ready')
    .first(WEIGHED)
    .filter((row) => row.assignee === undefined);
  const weighed = free.map((row): Suggestion => ({ row, unblocks: waitingFor(plan.tasks, row) }));
  weighed.sort((a, b) => b.unblocks - a.unblocks || a.row.priority - b.row.priority || a.row.number - b.row.number);
  const load = [...plan.tasks.totalsOf(sprint).load].map(([who, { tasks, points }]) => ({ who, tasks, points }));
  return weighed.slice(0, count).map((suggestion) => {
    const [least] = load.sort((a, b) => a.points - b.points || a.tasks - b.tasks || (a.who < b.who ? -1 : 1));
    if (least === undefined) return suggestion;
    // As if it were taken, so that the next one goes to somebody else.
    least.tasks += 1;
    least.points += suggestion.row.points ?? 0;
    return { ...suggestion, to: least.who };
  });
}

function waitingFor(tasks: TaskIndex, row: TaskRow): number {
  const seen = new Set<string>();
  const queue = [...row.neededBy];
  for (const id of queue) {
    const found = tasks.get(id);
    if (found === undefined || seen.has(id) || found.archived || isFinished(found)) continue;
    seen.add(id);
    if (seen.size >= MAX_COUNTED) break;
    for (const next of found.neededBy) queue.push(next);
  }
  return seen.size;
}
