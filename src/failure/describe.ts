// The words and the kind of every failure: what happened, why, and which call to make next. Used by the tools' wrapper,
// prompts, resources and the command line; a snapshot test holds the texts.

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

/** The words of one failure, each a clause without a full stop. */
export interface FailureText {
  what: string;
  why: string;
  next: string;
}

/** The words of a failure; `why` is empty if there is nothing to add. */
export function describeFailure(failure: Failure): FailureText {
  // The entry of a code takes the failure of that code, but TypeScript cannot follow this from a variable.
  const { what, why, next } = failures[failure.code] as unknown as FailureEntry<FailureCode>;
  const say = (words: FailureEntry<FailureCode>['what']): string =>
    typeof words === 'string' ? words : words(failure as never);
  return { what: say(what).replace(/^the /, 'The '), why: say(why), next: say(next) };
}

/** The line that a model reads: `code: what; why; next call`. */
export function failureLine(failure: Failure): string {
  const { what, why, next } = describeFailure(failure);
  return `${failure.code}: ${[what, why, next].filter((part) => part !== '').join('; ')}`;
}

/** The kind of a failure; the command line derives its exit code from it. */
export function failureKind(code: FailureCode): FailureKind {
  return failures[code].kind;
}
