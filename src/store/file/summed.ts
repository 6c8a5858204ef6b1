// JSON that carries a sum of itself, as a line of the log does, for caches: a flipped bit in them is never believed.
// Used by checkpoint.ts and index-text.ts.

import { soundSum, sumOf } from '../commit.ts';

export function encodeSummed(body: object): string {
  const open = JSON.stringify(body).slice(0, -1);
  return `${open}, "sum":"${sumOf(open)}"}`;
}

/** The value, with `sum` in it; undefined if its bytes are not those that the sum was made of. */
export function decodeSummed(bytes: Buffer): unknown {
  if (soundSum(bytes) === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
