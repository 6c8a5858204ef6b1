// What to take up next in a sprint, and who might: of the tasks that can be started and nobody has, those first that
// most others wait for; for each, who has the skills that its labels name, and of those who has the least in hand. A
// hint, never a promise: the command that starts a task reads its document.

import { heldBy } from './holds-up.ts';
import type { PlanFacts } from './plan-index.ts';
import type { TaskRow } from './task-index.ts';

/** Bounds on the ready tasks that are compared, by priority, and on the waiting tasks counted for each. */
const WEIGHED = 100;
const MAX_COUNTED = 200;

export interface Suggestion {
  row: TaskRow;
  /** The number of unfinished tasks that need it, directly or through others. */
  unblocks: number;
  /** Who could do it: a registered agent, or an assignee of the sprint. */
  to?: string;
}

interface Person {
  name: string;
  skills: readonly string[];
  capacity: number;
  tasks: number;
  points: number;
}

/** At most `count` suggestions for a sprint or an epic, the best first; `fits`: only of these tasks. */
export function suggestions(
  plan: PlanFacts,
  project: string,
  scope: string,
  count: number,
  fits: (row: TaskRow) => boolean = () => true,
): Suggestion[] {
  const ready = plan.tasks.set(scope, 'ready').first(WEIGHED);
  const free = ready.filter((row) => row.assignee === undefined && fits(row));
  const weighed = free.map((row): Suggestion => ({ row, unblocks: heldBy(plan.tasks, row, MAX_COUNTED).ids.length }));
  weighed.sort((a, b) => b.unblocks - a.unblocks || a.row.priority - b.row.priority || a.row.number - b.row.number);
  const people = peopleOf(plan, project, scope);
  return weighed.slice(0, count).map((suggestion) => {
    const person = fittest(people, suggestion.row.labels);
    if (person === undefined) return suggestion;
    // Counted as assigned, so that the next suggestion goes to somebody else.
    person.tasks += 1;
    person.points += suggestion.row.points ?? 0;
    return { ...suggestion, to: person.name };
  });
}

/** Registered agents and assignees of the sprint, with their unfinished tasks and points in it. */
function peopleOf(plan: PlanFacts, project: string, sprint: string): Person[] {
  const people = new Map<string, Person>();
  const idle = { skills: [], capacity: Number.POSITIVE_INFINITY, tasks: 0, points: 0 };
  for (const [name, worker] of plan.agentsOf(project)) people.set(name.toLowerCase(), { ...idle, ...worker, name });
  for (const [name, { tasks, points }] of plan.tasks.totalsOf(sprint).load) {
    const known = people.get(name.toLowerCase()) ?? { ...idle, name };
    people.set(name.toLowerCase(), { ...known, tasks: known.tasks + tasks, points: known.points + points });
  }
  return [...people.values()];
}

function fittest(people: readonly Person[], labels: readonly string[]): Person | undefined {
  const skilled = (person: Person): number => labels.filter((label) => person.skills.includes(label)).length;
  const better = (a: Person, b: Person): number =>
    skilled(b) - skilled(a) || a.points - b.points || a.tasks - b.tasks || (a.name < b.name ? -1 : 1);
  return people.filter(({ tasks, capacity }) => tasks < capacity).sort(better)[0];
}
