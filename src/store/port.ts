// The port: what every store must do. documents/ calls it; memory.ts and file/ implement it; test/store/contract.ts
// holds every implementation to it. Safety comes from expected versions alone. The port has no locks, leases, queues,
// timers or pub/sub: those are events, decided by pure rules in domain/.

import type { Failure } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { Author, EncodedCommit, Expected, Seen } from './commit.ts';
import type { FoldedCommit } from './fold.ts';

export type Durability = 'fsync' | 'none';

export interface StoreInfo {
  kind: string;
  /** Where the store is, for people. */
  place: string;
  durability: Durability;
  /** Why nothing can be written; absent while writing is possible. */
  stopped?: Failure;
}

/**
 * The outcome of one commit. `lost`: an expectation did not hold. `failed`: it was not written. `unknown`: it may or
 * may not be in the log; the caller repeats it with the same request_id.
 */
export type Outcome =
  | { kind: 'won'; seq: number }
  | { kind: 'lost' }
  | { kind: 'unknown'; why: string }
  | { kind: 'failed'; error: Error };

export interface Appending {
  /**
   * One per commit, in order. Known before anything is made durable, so that a lost commit does not wait for a sync.
   */
  outcomes: Outcome[];
  /** Resolves once every commit that won is durable. Rejects with FailureError `outcome-unknown` if the sync fails. */
  durable: Promise<void>;
}

/** A document as a cache holds it. Use it only if `version` and `head` are those of the log. */
export interface Snapshot {
  stream: string;
  seq: number;
  version: number;
  head: string;
  doc: Json;
}

/** One event of a stream with its seq and the version that it led to (from 1). */
export interface Recorded {
  seq: number;
  version: number;
  at: string;
  by: Author;
  type: string;
  data?: { [key: string]: Json };
  patch: PatchOp[];
}

/** An event without its place in the log. */
export type PastEvent = Pick<Recorded, 'at' | 'by' | 'patch'>;

/**
 * Called with all commits that one refresh or append has folded, in log order, this process's own included. `own` is
 * true if they are exactly the whole batch being appended, in order: the caller has applied those already.
 */
export type CommitListener = (commits: readonly FoldedCommit[], own: boolean) => void;

export interface Store {
  info(): StoreInfo;
  /** Seq of the last line folded so far. */
  seq(): number;
  /** What a commit that reads or changes this stream must expect now. */
  expected(stream: string): Expected;
  /** Seq of the commit that last changed the stream, or 0. */
  lastSeq(stream: string): number;
  /** Names of all streams that start with the prefix, in any order. Costs what is of its kind. */
  streams(prefix: string): string[];
  /** How many streams there are of each kind. */
  streamCounts(): ReadonlyMap<string, number>;
  /** The last place that this process knows to be durable. */
  seen(): Seen;
  /**
   * Tells the store of a fault that a reader of its own found. Damage of its log stops all writing of this process; any
   * other fault is ignored. Absent in a backend that nothing else reads.
   */
  note?(fault: Failure): void;
  /**
   * Folds the lines that others have appended and calls the listener. Returns a promise only where the backend needs
   * one.
   */
  refresh(): void | Promise<void>;
  /**
   * Appends commits, each atomic over its streams and valid only if all its expectations hold at its place in the log.
   * Appending a commit twice has one effect: the first copy changes the versions that the second one expects. Contract:
   * `refresh` was called in the same tick, and the commits were decided on its result.
   */
  append(batch: readonly EncodedCommit[]): Appending;
  /**
   * Makes all lines folded so far durable; undefined if they are already. Await it before giving any answer that rests
   * on them.
   */
  flush(): Promise<void> | undefined;
  /**
   * Settles when the sync that is under way ends; undefined if none is. Callers that wait for it share the next sync.
   */
  busy(): Promise<void> | undefined;
  /**
   * Courtesy among writers, called before each try of a command: waits while another writer that kept losing has the
   * turn. With `urgent`, takes the turn itself. The returned function gives the turn back; undefined means that nobody
   * has it. Never needed for safety.
   */
  takeTurn(urgent: boolean): Promise<() => void> | undefined;
  /**
   * Events of one stream from a version on (counting from 1), without gaps, up to the last line folded so far. Blocks.
   */
  read(stream: string, fromVersion: number): Recorded[];
  /**
   * As `read`, but lets other work run in between. Rejects with FailureError `deadline-exceeded` once the signal is
   * aborted.
   */
  readPast(stream: string, fromVersion: number, signal?: AbortSignal): Promise<Recorded[]>;
  /**
   * Passes the events of a stream to `visit`, the newest folded one first, until it returns false. For callers that
   * need only the last few: it reads the log from its end back to them. Rejects like `readPast`.
   */
  readBackwards(stream: string, visit: (event: PastEvent) => boolean, signal?: AbortSignal): Promise<void>;
  /**
   * At most `limit` valid commits after a seq, in order and without gaps. Rejects with FailureError `store-damaged` at
   * damage, and like `readPast`.
   */
  readAll(afterSeq: number, limit: number, signal?: AbortSignal): Promise<FoldedCommit[]>;
  /**
   * The seq right before the first line that is later, by its writer's clock, than `ms` since the epoch. Rejects like
   * `readPast`.
   */
  seqAtTime(ms: number, signal?: AbortSignal): Promise<number>;
  /**
   * Yields the store's seq when there are lines after `afterSeq`. A hint: it may be late, merged or repeated. Ends with
   * the signal.
   */
  watch(afterSeq: number, signal: AbortSignal): AsyncIterable<number>;
  /**
   * The cached document of a stream, or undefined. The caller compares its version and head with the log's. Deleting
   * every snapshot changes nothing but speed.
   */
  getSnapshot(stream: string): Snapshot | undefined;
  /** Resolves when it is written. The document may change as soon as this has returned a promise. */
  putSnapshot(snapshot: Snapshot): Promise<void>;
  /** Maintenance of caches and files; absent in a backend that has none. */
  readonly upkeep?: Upkeep;
  close(): Promise<void>;
}

