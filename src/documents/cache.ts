// The documents in memory: each is the fold of its stream. Loaded at first use, then updated by every folded commit;
// changed in place, with an undo list for edits that are decided but not yet read back. Used by documents.ts, batch.ts
// and transaction.ts.

import { newerSchema } from '../domain/schemas.ts';
import { FailureError } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { applyOps, type PatchOp, revertOps } from '../json/patch.ts';
import type { Expected } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import type { Snapshot, Store } from '../store/port.ts';

/**
 * A commit's change to a document that is not loaded. Kept until the document is loaded, or until there are too many.
 */
interface Pending {
  /** The document's version and head before the commit. */
  before: Expected;
  patch: PatchOp[];
}

interface Entry {
  doc: Json | undefined;
  loaded: boolean;
  pending: Pending[];
}

/** A change made by a transaction, with the operations that undo it. */
export interface Undo {
  stream: string;
  ops: PatchOp[];
}

/**
 * How many changes are kept for an unloaded document. Beyond it the document is loaded, so that memory is bounded by
 * the size of documents.
 */
const MAX_PENDING = 64;

export class DocumentCache {
  private readonly entries = new Map<string, Entry>();
  private readonly storeOf: () => Store | undefined;
  private hits = 0;
  private misses = 0;
  /** How many entries are loaded: counted as they change, because there may be 100,000. */
  private held = 0;

  private readonly onRevert: (stream: string) => void;

  /**
   * The store is passed as a function because it reports commits while it opens, before it can be used. `onRevert` is
   * told of each document whose edit was undone.
   */
  constructor(storeOf: () => Store | undefined, onRevert: (stream: string) => void = () => undefined) {
    this.storeOf = storeOf;
    this.onRevert = onRevert;
  }

  /** The document, loaded if need be; undefined for a stream without events. Throws FailureError `store-damaged`. */
  get(stream: string): Json | undefined {
    const entry = this.entries.get(stream);
    if (entry?.loaded) {
      this.hits += 1;
      return entry.doc;
    }
    const store = this.storeOf();
    const expected = store?.expected(stream) ?? [0, ''];
    if (store === undefined || expected[0] === 0) return undefined;
    this.misses += 1;
    const doc = this.load(store, stream, expected, entry?.pending ?? []);
    // A request's document is read once, by a repeat: to hold it would grow memory with every call.
    if (!stream.startsWith('request/')) this.put(stream, { doc, loaded: true, pending: [] });
    return doc;
  }

  /** How often a requested document was in memory, how often it was loaded, and how many are held. */
  counts(): { hits: number; misses: number; held: number } {
    return { hits: this.hits, misses: this.misses, held: this.held };
  }

  /**
   * Applies operations in place and returns their undo. The document takes ownership of their values. Throws
   * FailureError `store-newer` for a document that a newer program wrote.
   */
  change(stream: string, ops: readonly PatchOp[]): Undo {
    const doc = this.get(stream);
    const newer = newerSchema(stream, doc);
    if (newer !== undefined) throw new FailureError(newer);
    const undo: Undo = { stream, ops: [] };
    try {
      this.put(stream, { doc: applyOps(doc, ops, undo.ops), loaded: true, pending: [] });
    } catch (error) {
      this.put(stream, { doc: revertOps(doc, undo.ops), loaded: true, pending: [] });
      throw error;
    }
    return undo;
  }

  /** Undoes changes, the last first. Contract: nothing else has changed these documents since. */
  revert(undos: readonly Undo[]): void {
    for (let at = undos.length - 1; at >= 0; at -= 1) {
      const undo = undos[at];
      const entry = undo === undefined ? undefined : this.entries.get(undo.stream);
      if (undo === undefined || entry === undefined) continue;
      entry.doc = revertOps(entry.doc, undo.ops);
      this.onRevert(undo.stream);
      // A document that was never created: forgotten, so that its creation by another process is applied afresh.
      if (entry.doc === undefined) this.drop(undo.stream);
    }
  }

  /** Applies a folded commit. */
  apply(folded: FoldedCommit): void {
    for (const event of folded.commit.events) {
      const entry = this.entries.get(event.stream);
      if (entry?.loaded) {
        this.applyLoaded(event.stream, entry, event.patch);
      } else if (!event.stream.startsWith('request/')) {
        this.applyUnloaded(event.stream, event.patch, folded.commit.expect[event.stream] ?? [0, ''], entry);
      }
    }
  }

