// A transaction that passes everything on and shows the operations on one stream to a rule before they take effect, so
// that the rule judges what a command changes, however the command came to it. Used by state-schemas.ts and
// state-policies.ts.

import type { JsonObject } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import type { EventHead, Transaction, ValueOwner } from '../command.ts';

/** Sees operations, and the document as it is before them. */
export type WatchOps = (ops: readonly PatchOp[], before: Readonly<JsonObject>) => void;

export class WatchedTransaction implements Transaction {
  private readonly tx: Transaction;
  private readonly stream: string;
  private readonly see: WatchOps;

  constructor(tx: Transaction, stream: string, see: WatchOps) {
    this.tx = tx;
    this.stream = stream;
    this.see = see;
  }

  read<T extends object>(stream: string): Readonly<T> | undefined {
    return this.tx.read<T>(stream);
  }

  version(stream: string): number {
    return this.tx.version(stream);
  }

  create(stream: string, head: EventHead, value: object): void {
    this.tx.create(stream, head, value);
  }

  edit<T extends object>(stream: string, head: EventHead, recipe: (draft: T) => void): void {
    this.tx.edit(stream, head, recipe);
  }

  patch(stream: string, head: EventHead, ops: readonly PatchOp[], owner?: ValueOwner): void {
    if (stream === this.stream) this.see(ops, this.tx.read(stream) ?? {});
    this.tx.patch(stream, head, ops, owner);
  }
}
