// What a command on a run works in: the run's document, the definition of its nodes, and what their ids begin with.
// Commands open one, ask it, and change it through transition.ts and status.ts alone.

import { ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import type { Context, Transaction } from '../command.ts';
import { findRun, type RunDocument, runStream } from './document.ts';
import type { NodeRecord } from './record.ts';

export class RunScope {
  readonly tx: Transaction;
  readonly ctx: Context;
  /** Of the run. */
  readonly id: string;
  /** What the ids of its nodes begin with in the run's document. Nothing: they are nodes of the run's own graph. */
  readonly prefix: string = '';

  #graph: RunGraph | undefined;

  constructor(tx: Transaction, ctx: Context, id: string) {
    this.tx = tx;
    this.ctx = ctx;
    this.id = id;
  }

  /** The definition of its nodes, the one that the run's document names now. */
  get graph(): RunGraph {
    const { graph: hash } = this.run;
    if (this.#graph?.hash !== hash) this.#graph = this.ctx.definition(hash);
    return this.#graph;
  }

  /** As it is now, this decision's own edits included. Throws if there is none: a bug. */
  get run(): Readonly<RunDocument> {
    const run = this.tx.read<RunDocument>(runStream(this.id));
    if (run === undefined) throw new Error(`run ${this.id} does not exist`);
    return run;
  }

  /** The id by which the run's document knows a node of the definition. */
  fullId(node: string): string {
    return this.prefix + node;
  }

  /** What the run holds of a node of the definition; undefined while it waits. */
  record(node: string): Readonly<NodeRecord> | undefined {
    return this.run.nodes[this.fullId(node)];
  }

  /** Whether a second start of a node is harmless by its own word. */
  isRepeatable(node: string): boolean {
    const { index, repeatable } = this.graph.prepared;
    return repeatable[index.get(node) ?? -1] === 1;
  }
}

/** The scope of a run's own graph. */
export function openScope(tx: Transaction, ctx: Context, run: string): Result<RunScope> {
  const found = findRun(tx, run);
  return found.ok ? ok(new RunScope(tx, ctx, run)) : found;
}
