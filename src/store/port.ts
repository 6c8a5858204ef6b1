// What a store must do, whatever it stands on. documents/ calls it; memory.ts and file/ implement it;
// test/store/contract.ts holds every implementation to it. Safety comes only from expected versions: there is no lock,
// lease, queue, timer or pub/sub here, those are events decided by pure rules.

import type { Failure } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import type { Author, EncodedCommit, Expected, Seen } from './commit.ts';
import type { FoldedCommit } from './fold.ts';

export type Durability = 'fsync' | 'none';

export interface StoreInfo {
  kind: string;
  /** Where it is, for people. */
  place: string;
  durability: Durability;
  /** Why nothing can be written, if so. */
  stopped?: Failure;
}

/** What became of one commit. `unknown`: it may or may not be there; repeat it with the same request_id. */
export type Outcome =
  | { kind: 'won'; seq: number }
  | { kind: 'lost' }
  | { kind: 'unknown'; why: string }
  | { kind: 'failed'; error: Error };

export interface Appending {
  /** One per commit, in order. Known before anything is made durable, so that losers never pay for a sync. */
  outcomes: Outcome[];
  /** Resolves once every won commit is durable. Rejects with FailureError `outcome-unknown` if that cannot be known. */
  durable: Promise<void>;
}

/** A document as a cache holds it: worthless unless `version` and `head` fit the log. */
export interface Snapshot {
  stream: string;
  seq: number;
  version: number;
  head: string;
  doc: Json;
}

/** One event of a stream with its place. `version` counts from 1. */
export interface Recorded {
  seq: number;
  version: number;
  at: string;
  by: Author;
  type: string;
  data?: { [key: string]: Json };
  patch: PatchOp[];
}

/** An event of the past without its place in the log. */
export type PastEvent = Pick<Recorded, 'at' | 'by' | 'patch'>;

/**
 * Called with commits in log order: all that became known by one refresh or append, own ones included. `own` is true
 * when they are exactly the batch being appended, all of it, in order: then the caller has applied them already.
 */
export type CommitListener = (commits: readonly FoldedCommit[], own: boolean) => void;

export interface Store {
  info(): StoreInfo;
  /** Count of valid lines folded so far. */
  seq(): number;
  /** What a commit that touches this stream must expect now. */
  expected(stream: string): Expected;
  /** The commit that last changed the stream, or 0. */
  lastSeq(stream: string): number;
  /** Names of all streams that start with the prefix, in no promised order. */
  streams(prefix: string): string[];
  /** The last place this process knows to be durable. */
  seen(): Seen;
  /** Folds what others appended and tells the listener. A promise only where the backend needs one. */
  refresh(): void | Promise<void>;
  /**
   * Appends commits, each atomic over its streams and valid only if all its expectations hold at its place in the log.
   * Idempotent by construction: a second copy expects versions that its first copy has moved. Contract: `refresh` was
   * called in the same tick, and the commits were decided on what it showed.
   */
  append(batch: readonly EncodedCommit[]): Appending;
  /**
   * Makes all that was folded so far durable: call it before any answer that rests on it. Undefined if it already is.
   */
  flush(): Promise<void> | undefined;
  /** Settles when the sync that is under way ends; undefined if none is. Who waits for it shares the next one. */
  busy(): Promise<void> | undefined;
  /**
   * Courtesy among writers, called before each try: waits while a starving writer has its turn. With `urgent`, takes
   * the turn. The returned function gives it back; undefined means nobody is waiting.
   */
  takeTurn(urgent: boolean): Promise<() => void> | undefined;
  /** Events of one stream from a version on (counting from 1), gap-free, and none beyond what is folded so far. */
  read(stream: string, fromVersion: number): Recorded[];
  /** The same, letting others have their turn. This and the next two end early with the signal: `deadline-exceeded`. */
  readPast(stream: string, fromVersion: number, signal?: AbortSignal): Promise<Recorded[]>;
  /**
   * Tells `visit` the events of a stream, the newest first and none beyond what is folded so far, until it returns
   * false. For who needs only the last few: costs what lies between them and the end of the log. Ends early with the
   * signal: `deadline-exceeded`.
   */
  readBackwards(stream: string, visit: (event: PastEvent) => boolean, signal?: AbortSignal): Promise<void>;
  /**
   * Valid commits after a seq, in order, never skipping one; at most `limit`. Rejects with `store-damaged` at damage.
   */
  readAll(afterSeq: number, limit: number, signal?: AbortSignal): Promise<FoldedCommit[]>;
  /** The last seq before the first commit that is later than `ms` since the epoch by its writer's clock. */
  seqAtTime(ms: number, signal?: AbortSignal): Promise<number>;
  /**
   * Yields when there may be commits after the seq: a hint that may be late, merged or repeated. Ends with the signal.
   */
  watch(afterSeq: number, signal: AbortSignal): AsyncIterable<number>;
  /** A cached document that fits the log, or undefined. Deleting every snapshot changes nothing but speed. */
  getSnapshot(stream: string): Snapshot | undefined;
  putSnapshot(snapshot: Snapshot): void;
  /** What only maintenance needs; absent where a backend has nothing to keep up. */
  readonly upkeep?: Upkeep;
  close(): Promise<void>;
}

/** The backend's caches and files, kept up off the request path by long-lived processes. */
export interface Upkeep {
  /**
   * Runs `work` unless another process is at it; resolves false if so. Costs time when it fails to exclude, never data.
   */
  exclusively(work: () => Promise<void>): Promise<boolean>;
  /** Streams whose readable document is older than the log. */
  dirty(): string[];
  /** The place up to which a checkpoint would speak: take it before the documents are written, save it after. */
  mark(): { save(): void };
  /** Ends the segment if it has grown past its size; resolves true if it did. */
  seal(): Promise<boolean>;
  /** Writes the index files of sealed segments that have none. Resolves to how many. */
  index(): Promise<number>;
  /** Removes temporary files of processes that are gone. Resolves to how many. */
  sweep(): Promise<number>;
  /** Compresses segments that no process can still be writing. Resolves to how many. */
  compress(): Promise<number>;
}

/** Immutable bytes by their SHA-256 (64 hex). */
export interface Blobs {
  /** Durable when it returns. */
  put(bytes: Uint8Array): string;
  /** Undefined if there are none, or if they have changed; where the backend has `fetch`, also if they take waiting. */
  get(sha256: string): Buffer | undefined;
  /**
   * Only where bytes may take waiting. Undefined if there are none. Ends early with the signal: `deadline-exceeded`.
   */
  fetch?(sha256: string, signal: AbortSignal): Promise<Buffer | undefined>;
}

/** Who is alive, roughly. Expendable by definition: losing it ends leases early or late, never grants two. */
export interface Presence {
  /** Notes that this agent or session was just active. Cheap to call often. */
  touch(who: string): void;
  /** Ms since the epoch; undefined if never seen. */
  lastSeen(who: string): number | undefined;
  /** Notes that this process serves a session, until it detaches or dies. */
  attach(session: string): void;
  detach(session: string): void;
  /** True while a live process on this machine serves the session. */
  attached(session: string): boolean;
  /** All such sessions, for lists: one look, however many there are. */
  served(): ReadonlySet<string>;
  /** Sessions that descendants of this process serve, on a system that tells whose child a process is. */
  servedBelow(pid: number): string[];
}
