// The shape of every change: a command is a pure function over documents. No clock, random, file or await inside;
// whatever it needs of the world arrives in `Context`. documents/batch.ts runs commands, domain files define them.

import type { LastSeen } from '../base/lease.ts';
import type { Result } from '../failure/failure.ts';
import type { RunGraph } from '../graph/definition.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { QueryPath } from '../path/path.ts';
import type { Author } from '../store/commit.ts';

/** `by`: the agent, else the session, else the user. */
export interface Writer {
  by: string;
  at: string;
}

/**
 * What a command may know of the world beyond documents. All of it is fixed: asking twice gives the same answer.
 * Where an answer has to be fetched first, the try is undone and the command decides again.
 */
export interface Context {
  /** Milliseconds since the epoch, by this process's clock: good for liveness, never for safety or order. */
  now: number;
  by: Author;
  /** A new short id: prefix, a dash, then eight characters of [a-z0-9]. */
  id(prefix: string): string;
  /** A number from 0 up to 1: for spreading things in time, never for safety. */
  random(): number;
  /** When this agent or session was last seen. Expendable by definition. */
  lastSeen: LastSeen;
  /**
   * Who last wrote a place of a session's document before this commit, if that is found in time: for answers, never to
   * decide on.
   */
  lastWriter(stream: string, pointer: string): Writer | undefined;
  /**
   * The graph definition that a document names by its hash: the same everywhere, since a blob never changes. Throws
   * FailureError `store-damaged` if its blob is gone.
   */
  definition(hash: string): RunGraph;
  /**
   * The places (JSON Pointers) that a query selects in a value. Handed in because its library is no part of the domain.
   */
  select(value: Json, path: QueryPath): Result<string[]>;
}

/** What happened to a stream, besides the patch: a dotted past-tense type and a few facts. */
export interface EventHead {
  type: string;
  data?: JsonObject;
}

/**
 * Whose the values of a patch are. With `event` the caller gives them away: they are not copied for the event, so
 * nobody may change them afterwards, and none of them may stand in a document.
 */
export type ValueOwner = 'caller' | 'event';

/**
 * The documents as one try of a command sees them. Everything read through it is recorded, so that the commit is
 * valid only if none of it has changed: ask only for what the command rests on. Reads see the transaction's own
 * edits.
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
  create(stream: string, happening: EventHead, value: object): void;
  /** Edits a small document through a draft; what the recipe changed becomes the event's patch. No change: no event. */
  edit<T extends object>(stream: string, happening: EventHead, recipe: (draft: T) => void): void;
  /** Changes a document of any size by operations the caller has worked out: costs what the change costs. */
  patch(stream: string, happening: EventHead, ops: readonly PatchOp[], owner?: ValueOwner): void;
}

/**
 * A command: reads and edits through `tx`, answers or fails. On failure all its edits are undone. May run several
 * times.
 */
export type Decide<A> = (tx: Transaction, ctx: Context) => Result<A>;
