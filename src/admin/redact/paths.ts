// Takes the values at and below a path out of patches. Replaces leaves only: objects and arrays keep their shape, so
// that every later operation inside them still fits. Used by commits.ts and cli/verbs/redact.ts.

import { isObject, type Json } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import { parsePointer } from '../../json/pointer.ts';
import { REDACTED } from './texts.ts';

/** A step to every child. Paths have no indexes, because elements of an array move. */
export const EVERY = Symbol('every');

export interface RedactPath {
  /** The path as it was given. */
  text: string;
  steps: readonly (string | typeof EVERY)[];
}

/** The leaves taken out of one commit, to find copies of them in the facts of its events. */
export type Removed = Set<Json>;

/**
 * Returns the operations without the values at or below the path, and the number of leaves taken out, which are added
 * to `removed`.
 */
export function redactOps(ops: PatchOp[], { steps }: RedactPath, removed: Removed): { ops: PatchOp[]; count: number } {
  let count = 0;
  const leaf = (value: Json): Json => {
    if (value === null || value === REDACTED) return value;
    count += 1;
    removed.add(value);
    return REDACTED;
  };
  const done = ops.map((op): PatchOp => {
    if (op.op === 'remove') return op;
    const tokens = parsePointer(op.path);
    const fits = steps.every((step, at) => at >= tokens.length || step === EVERY || step === tokens[at]);
    return fits ? { ...op, value: below(op.value, steps.slice(tokens.length), leaf) } : op;
  });
  return { ops: done, count };
}

function below(value: Json, steps: RedactPath['steps'], leaf: (value: Json) => Json): Json {
  const [step, ...rest] = steps;
  const inside = (key: string | undefined, item: Json): Json =>
    step === undefined || step === EVERY || step === key ? below(item, rest, leaf) : item;
  if (Array.isArray(value)) return value.map((item) => inside(undefined, item));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(key, item)]));
  return step === undefined ? leaf(value) : value;
}

/** Replaces copies of removed strings in the facts of an event. */
export function withoutCopies(value: Json, removed: Removed): Json {
  if (Array.isArray(value)) return value.map((item) => withoutCopies(item, removed));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutCopies(item, removed)]));
  return typeof value === 'string' && removed.has(value) ? REDACTED : value;
}
