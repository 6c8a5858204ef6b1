// The check for circles of tasks, over both kinds of edges: a task comes after its needs, and a parent ends after its
// children. A child that needs its own parent would wait for itself, and neither kind of edges alone shows that circle.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { showId, taskStream } from './ids.ts';
import type { TaskDocument } from './task.ts';

/** The most tasks that one search reads; the commit expects all of them unchanged. */
const MAX_WALK = 5_000;

/**
 * Fails with `dependency-cycle` if the task waits for itself. Call it after the task's edges are changed: a circle that
 * they made goes through the task. Searches in both directions at once, towards the tasks it waits for and towards
 * those that wait for it, and stops when either search is exhausted: a new task at the end of a long chain costs one
 * read, and the tasks read prove the answer.
 */
export function checkCycle(tx: Transaction, id: string): Result<undefined> {
  const ahead = new Walk(tx, id, (task) => [...task.needs, ...task.children]);
  const behind = new Walk(tx, id, (task) => [...task.needed_by, ...(task.parent === undefined ? [] : [task.parent])]);
  for (let looked = 0; ; looked += 1) {
    if (looked > MAX_WALK) {
      const what = `the chain of tasks round ${showId(id)}`;
      return fail({ code: 'too-large', what, limit: MAX_WALK, instead: 'need fewer tasks, or a parent of them' });
    }
    const next = ahead.step();
    if (next === 'circle') return fail({ code: 'dependency-cycle', steps: inWords(tx, ahead.path()) });
    if (next === 'end') return ok(undefined);
    const back = behind.step();
    if (back === 'circle') return fail({ code: 'dependency-cycle', steps: inWords(tx, behind.path().reverse()) });
    if (back === 'end') return ok(undefined);
  }
}

/** A breadth-first search from one task until an edge leads back to it, so that the path is a shortest one. */
class Walk {
  private readonly tx: Transaction;
  private readonly start: string;
  private readonly edges: (task: Readonly<TaskDocument>) => string[];
  private readonly cameFrom = new Map<string, string>();
  private readonly queue: string[];
  private at = 0;
  private last = '';

  constructor(tx: Transaction, start: string, edges: (task: Readonly<TaskDocument>) => string[]) {
    this.tx = tx;
    this.start = start;
    this.edges = edges;
    this.queue = [start];
  }

  step(): 'circle' | 'end' | 'more' {
    const id = this.queue[this.at];
    if (id === undefined) return 'end';
    this.at += 1;
    const task = this.tx.read<TaskDocument>(taskStream(id));
    for (const next of task === undefined ? [] : this.edges(task)) {
      if (next === this.start) {
        this.last = id;
        return 'circle';
      }
      if (this.cameFrom.has(next)) continue;
      this.cameFrom.set(next, id);
      this.queue.push(next);
    }
    return 'more';
  }

  /** The circle that was found: from the start back to the start. */
  path(): string[] {
    const path = [this.start];
    for (let id: string | undefined = this.last; id !== undefined && id !== this.start; id = this.cameFrom.get(id))
      path.push(id);
    path.push(this.start);
    return path.reverse();
  }
}

/** Each step of a circle as a sentence; each task waits for the next. */
function inWords(tx: Transaction, path: readonly string[]): string[] {
  return path.slice(1).map((to, index) => {
    const from = path[index] ?? '';
    const needs = tx.read<TaskDocument>(taskStream(from))?.needs.includes(to) === true;
    return `${showId(from)} ${needs ? 'needs' : 'contains'} ${showId(to)}`;
  });
}
