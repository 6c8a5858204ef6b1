// The shape of the failure tables, one file per area: the kind and the words of each code. Text that comes from outside
// is quoted, with control characters escaped.

import { visible } from '../base/display.ts';
import type { Failure, FailureCode } from './failure.ts';

/**
 * Where the cause lies: in the caller's input, in the store, or elsewhere. The command line derives its exit code from
 * it.
 */
export type FailureKind = 'input' | 'store' | 'other';

/** The failure with the code `C`. */
export type Of<C extends FailureCode> = Extract<Failure, { code: C }>;

type Words<C extends FailureCode> = string | ((failure: Of<C>) => string);

export interface FailureEntry<C extends FailureCode> {
  kind: FailureKind;
  /** What happened. */
  what: Words<C>;
  why: Words<C>;
  /** Which call to make next. It must name one that exists. */
  next: Words<C>;
}

export type FailureTable<C extends FailureCode> = { readonly [K in C]: FailureEntry<K> };

/** The `why` of a name that was not found: names like it. */
export function near({ near: names }: { near: readonly string[] }): string {
  return names.length > 0 ? `the nearest: ${names.slice(0, 5).map(visible).join(', ')}` : 'nothing has a similar name';
}

/** The `why` that the failure itself carries. */
export function because({ why }: { why: string }): string {
  return visible(why);
}

/** The first ten items, with the count of the others. */
export function firstOf(items: readonly string[]): string {
  const more = items.length > 10 ? [`and ${items.length - 10} more`] : [];
  return [...items.slice(0, 10).map(visible), ...more].join(', ');
}
