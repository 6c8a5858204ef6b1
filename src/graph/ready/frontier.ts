// The ready set of one run, updated change by change, for a process that holds the run in memory (app/ready-index.ts).
// Its answer is a hint: the command that claims checks `readiness` by the run's document. For graphs without triggers.

import type { PreparedGraph } from '../prepare.ts';
import { Heap } from './heap.ts';
import { type Begun, placeOf } from './order.ts';
import { type Conditions, isHalted, type Readiness, readiness } from './readiness.ts';
import { type Candidate, candidate, type Limits, maxParallel } from './ready.ts';
import { type RunNode, type RunNodes, satisfies } from './run-node.ts';

/** Gives the candidates of `readyNodes` one at a time, at the cost of the changes instead of the graph's size. */
export class Frontier {
  readonly #prepared: PreparedGraph;
  readonly #begun: Begun | undefined;
  readonly #nodes: Record<string, RunNode> = {};
  /** Per node: needs that are not satisfied. */
  readonly #open: Int32Array;
  /** Nodes that were ready when added, by place; readiness is checked again when they are taken. */
  readonly #ready = new Heap();
  /** Nodes that become ready by time, by that time; an entry is valid if it equals the node's `#due`. */
  readonly #timed = new Heap();
  readonly #due: Float64Array;
  /** Per node: 1 while a claim holds, as far as known here. */
  readonly #live: Uint8Array;
  #claims = 0;
  #failed = 0;

  /**
   * Starts from a run document; every later change must be passed to `set`. Without `begun` nodes do not age. O(nodes +
   * edges).
   */
  constructor(prepared: PreparedGraph, runNodes: RunNodes = {}, begun?: Begun) {
    this.#prepared = prepared;
    this.#begun = begun;
    const { start } = prepared.needs;
    this.#open = new Int32Array(prepared.ids.length);
    this.#due = new Float64Array(prepared.ids.length);
    this.#live = new Uint8Array(prepared.ids.length);
    for (let i = 0; i < this.#open.length; i++) {
      this.#open[i] = (start[i + 1] ?? 0) - (start[i] ?? 0);
      if (this.#open[i] === 0) this.#offer(i);
    }
    for (const [id, node] of Object.entries(runNodes)) this.set(id, node);
  }

  /** Takes a node's new record. O(dependents) if it now satisfies them, else O(log nodes). */
  set(id: string, node: RunNode): void {
    const index = this.#prepared.index.get(id);
    if (index === undefined) return;
    const before = this.#nodes[id];
    this.#nodes[id] = node;
    this.#failed += Number(node.status === 'failed') - Number(before?.status === 'failed');
    this.#hold(index, node.status === 'claimed');
    if (node.status === 'retrying') this.#wakeAt(node.not_before ?? 0, index);
    if (node.status === 'claimed' && node.lease_until !== undefined) this.#wakeAt(node.lease_until, index);
    if (satisfies(node) && !satisfies(before)) this.#release(index);
  }

  /**
   * The best node at `now` that `suits` the caller, the same one until `set` reports its claim. Costs the nodes that it
   * skips.
   */
  next(now: number, limits: Limits = {}, suits: (id: string) => boolean = () => true): Candidate | undefined {
    const at = { now, lastSeen: limits.lastSeen };
    this.#wake(at);
    if (isHalted(this.#prepared, this.#failed, limits.onFailure)) return undefined;
    if (this.#claims >= maxParallel(this.#prepared, limits)) return undefined;
    const passed: number[] = [];
    let found: Candidate | undefined;
    for (let index = this.#ready.peek(); index !== undefined; index = this.#ready.peek()) {
      const id = this.#prepared.ids[index] ?? '';
      const possible = candidate(id, this.#readiness(index, at));
      if (possible && suits(id)) {
        found = possible;
        break;
      }
      this.#ready.pop();
      if (possible) passed.push(index);
    }
    for (const index of passed) this.#offer(index);
    return found;
  }

  #readiness(index: number, at: Conditions): Readiness {
    const node = this.#nodes[this.#prepared.ids[index] ?? ''];
    return readiness(this.#prepared, index, node, this.#open[index] === 0 ? 'met' : 'open', at);
  }

  #offer(index: number): void {
    this.#ready.push(placeOf(this.#prepared, this.#nodes, index, this.#begun), index);
  }

  #hold(index: number, live: boolean): void {
    this.#claims += Number(live) - (this.#live[index] ?? 0);
    this.#live[index] = Number(live);
  }

  #release(index: number): void {
    const { start, to } = this.#prepared.dependents;
    const end = start[index + 1] ?? 0;
    for (let e = start[index] ?? 0; e < end; e++) {
      const dependent = to[e] ?? 0;
      this.#open[dependent] = (this.#open[dependent] ?? 0) - 1;
      if (this.#open[dependent] === 0) this.#offer(dependent);
    }
  }

  #wakeAt(time: number, index: number): void {
    this.#due[index] = time;
    this.#timed.push(time, index);
  }

  #wake(at: Conditions): void {
    for (let time = this.#timed.peekKey(); time !== undefined && time <= at.now; time = this.#timed.peekKey()) {
      const index = this.#timed.pop() ?? 0;
      if (this.#due[index] !== time) continue;
      const found = this.#readiness(index, at);
      if (found.is === 'waiting') {
        if (found.until !== undefined) this.#wakeAt(found.until, index);
        continue;
      }
      this.#hold(index, false);
      this.#offer(index);
    }
  }
}
