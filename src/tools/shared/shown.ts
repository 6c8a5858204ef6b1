// Fits rows and operations into an answer: an answer that is refused for its size after its work was done would look
// like a failure. Used by tools whose answers grow with stored data.

import { jsonLength } from '../../domain/state/etag.ts';
import { copyJson, type Json } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';

/** Characters of JSON for the growing part of an answer; the whole is limited to 20,000. */
export const ROWS_CHARS = 12_000;
/** The longest value shown in a list, in characters; of a longer one only the size. */
const VALUE_CHARS = 1_000;

/** The first rows that fit, at least one. */
export function fitting<T extends object>(rows: readonly T[], budget = ROWS_CHARS): T[] {
  let chars = 0;
  const found = rows.findIndex((row, index) => {
    chars += JSON.stringify(row).length + 1;
    return chars > budget && index > 0;
  });
  return rows.slice(0, found < 0 ? rows.length : found);
}

export type ShownOp = { op: string; path: string; value?: Json; chars?: number };

/**
 * The first operations that fit, at most `most`; long values are replaced by their size. `cut` tells what is missing.
 */
export function shownOps(
  ops: readonly PatchOp[],
  most: number,
  budget = ROWS_CHARS,
): { shown: ShownOp[]; cut?: string } {
  let leftOut = false;
  const shown = fitting(
    ops.slice(0, most).map((op): ShownOp => {
      if (op.op === 'remove') return { op: op.op, path: op.path };
      const chars = jsonLength(op.value, 1_000_000);
      if (chars <= VALUE_CHARS) return { op: op.op, path: op.path, value: copyJson(op.value) };
      leftOut = true;
      return { op: op.op, path: op.path, chars };
    }),
    budget,
  );
  if (shown.length < ops.length)
    return { shown, cut: `the first ${shown.length} of ${ops.length} operations; narrow path` };
  return leftOut
    ? { shown, cut: `values above ${VALUE_CHARS} characters are left out; chars is their size` }
    : { shown };
}
