// The shape of the failure tables, one file per area: what kind of trouble a code is, and its words. Parts of a text
// that came from outside are quoted, with control characters escaped.

import { visible } from '../base/display.ts';
import type { Failure, FailureCode } from './failure.ts';

/** Whose trouble: the caller's input, the store's, or that of the situation. Exit codes are made of it. */
export type FailureKind = 'input' | 'store' | 'other';

export type Of<C extends FailureCode> = Extract<Failure, { code: C }>;

type Words<C extends FailureCode> = string | ((failure: Of<C>) => string);

export interface FailureEntry<C extends FailureCode> {
  kind: FailureKind;
  /** What happened. */
  what: Words<C>;
  why: Words<C>;
  /** Which call to make next: one that exists. */
  next: Words<C>;
}

export type FailureTable<C extends FailureCode> = { readonly [K in C]: FailureEntry<K> };

export function near({ near: names }: { near: readonly string[] }): string {
  return names.length > 0 ? `the nearest: ${names.slice(0, 5).map(visible).join(', ')}` : 'nothing has a similar name';
}

export function because({ why }: { why: string }): string {
  return visible(why);
}

/** The first few of a list, with the count of the others. */
export function firstOf(items: readonly string[]): string {
  const more = items.length > 10 ? [`and ${items.length - 10} more`] : [];
  return [...items.slice(0, 10).map(visible), ...more].join(', ');
}
