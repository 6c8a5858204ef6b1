// The shapes of a change: what a caller asks and gets, and what a command is on its way through the loop in batch.ts.

import type { Context, Decide } from '../domain/command.ts';
import type { Result } from '../failure/failure.ts';
import type { Author, EncodedCommit } from '../store/commit.ts';
import type { Blobs, CommitListener, Presence, Store } from '../store/port.ts';
import type { Request, RequestKey } from './requests.ts';
import type { Supplies } from './supplies.ts';
import type { DocumentTransaction } from './transaction.ts';

export interface ChangeOptions {
  by: Author;
  /** Makes the command one effect however often it is repeated; see requests.ts. */
  request?: Request | undefined;
  trace?: string | undefined;
  /** `performance.now()` after which no further try is made. */
  deadlineAt?: number | undefined;
}

/** What a change came to: the command's answer, and the commit's seq (the newest seq where nothing had to change). */
export interface Changed<A> {
  value: A;
  seq: number;
  replayed: boolean;
  changed: boolean;
}

/**
 * Documents as one read sees them, all at one seq. Whatever leaves the read must be copied: documents change in place.
 */
export interface View {
  readonly seq: number;
  get<T extends object>(stream: string): Readonly<T> | undefined;
  version(stream: string): number;
  lastSeq(stream: string): number;
  streams(prefix: string): string[];
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
  /** Whether its last try found the answer that its request was given before. */
  replayed: boolean;
  losses: number;
  /** Tries that took long. */
  slowTries: number;
  /** Streams of void tries: a command that was decided twice must not be able to take effect twice. */
  readonly alsoExpect: Set<string>;
  /** What its tries lacked, and what was fetched of it. */
  readonly supplies: Supplies;
  ended: boolean;
  resolve(result: Result<Changed<unknown>>): void;
  reject(error: unknown): void;
}

export interface Staged {
  job: Job;
  tx: DocumentTransaction;
  encoded: EncodedCommit;
  value: unknown;
}

/** Answered without a commit: valid only if everything staged before it in its batch is won. */
export interface Answered {
  job: Job;
  result: Result<Changed<unknown>>;
  after: number;
}
