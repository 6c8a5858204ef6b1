// The one check for circles, over both kinds of edges: a task comes after what it needs, and a parent ends after its
// parts. A part that needs its own parent would wait for itself, though neither kind alone shows a circle.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { showId, taskStream } from './ids.ts';
import type { TaskDocument } from './task.ts';

/** So many tasks are looked at; all of them are expected unchanged by the commit. */
const MAX_WALK = 5_000;

/**
 * Fails with `dependency-cycle` if the task waits for itself. Call it after the edges are changed: whatever circle they
 * made goes through the task. Walks at once towards what the task waits for and towards what waits for it, and ends as
 * soon as either side has: a new task at the end of a long chain costs one look, and what was read proves the answer.
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

/** Breadth first from one task until an edge leads back to it, so that the path is a shortest one. */
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

  /** The circle found: the start, the way, the start again. */
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
