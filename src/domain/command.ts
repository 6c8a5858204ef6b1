// The shape of every change: a command is a pure function over documents, with no clock, random number, file or await.
// It gets what it needs of the world in `Context`. documents/batch.ts runs commands; the files of domain/ define them.

import type { LastSeen } from '../base/lease.ts';
import type { Result } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { QueryPath } from '../path/path.ts';
import type { Author } from '../store/commit.ts';

/** Who wrote a value, and when (ISO 8601). `by`: the agent, else the session, else the user. */
export interface Writer {
  by: string;
  at: string;
}

/**
 * What a command may know beyond documents. Asked twice, it gives the same answer. If an answer has to be fetched
 * first, the try is undone and the command runs again.
 */
export interface Context {
  /** Milliseconds since the epoch by this process's clock: for liveness, never for safety or order. */
  now: number;
  by: Author;
  /** A new short id: prefix, a dash, then eight characters of [a-z0-9]. */
  id(prefix: string): string;
  /** A random number from 0 up to 1, for jitter; never for safety. */
  random(): number;
  /**
   * When an agent or session was last seen, in ms since the epoch. It may be lost at any time: nothing but liveness may
   * rest on it.
   */
  lastSeen: LastSeen;
  /**
   * Who last wrote a place of a document before this commit, if that is found in time. For answers only: a
   * command must not decide on it.
   */
  lastWriter(stream: string, pointer: string): Writer | undefined;
  /**
   * The graph definition that a document names by its hash: the same everywhere, since a blob never changes. Throws
   * FailureError `store-damaged` if its blob is gone.
   */
  definition(hash: string): RunGraph;
  /**
   * The JSON value of a blob that a document names by its hash, such as a large output: as `definition`, the same
   * everywhere. Throws FailureError `store-damaged` if the blob is gone.
   */
  stored(hash: string): Json;
  /**
   * The places (JSON Pointers) that a query selects in a value. Handed in because domain/ does not load the query
   * library.
   */
  select(value: Json, path: QueryPath): Result<string[]>;
}

/** What happened to a stream, beside its patch: a dotted past-tense type and a few facts. */
export interface EventHead {
  type: string;
  data?: JsonObject;
}

/**
 * Who owns the values of a patch. With `event` the caller gives them away: they are not copied for the event, so nobody
 * may change them afterwards, and none of them may be part of a document.
 */
export type ValueOwner = 'caller' | 'event';

/**
 * The documents as one try of a command sees them, its own edits included. Every read is recorded, and the commit is
 * valid only if none of it has changed: read only what the command rests on.
 */
export interface Transaction {
  /**
   * The document's current value, not to be changed; undefined for a stream without events. Throws FailureError if it
   * cannot be loaded.
   */
  read<T extends object = JsonObject>(stream: string): Readonly<T> | undefined;
  /** The count of the stream's events; 0 for a stream without events. */
  version(stream: string): number;
  /** Creates a document. The stream must have no events yet. */
  create(stream: string, head: EventHead, value: object): void;
  /**
   * Edits a small document through a draft; what the recipe changes becomes the event's patch. Without a change there
   * is no event.
   */
  edit<T extends object>(stream: string, head: EventHead, recipe: (draft: T) => void): void;
  /** Changes a document of any size by given operations, at the cost of the change, not of the document. */
  patch(stream: string, head: EventHead, ops: readonly PatchOp[], owner?: ValueOwner): void;
}

/**
 * A command: reads and edits through `tx`, answers or fails. On failure all its edits are undone. It may run several
 * times.
 */
export type Decide<A> = (tx: Transaction, ctx: Context) => Result<A>;
