// The scope of a command on a run: the run's document, the definition of its nodes, and the prefix of their ids.
// Commands open one, read through it, and change it through transition.ts and status.ts alone.

import { ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import type { Context, Transaction } from '../command.ts';
import { findRun, type RunDocument, runStream } from './document.ts';
import type { NodeRecord } from './record.ts';

export class RunScope {
  readonly tx: Transaction;
  readonly ctx: Context;
  /** The run's id. */
  readonly id: string;
  /** The prefix of its nodes' ids in the run's document; empty for nodes of the run's own graph. */
  readonly prefix: string = '';

  #graph: RunGraph | undefined;

  constructor(tx: Transaction, ctx: Context, id: string) {
    this.tx = tx;
    this.ctx = ctx;
    this.id = id;
  }

  /** The definition of its nodes: the one that the run's document names now. */
  get graph(): RunGraph {
    const { graph: hash } = this.run;
    if (this.#graph?.hash !== hash) this.#graph = this.ctx.definition(hash);
    return this.#graph;
  }

  /** The run's document with this command's edits so far. Throws if there is none: a bug. */
  get run(): Readonly<RunDocument> {
    const run = this.tx.read<RunDocument>(runStream(this.id));
    if (run === undefined) throw new Error(`run ${this.id} does not exist`);
    return run;
  }

  /** The id in the run's document of a node of the definition. */
  fullId(node: string): string {
    return this.prefix + node;
  }

  /** The record of a node of the definition; undefined while it waits. */
  record(node: string): Readonly<NodeRecord> | undefined {
    return this.run.nodes[this.fullId(node)];
  }

  /** Whether the definition declares a second start of the node harmless. */
  isRepeatable(node: string): boolean {
    const { index, repeatable } = this.graph.prepared;
    return repeatable[index.get(node) ?? -1] === 1;
  }
}

/** Opens the scope of a run's own graph. Fails with `unknown-run`. */
export function openScope(tx: Transaction, ctx: Context, run: string): Result<RunScope> {
  const found = findRun(tx, run);
  return found.ok ? ok(new RunScope(tx, ctx, run)) : found;
}
