// What an unfinished task holds up: all unfinished tasks that need it, directly or through others. Used by the board,
// the dashboards, the report of an epic and suggestions.

import { isFinished } from '../../domain/plan/task.ts';
import type { TaskIndex, TaskRow } from './task-index.ts';

/** As many tasks as one sprint or epic may have. */
const MAX_HELD = 10_000;

export interface Held {
  /** Stored ids, the nearest first. */
  ids: string[];
  points: number;
}

/** The unfinished tasks that wait for this one, at most `most`, and the sum of their points. */
export function heldBy(tasks: TaskIndex, row: TaskRow, most = MAX_HELD): Held {
  const held = new Set<string>();
  let points = 0;
  const queue = [...row.neededBy];
  for (const id of queue) {
    const found = tasks.get(id);
    if (found === undefined || id === row.id || held.has(id) || found.archived || isFinished(found)) continue;
    held.add(id);
    points += found.points ?? 0;
    if (held.size >= most) break;
    for (const next of found.neededBy) queue.push(next);
  }
  return { ids: [...held], points };
}