  /** Forgets a request's document once its commit is in the log: a repeat reads it from there. */
  forgetRequests(events: Iterable<{ stream: string }>): void {
    for (const { stream } of events) if (stream.startsWith('request/')) this.drop(stream);
  }

  /**
   * Applies a change to a loaded document. A change that does not fit damages this document alone: it is forgotten
   * here, and its next reader folds it afresh and gets the failure. An error thrown from here would keep later commits
   * from the other documents.
   */
  private applyLoaded(stream: string, entry: Entry, patch: readonly PatchOp[]): void {
    try {
      entry.doc = applyOps(entry.doc, patch);
    } catch {
      this.drop(stream);
    }
  }

  private applyUnloaded(stream: string, patch: PatchOp[], before: Expected, entry: Entry | undefined): void {
    if (before[0] === 0 && entry === undefined) {
      const created: Entry = { doc: undefined, loaded: true, pending: [] };
      this.put(stream, created);
      this.applyLoaded(stream, created, patch);
      return;
    }
    const held = entry ?? { doc: undefined, loaded: false, pending: [] };
    held.pending.push({ before, patch });
    this.put(stream, held);
    if (held.pending.length > MAX_PENDING) this.loadEarly(stream, held);
  }

  /**
   * Applies the kept changes to the snapshot. The result is the document as of the last kept change, even if the store
   * has folded more since.
   */
  private loadEarly(stream: string, held: Entry): void {
    const store = this.storeOf();
    if (store === undefined) return;
    const based = fromSnapshot(store.getSnapshot(stream), held.pending);
    if (based === undefined) {
      this.drop(stream);
      return;
    }
    const loaded: Entry = { doc: based.doc, loaded: true, pending: [] };
    this.put(stream, loaded);
    for (const { patch } of based.rest)
      if (this.entries.get(stream) === loaded) this.applyLoaded(stream, loaded, patch);
  }

  private put(stream: string, entry: Entry): void {
    if (this.entries.get(stream)?.loaded) this.held -= 1;
    if (entry.loaded) this.held += 1;
    this.entries.set(stream, entry);
  }

  private drop(stream: string): void {
    if (this.entries.get(stream)?.loaded) this.held -= 1;
    this.entries.delete(stream);
  }

  private load(store: Store, stream: string, expected: Expected, pending: readonly Pending[]): Json | undefined {
    const snapshot = store.getSnapshot(stream);
    if (snapshot !== undefined && snapshot.version === expected[0] && snapshot.head === expected[1])
      return snapshot.doc;
    const based = pending.length > 0 ? fromSnapshot(snapshot, pending) : undefined;
    if (based !== undefined) return based.rest.reduce((doc, { patch }) => this.applyOr(stream, doc, patch), based.doc);
    // No snapshot fits: fold the stream from its first event.
    const events = store.read(stream, 1);
    if (events.length !== expected[0]) {
      const why = `${stream} has ${expected[0]} events, but only ${events.length} of them can be read`;
      throw new FailureError({ code: 'store-damaged', file: stream, offset: 0, why });
    }
    return events.reduce<Json | undefined>((doc, { patch }) => this.applyOr(stream, doc, patch), undefined);
  }

  private applyOr(stream: string, doc: Json | undefined, patch: readonly PatchOp[]): Json | undefined {
    try {
      return applyOps(doc, patch);
    } catch (error) {
      const why =
        `a change of ${stream} does not fit the document it changed (` +
        `${error instanceof Error ? error.message : 'unknown'})`;
      throw new FailureError({ code: 'store-damaged', file: stream, offset: 0, why });
    }
  }
}

/** The snapshot with those kept changes that come after it; undefined if the kept changes do not continue it. */
function fromSnapshot(
  snapshot: Snapshot | undefined,
  pending: readonly Pending[],
): { doc: Json | undefined; rest: readonly Pending[] } | undefined {
  const at = pending.findIndex(
    ({ before }) => before[0] === (snapshot?.version ?? 0) && before[1] === (snapshot?.head ?? ''),
  );
  return at < 0 ? undefined : { doc: snapshot?.doc, rest: pending.slice(at) };
}