/**
 * The maintenance of a backend's caches and files. Long-lived processes run it outside of calls
 * (documents/maintenance.ts).
 */
export interface Upkeep {
  /**
   * Runs `work` unless another process maintains the store right now; then it resolves to false. Two at once cost time,
   * never data.
   */
  exclusively(work: () => Promise<void>): Promise<boolean>;
  /**
   * Notes a place of the fold for a checkpoint: the one at which it resolves. Call it before writing the documents, and
   * `save` afterwards, so that a checkpoint never claims a document that is not written yet. `save` may find that the
   * checkpoint there is will do.
   */
  mark(): Promise<{ save(): Promise<void> }>;
  /** Streams with a readable document that was not written since they changed. Call it after `mark`. */
  dirty(): Promise<Iterable<string>>;
  /** Whether the current segment has grown past its size. */
  isFull(): boolean;
  /** Seals the current segment if it has grown past its size; resolves to true if it did. */
  seal(): Promise<boolean>;
  /** Writes the index files of sealed segments that have none. Resolves to their number. */
  index(): Promise<number>;
  /** Removes temporary files of processes that are gone. Resolves to their number. */
  sweep(): Promise<number>;
  /** Compresses segments that no process can still be writing to. Resolves to their number. */
  compress(): Promise<number>;
}

/** Immutable bytes by their SHA-256 (64 hex). */
export interface Blobs {
  /** Stores bytes and returns their hash. They are durable when it returns. */
  put(bytes: Uint8Array): string;
  /**
   * The bytes with this hash. Undefined if there are none or they were altered; in a backend with `fetch`, also if they
   * have to be waited for.
   */
  get(sha256: string): Buffer | undefined;
  /**
   * As `get`, waiting for the bytes; absent in a backend that never has to wait. Rejects with FailureError
   * `deadline-exceeded` once the signal is aborted.
   */
  fetch?(sha256: string, signal: AbortSignal): Promise<Buffer | undefined>;
}

/**
 * Which sessions and agents are alive, roughly. If it is lost or wrong, leases end early or late, but no claim is
 * granted twice.
 */
export interface Presence {
  /** Notes that an agent or session was active now. Cheap to call often. */
  touch(who: string): void;
  /** When an agent or session was last active, in ms since the epoch; undefined if never. */
  lastSeen(who: string): number | undefined;
  /** Notes that this process serves a session, or is there for what a name stands for, until `detach` or its end. */
  attach(session: string): void;
  detach(session: string): void;
  /** True while a live process on this machine serves the session. */
  attached(session: string): boolean;
  /** As `attached`, of processes other than this one. */
  attachedElsewhere(session: string): boolean;
  /** All sessions for which `attached` is true, in one read, for lists. */
  served(): ReadonlySet<string>;
  /** Sessions served by descendants of a process, on a system that tells the parent of a process; else none. */
  servedBelow(pid: number): string[];
}
