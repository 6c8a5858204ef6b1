// Bytes that carry a sum of themselves, as a line of the log does: a flipped bit in them is never believed. Used for
// caches (checkpoint.ts, index-text.ts) and for lines that are read again by their place (history.ts).

import { claimedSum, type RawLine, sumOf, TRAILER_BYTES } from '../commit.ts';

export function encodeSummed(body: object): string {
  const open = JSON.stringify(body).slice(0, -1);
  return `${open}, "sum":"${sumOf(open)}"}`;
}

/** The value, with `sum` in it; undefined if its bytes are not those that the sum was made of. */
export function decodeSummed(bytes: Buffer): unknown {
  if (checkedSum(bytes) === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The sum at the end of the bytes, as computed; undefined if there is none, or if it is not theirs. */
export function checkedSum(bytes: RawLine): string | undefined {
  const claimed = claimedSum(bytes);
  if (claimed === undefined) return undefined;
  const end = bytes.length - TRAILER_BYTES;
  const sum = sumOf(typeof bytes === 'string' ? bytes.slice(0, end) : bytes.subarray(0, end));
  return sum === claimed ? sum : undefined;
}
