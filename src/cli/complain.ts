// How a failure looks on a terminal: what, why, next, on stderr, with the exit code that fits. Used by the CLI's verbs.

import type { Failure } from '../failure.ts';
import { failureKind } from '../failure-kind.ts';
import { describeFailure } from '../failure-text.ts';

export const exitCodes = { done: 0, input: 1, store: 2, other: 3 } as const;

/** Writes the failure to `write` (stderr unless given) and returns its exit code. */
export function complain(failure: Failure, write: (text: string) => void = toStderr): number {
  const { what, why, next } = describeFailure(failure);
  write(`${failure.code}: ${what}\n${why === '' ? '' : `  why:  ${why}\n`}  next: ${next}\n`);
  return exitCodes[failureKind(failure.code)];
}

function toStderr(text: string): void {
  process.stderr.write(text);
}
