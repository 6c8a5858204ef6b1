// Takes the values at and below a path out of patches. Only leaves are replaced: objects and arrays keep their shape,
// so that every later operation that reaches inside still fits. Used by commits.ts and cli/verbs/redact.ts.

import { isObject, type Json } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import { parsePointer } from '../../json/pointer.ts';
import { REDACTED } from './texts.ts';

/** Every child: elements of an array move, so a path has no index. */
export const EVERY = Symbol('every');

export interface RedactPath {
  /** As it was given. */
  text: string;
  steps: readonly (string | typeof EVERY)[];
}

/** What was taken out of one commit: leaves in order, to find their copies in the facts of its events. */
export type Removed = Set<Json>;

/**
 * The operations without what stands at or below the path. The leaves taken out are added to `removed`; answers how
 * many.
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

/** Copies of what was removed, in the facts of an event. */
export function withoutCopies(value: Json, removed: Removed): Json {
  if (Array.isArray(value)) return value.map((item) => withoutCopies(item, removed));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutCopies(item, removed)]));
  return typeof value === 'string' && removed.has(value) ? REDACTED : value;
}
