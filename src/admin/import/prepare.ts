// Makes imported tasks valid here: settles versions, moves long texts, drops edges to missing tasks, breaks circles and
// orders needs before the tasks that need them. A task that loses a need is held back. Notes every change. Used by
// cli/verbs/import.ts.

import { MAX_LABEL_CHARS, MAX_LABELS, MAX_NAME_CHARS, MAX_REASON_CHARS, MAX_TITLE_CHARS } from '../../config/limits.ts';
import type { ImportedTask } from '../../domain/import/tasks.ts';
import { MAX_LINKED } from '../../domain/plan/task.ts';
import { isUnsafeKey } from '../../json/pointer.ts';
import { splitText } from './long-text.ts';
import { holdBack, type Imported, type Note, paragraphs, type SourceTask } from './shape.ts';
import { settleVersions } from './versions.ts';

const MAX_KEY = 200;

type Tasks = ReadonlyMap<string, SourceTask>;

/**
 * Returns the tasks in an order in which they can be created. Notes go into `found.changed` and `found.left`. `unique`:
 * the source gives an id to one thing only.
 */
export function prepareTasks(found: Imported, unique = false): ImportedTask[] {
  const tasks = new Map<string, SourceTask>();
  for (const task of settleVersions(found, unique)) {
    if (task.key.length > MAX_KEY || isUnsafeKey(task.key))
      found.left.push({ item: task.key.slice(0, 80), why: 'its id is refused here' });
    else tasks.set(task.key, fitted(task, found.changed));
  }
  const linked = { needed_by: new Map<string, number>(), children: new Map<string, number>() };
  for (const task of tasks.values()) dropLostEdges(task, tasks, found, linked);
  if (found.parentsBlock) for (const task of tasks.values()) inheritNeeds(task, tasks, found);
  breakCircles(tasks, found);
  for (const [name, count] of found.fields)
    found.left.push({ item: `field ${name}`, why: `it has no place here; ${count} items have it` });
  found.fields.clear();
  return needsFirst(tasks);
}

/** The task within the limits of its fields; what is longer goes into its text. */
function fitted(task: SourceTask, changed: Note[]): SourceTask {
  const moved: [string, string][] = [];
  const cut = (text: string, most: number, what: string): string => {
    if (text.length <= most) return text;
    moved.push([what, text]);
    changed.push({ item: task.key, why: `its ${what} is longer than ${most} characters: the whole is in its text` });
    return text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  };
  const title = cut(task.title.replace(/\s+/g, ' ').trim(), MAX_TITLE_CHARS, 'title');
  if (title === '') changed.push({ item: task.key, why: 'it has no title' });
  const all = [...new Set(task.labels.map((label) => label.trim()).filter((label) => label !== ''))];
  const labels = [...new Set(all.map((label) => label.slice(0, MAX_LABEL_CHARS).trim()))].slice(0, MAX_LABELS);
  if (all.some((label) => !labels.includes(label))) {
    moved.push(['labels', all.join(', ')]);
    changed.push({ item: task.key, why: 'not all its labels fit: they are in its text' });
  }
  const made: SourceTask = {
    ...task,
    title: title === '' ? `(untitled ${task.key})`.slice(0, MAX_TITLE_CHARS) : title,
    labels,
    needs: [...new Set(task.needs)],
  };
  if (task.assignee !== undefined) made.assignee = cut(task.assignee, MAX_NAME_CHARS, 'assignee');
  if (task.blocked_reason !== undefined)
    made.blocked_reason = cut(task.blocked_reason, MAX_REASON_CHARS, 'reason of its block');
  const text = splitText(paragraphs([['', task.description], ...moved]));
  if (text.details !== undefined)
    changed.push({ item: task.key, why: `${text.details.length} characters of its text are in its details` });
  return { ...made, ...text };
}

interface Linked {
  needed_by: Map<string, number>;
  children: Map<string, number>;
}

function dropLostEdges(task: SourceTask, tasks: Tasks, found: Imported, linked: Linked): void {
  const counted = (list: Map<string, number>, key: string): boolean => {
    const count = (list.get(key) ?? 0) + 1;
    if (count <= MAX_LINKED) list.set(key, count);
    return count <= MAX_LINKED;
  };
  const there = (key: string): boolean => tasks.has(key) && key !== task.key;
  task.needs = task.needs.filter((key) => {
    if (there(key) && counted(linked.needed_by, key)) return true;
    const shown = key.slice(0, 80);
    const open = found.outside.get(key);
    const why = open === undefined ? 'is not there' : open ? 'is no task here' : 'is over';
    found.changed.push({ item: task.key, why: `its need ${shown} ${why}` });
    if (open !== false) holdBack(found, task, `it needs ${shown}, which was not imported`);
    return false;
  });
  for (const edge of ['parent', 'discovered_from'] as const) {
    const key = task[edge];
    if (key === undefined || (there(key) && (edge !== 'parent' || counted(linked.children, key)))) continue;
    const what = edge === 'parent' ? 'parent' : 'origin';
    found.changed.push({ item: task.key, why: `its ${what} ${key.slice(0, 80)} is not there` });
    delete task[edge];
  }
}

const isOpen = (task: SourceTask | undefined): boolean =>
  task !== undefined && task.status !== 'done' && task.status !== 'cancelled';

/** Gives a task that could be started the open needs of those above it, and holds it back with a deferred one. */
function inheritNeeds(task: SourceTask, tasks: Tasks, found: Imported): void {
  const seen = new Set([task.key]);
  for (let above = task.parent; above !== undefined && !seen.has(above); above = tasks.get(above)?.parent) {
    seen.add(above);
    const parent = tasks.get(above);
    if (parent === undefined || task.status !== 'todo') return;
    for (const need of parent.needs) {
      if (!isOpen(tasks.get(need)) || task.needs.includes(need) || need === task.key) continue;
      task.needs.push(need);
      found.changed.push({ item: task.key, why: `it needs ${need} too, because ${above} above it does` });
    }
    if (parent.status === 'blocked') holdBack(found, task, `${above} above it is blocked`);
  }
}

/**
 * Drops edges until no task has to end before itself: a task ends after its needs and after its children. Depth-first
 * search without recursion; an edge to a task that is still open in the search closes a circle and is dropped.
 */
function breakCircles(tasks: Tasks, found: Imported): void {
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
      else if (state.get(next) === 'open') leaveOut(tasks, top.key, next, found);
    }
  }
}

function leaveOut(tasks: Tasks, from: string, to: string, found: Imported): void {
  const [task, other] = [tasks.get(from), tasks.get(to)];
  const why = 'because it would make a circle';
  if (task?.needs.includes(to)) {
    task.needs = task.needs.filter((key) => key !== to);
    found.changed.push({ item: from, why: `its need ${to} is left out, ${why}` });
    if (isOpen(other)) holdBack(found, task, `it needs ${to} in a circle`);
  }
  if (other?.parent !== from) return;
  delete other.parent;
  found.changed.push({ item: to, why: `its parent ${from} is left out, ${why}` });
}

/** Orders the tasks so that needs come first, otherwise as in the source. */
function needsFirst(tasks: Tasks): SourceTask[] {
  const ordered = new Set<SourceTask>();
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
