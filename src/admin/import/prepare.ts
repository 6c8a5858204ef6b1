// Makes imported tasks valid here: cuts texts to their limits, drops edges to missing tasks, breaks circles, orders
// needs before the tasks that need them, and resets statuses that an open need forbids. Notes every change. Used by
// cli/verbs/import.ts.

import {
  MAX_LABEL_CHARS,
  MAX_LABELS,
  MAX_NAME_CHARS,
  MAX_NEEDS,
  MAX_TEXT_CHARS,
  MAX_TITLE_CHARS,
} from '../../config/limits.ts';
import type { ImportedTask } from '../../domain/import/tasks.ts';
import { isUnsafeKey } from '../../json/pointer.ts';
import type { Imported, Note } from './shape.ts';

const MAX_KEY = 200;

/** Returns the tasks in an order in which they can be created. Notes go into `found.changed` and `found.left`. */
export function prepareTasks(found: Imported): ImportedTask[] {
  const tasks = new Map<string, ImportedTask>();
  for (const task of found.tasks) {
    if (task.key.length > MAX_KEY || isUnsafeKey(task.key))
      found.left.push({ item: task.key.slice(0, 80), why: 'its id is refused here' });
    else if (tasks.has(task.key)) found.left.push({ item: task.key, why: 'another one has this id too' });
    else tasks.set(task.key, fitted(task, found.changed));
  }
  for (const task of tasks.values()) dropLostEdges(task, tasks, found.changed);
  breakCircles(tasks, found.changed);
  const ordered = needsFirst(tasks);
  holdBack(ordered, tasks, found.changed);
  return ordered;
}

function fitted(task: ImportedTask, changed: Note[]): ImportedTask {
  const note = (why: string): void => void changed.push({ item: task.key, why });
  const cut = (text: string, most: number, what: string): string => {
    if (text.length <= most) return text;
    note(`its ${what} is cut to ${most} characters`);
    return text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  };
  const title = cut(task.title.replace(/\s+/g, ' ').trim(), MAX_TITLE_CHARS, 'title');
  if (title === '') note('it has no title');
  const labels = [
    ...new Set(task.labels.map((label) => label.trim().slice(0, MAX_LABEL_CHARS)).filter((label) => label !== '')),
  ];
  if (labels.length > MAX_LABELS) note(`only its first ${MAX_LABELS} labels are taken`);
  const made: ImportedTask = {
    ...task,
    title: title === '' ? `(untitled ${task.key})`.slice(0, MAX_TITLE_CHARS) : title,
    description: cut(task.description, MAX_TEXT_CHARS, 'description'),
    labels: labels.slice(0, MAX_LABELS),
    needs: [...new Set(task.needs)],
  };
  if (task.assignee !== undefined) made.assignee = cut(task.assignee, MAX_NAME_CHARS, 'assignee');
  return made;
}

function dropLostEdges(task: ImportedTask, tasks: ReadonlyMap<string, ImportedTask>, changed: Note[]): void {
  const lost = (what: string, key: string): void =>
    void changed.push({ item: task.key, why: `its ${what} ${key.slice(0, 80)} is not there` });
  const there = (key: string): boolean => tasks.has(key) && key !== task.key;
  for (const key of task.needs) if (!there(key)) lost('need', key);
  task.needs = task.needs.filter(there);
  if (task.needs.length > MAX_NEEDS)
    changed.push({ item: task.key, why: `only its first ${MAX_NEEDS} needs are taken` });
  task.needs = task.needs.slice(0, MAX_NEEDS);
  for (const edge of ['parent', 'discovered_from'] as const) {
    const key = task[edge];
    if (key === undefined || there(key)) continue;
    lost(edge === 'parent' ? 'parent' : 'origin', key);
    delete task[edge];
  }
}

/**
 * Drops edges until no task has to end before itself: a task ends after its needs and after its children. Depth-first
 * search without recursion; an edge to a task that is still open in the search closes a circle and is dropped.
 */
function breakCircles(tasks: ReadonlyMap<string, ImportedTask>, changed: Note[]): void {
  const children = new Map<string, string[]>();
  for (const { key, parent } of tasks.values())
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), key]);
  const state = new Map<string, 'open' | 'done'>();
  for (const start of tasks.keys()) {
    const stack: { key: string; next: string[] }[] = [];
    const enter = (key: string): void => {
      state.set(key, 'open');
      stack.push({ key, next: [...(tasks.get(key)?.needs ?? []), ...(children.get(key) ?? [])] });
    };
    if (!state.has(start)) enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next.shift();
      if (next === undefined) {
        state.set(top.key, 'done');
        stack.pop();
      } else if (!state.has(next)) enter(next);
      else if (state.get(next) === 'open') leaveOut(tasks, top.key, next, changed);
    }
  }
}

function leaveOut(tasks: ReadonlyMap<string, ImportedTask>, from: string, to: string, changed: Note[]): void {
  const [task, other] = [tasks.get(from), tasks.get(to)];
  const why = 'because it would make a circle';
  if (task?.needs.includes(to)) {
    task.needs = task.needs.filter((key) => key !== to);
    changed.push({ item: from, why: `its need ${to} is left out, ${why}` });
  }
  if (other?.parent !== from) return;
  delete other.parent;
  changed.push({ item: to, why: `its parent ${from} is left out, ${why}` });
}

/** Orders the tasks so that needs come first, otherwise as in the source. */
function needsFirst(tasks: ReadonlyMap<string, ImportedTask>): ImportedTask[] {
  const ordered = new Set<ImportedTask>();
  for (const start of tasks.values()) {
    const stack = [start];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const open = top.needs.map((key) => tasks.get(key)).find((need) => need !== undefined && !ordered.has(need));
      if (open === undefined || ordered.has(top)) {
        ordered.add(top);
        stack.pop();
      } else stack.push(open);
    }
  }
  return [...ordered];
}

/**
 * Resets a task to todo if it is active, in review or done although a need is open, which is not allowed here.
 * Contract: `ordered` has needs first.
 */
function holdBack(ordered: readonly ImportedTask[], tasks: ReadonlyMap<string, ImportedTask>, changed: Note[]): void {
  for (const task of ordered) {
    if (task.status !== 'active' && task.status !== 'review' && task.status !== 'done') continue;
    const open = task.needs.find((key) => {
      const status = tasks.get(key)?.status;
      return status !== 'done' && status !== 'cancelled';
    });
    if (open === undefined) continue;
    changed.push({ item: task.key, why: `it is ${task.status} though it needs ${open}, which is not done: todo` });
    task.status = 'todo';
  }
}
