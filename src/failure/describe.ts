// The words and the kind of every failure: what happened, why, and which call to make next. The server's wrapper and
// the command line are the only users; a snapshot test holds the texts.

import { callerFailures } from './caller.ts';
import { conflictFailures } from './conflict.ts';
import type { Failure, FailureCode } from './failure.ts';
import { inputFailures } from './input.ts';
import { planFailures } from './plan.ts';
import { runFailures } from './run.ts';
import { sessionFailures } from './session.ts';
import { storeFailures } from './store.ts';
import type { FailureEntry, FailureKind, FailureTable } from './table.ts';

const failures: FailureTable<FailureCode> = {
  ...inputFailures,
  ...conflictFailures,
  ...sessionFailures,
  ...planFailures,
  ...runFailures,
  ...callerFailures,
  ...storeFailures,
};

export interface FailureText {
  what: string;
  why: string;
  next: string;
}

export function describeFailure(failure: Failure): FailureText {
  // The entry of a failure's own code takes that failure: a link that the type of a table cannot carry through a
  // variable.
  const { what, why, next } = failures[failure.code] as unknown as FailureEntry<FailureCode>;
  const say = (words: FailureEntry<FailureCode>['what']): string =>
    typeof words === 'string' ? words : words(failure as never);
  return { what: say(what).replace(/^the /, 'The '), why: say(why), next: say(next) };
}

/** `code: what; why; next call`: the line that a model reads. */
export function failureLine(failure: Failure): string {
  const { what, why, next } = describeFailure(failure);
  return `${failure.code}: ${[what, why, next].filter((part) => part !== '').join('; ')}`;
}

/** What kind of trouble a code is, for exit codes. */
export function failureKind(code: FailureCode): FailureKind {
  return failures[code].kind;
}
