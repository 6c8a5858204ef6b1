// JSON with a sum of its own bytes, in the form of a line of the log, so that a flipped bit in a cache is never
// believed. Used by checkpoint.ts,
// checkpoint-writer.ts and index-text.ts.

import type { Hash } from 'node:crypto';
import { soundSum, sumOf } from '../commit.ts';

/** The JSON text of `body` with `sum` as its last key. `body` must have another key. */
export function encodeSummed(body: object): string {
  const open = JSON.stringify(body).slice(0, -1);
  return `${open}, "sum":"${sumOf(open)}"}`;
}

/** What stands behind a text without its last brace, of which `hash` has all bytes. */
export function sumTrailer(hash: Hash): string {
  return `, "sum":"${hash.digest('hex').slice(0, 16)}"}`;
}

/** The parsed value, including `sum`; undefined if the sum does not fit the bytes. */
export function decodeSummed(bytes: Buffer): unknown {
  if (soundSum(bytes) === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
