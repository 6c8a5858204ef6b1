// What a command on a run works in: the run's document, its definition, and the tree of its scopes. Commands open one,
// read through it, and change it through transition.ts, settle.ts and status.ts alone.

import { ok, type Result } from '../../failure/failure.ts';
import type { RunGraph } from '../../graph/definition.ts';
import type { Context, Transaction } from '../command.ts';
import { findRun, type RunDocument, runStream } from './document.ts';
import type { NodeRecord } from './record.ts';
import { type Place, RunTree } from './tree.ts';

export class RunScope {
  readonly tx: Transaction;
  readonly ctx: Context;
  /** The run's id. */
  readonly id: string;

  #graph: RunGraph | undefined;
  /** Where nodes are: as long as no scope is opened or removed. */
  #places: RunTree | undefined;

  constructor(tx: Transaction, ctx: Context, id: string) {
    this.tx = tx;
    this.ctx = ctx;
    this.id = id;
  }

  /** The run's own definition: the one that its document names now. */
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

  /** The scopes of the run as they are at this moment. */
  tree(): RunTree {
    return new RunTree(this.run, (hash) => this.ctx.definition(hash));
  }

  /** Where a node is; undefined if the run has none of this id. */
  place(id: string): Place | undefined {
    this.#places ??= this.tree();
    return this.#places.place(id);
  }

  /** To be called by whoever opens or removes scopes. */
  scopesChanged(): void {
    this.#places = undefined;
  }

  /** The record of a node; undefined while it waits. */
  record(id: string): Readonly<NodeRecord> | undefined {
    return this.run.nodes[id];
  }

  /** Whether the definition declares a second start of the node harmless. */
  isRepeatable(id: string): boolean {
    const place = this.place(id);
    return place !== undefined && place.scope.prepared.repeatable[place.index] === 1;
  }
}

/** Opens the scope of a run's own graph. Fails with `unknown-run`. */
export function openScope(tx: Transaction, ctx: Context, run: string): Result<RunScope> {
  const found = findRun(tx, run);
  return found.ok ? ok(new RunScope(tx, ctx, run)) : found;
}
