// The types of a change: its options and result, and a command's state in the loop of batch.ts.

import type { Context, Decide } from '../domain/command.ts';
import type { Result } from '../failure/failure.ts';
import type { Author, EncodedCommit } from '../store/commit.ts';
import type { Blobs, CommitListener, Presence, Store } from '../store/port.ts';
import type { Figures, Grouping } from './groups.ts';
import type { Request, RequestKey } from './requests.ts';
import type { Supplies } from './supplies.ts';
import type { DocumentTransaction } from './transaction.ts';

export interface ChangeOptions {
  by: Author;
  /** Makes the command take effect once however often it is repeated; see requests.ts. */
  request?: Request | undefined;
  trace?: string | undefined;
  /** `performance.now()` after which no further try is made. */
  deadlineAt?: number | undefined;
}

/** The result of a change: the command's answer, and the commit's seq (the newest seq if nothing had to change). */
export interface Changed<A> {
  value: A;
  seq: number;
  replayed: boolean;
  changed: boolean;
}

/**
 * The documents as one read sees them, all at one seq. A value that leaves the read must be copied, because documents
 * change in place.
 */
export interface View {
  readonly seq: number;
  /** Whether the look can be left for long work; see give-way.ts. */
  readonly patient: boolean;
  get<T extends object>(stream: string): Readonly<T> | undefined;
  version(stream: string): number;
  lastSeq(stream: string): number;
  streams(prefix: string): string[];
  streamCounts(): ReadonlyMap<string, number>;
  /** The streams of a group, the last changed first. */
  grouped<T extends object>(grouping: Grouping<T>, group: string): string[];
  /** The sums of the figures of a group's documents. */
  groupSums<T extends object>(grouping: Grouping<T>, group: string): Figures;
  /** How many documents a group has. */
  groupSize<T extends object>(grouping: Grouping<T>, group: string): number;
}

export interface DocumentsParts {
  openStore(onCommits: CommitListener): Store;
  blobs: Blobs;
  presence: Presence;
  now(): number;
  id(prefix: string): string;
  /** Default: Math.random. */
  random?: Context['random'];
  select: Context['select'];
}

/** A command on its way to its answer. */
export interface Job {
  readonly decide: Decide<unknown>;
  readonly by: Author;
  readonly request: RequestKey | undefined;
  readonly trace: string | undefined;
  readonly deadlineAt: number;
  /** Whether its last try found a stored answer of its request. */
  replayed: boolean;
  losses: number;
  /** The number of slow tries; see retry.ts. */
  slowTries: number;
  /**
   * Streams that void tries expected. The next commit expects them too, so that a command decided twice cannot take
   * effect twice.
   */
  readonly alsoExpect: Set<string>;
  /** Values that its tries lacked, and those fetched for it. */
  readonly supplies: Supplies;
  ended: boolean;
  resolve(result: Result<Changed<unknown>>): void;
  reject(error: unknown): void;
}

/** A job decided and applied in memory, to be written with its batch. */
export interface Staged {
  job: Job;
  tx: DocumentTransaction;
  encoded: EncodedCommit;
  value: unknown;
}

/**
 * A job answered without a commit: valid only if everything staged before it in its batch wins. `after`: how much that
 * is.
 */
export interface Answered {
  job: Job;
  result: Result<Changed<unknown>>;
  after: number;
}
