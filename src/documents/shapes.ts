// The shapes of a change: what a caller asks and gets, and what a command is on its way through documents.ts.

import type { Context } from '../domain/command.ts';
import type { Result } from '../failure/failure.ts';
import type { Author, EncodedCommit } from '../store/commit.ts';
import type { Blobs, CommitListener, Presence, Store } from '../store/port.ts';
import type { Decision } from './decision.ts';
import type { Repeatable, Request } from './requests.ts';
import type { Supplies } from './supplies.ts';

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
  select: Context['select'];
}

export interface Job {
  run(decision: Decision, supplies: Supplies): Result<Repeatable<unknown>>;
  by: Author;
  trace: string | undefined;
  losses: number;
  /** Tries whose decision took long. */
  slowTries: number;
  /** Streams of void tries: what was decided twice must not be able to take effect twice. */
  alsoExpect: Set<string>;
  deadlineAt: number;
  /** What its tries lacked, and what was fetched of it. */
  supplies: Supplies;
  finish(result: Result<Changed<unknown>>): void;
  crash(error: unknown): void;
}

export interface Staged {
  job: Job;
  decision: Decision;
  encoded: EncodedCommit;
  answer: Repeatable<unknown>;
}

/** Answered without a commit: valid only if everything staged before it in its batch is won. */
export interface Settled {
  job: Job;
  result: Result<Changed<unknown>>;
  after: number;
}
