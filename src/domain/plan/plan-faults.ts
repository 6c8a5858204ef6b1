// Finds every fault of a plan's edges at once: keys named twice, needs and parents that do not exist, circles. Called
// by save-plan.ts before anything is made. Pure.

import { nearest } from '../../base/nearest.ts';
import type { InputIssue } from '../../failure/failure.ts';
import { findCycles } from '../../graph/check/cycles.ts';
import { link } from '../../graph/links.ts';
import { isUnsafeKey } from '../../json/pointer.ts';
import { kindOfPlanId } from './ids.ts';

/** The edges of a planned task: `needs` and `parent` name keys of the plan, or ids of tasks that exist. */
export interface PlannedEdges {
  key: string;
  needs?: readonly string[] | undefined;
  parent?: string | undefined;
}

/** How many unknown keys get a suggestion: the search for near names compares with every key. */
const MAX_NEAR = 20;

/**
 * Faults that need no reading of documents. `at` is a JSON Pointer into the plan's input, in which a task stands at
 * `placeOf`.
 */
export function edgeFaults<T extends PlannedEdges>(
  tasks: readonly T[],
  placeOf: (task: T) => number = (task) => tasks.indexOf(task),
): InputIssue[] {
  const issues: InputIssue[] = [];
  const keys = new Map<string, number>();
  for (const task of tasks) {
    const { key } = task;
    const index = placeOf(task);
    const first = keys.get(key);
    const at = `/tasks/${index}/key`;
    if (first !== undefined) issues.push({ at, why: `"${key}" is already the key of /tasks/${first}` });
    else if (kindOfPlanId(key) !== undefined) issues.push({ at, why: 'looks like an id; choose another key' });
    else if (isUnsafeKey(key)) issues.push({ at, why: `${key} is refused as a key` });
    else keys.set(key, index);
  }
  let searched = 0;
  const unknown = (at: string, named: string): void => {
    const [near] = searched++ < MAX_NEAR ? nearest(named, keys.keys(), 1) : [];
    const hint = near === undefined ? '' : `, did you mean ${near}?`;
    issues.push({ at, why: `no task of the plan has the key "${named}", and it is no task's id${hint}` });
  };
  for (const task of tasks) {
    const { key, needs = [], parent } = task;
    const index = placeOf(task);
    for (const [at, need] of needs.entries()) {
      const place = `/tasks/${index}/needs/${at}`;
      if (need === key) issues.push({ at: place, why: 'a task cannot need itself' });
      else if (!keys.has(need) && kindOfPlanId(need) !== 'task') unknown(place, need);
    }
    if (parent === undefined) continue;
    const place = `/tasks/${index}/parent`;
    if (parent === key) issues.push({ at: place, why: 'a task cannot be its own parent' });
    else if (!keys.has(parent) && kindOfPlanId(parent) !== 'task') unknown(place, parent);
  }
  return [...issues, ...circles(tasks, placeOf)];
}

/** Circles within the plan, over needs and parents together, as in cycle.ts. */
function circles<T extends PlannedEdges>(tasks: readonly T[], placeOf: (task: T) => number): InputIssue[] {
  const keys = new Map(tasks.map(({ key }, index) => [key, index]));
  const waitsFor = tasks.map(({ needs = [] }) => new Set(needs));
  for (const { key, parent } of tasks) {
    const above = parent === undefined ? undefined : keys.get(parent);
    if (above !== undefined) waitsFor[above]?.add(key);
  }
  const links = link(tasks.map(({ key }, index) => ({ id: key, needs: [...(waitsFor[index] ?? [])] })));
  return findCycles(links).map((cycle) => {
    const names = [...cycle, cycle[0] ?? 0].map((index) => links.ids[index] ?? '');
    const [first] = cycle.flatMap((index) => tasks[index] ?? []);
    return {
      at: `/tasks/${first === undefined ? 0 : placeOf(first)}/needs`,
      why: `each of these waits for the next: ${shorten(names).join(' → ')}`,
    };
  });
}

/** The first and last few names of a long circle. */
function shorten(names: string[]): string[] {
  return names.length <= 12 ? names : [...names.slice(0, 6), `… (${names.length - 12} more)`, ...names.slice(-6)];
}
