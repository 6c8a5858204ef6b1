// Sets of message numbers as sorted ranges: acknowledged numbers are mostly consecutive, so the set stays small. Used
// by reader.ts.

/** First and last, both in the set. */
export type Range = [from: number, to: number];

/** The most ranges; the oldest are dropped, so that a reader that acknowledges every other message stays bounded. */
const MAX_RANGES = 500;

/** The set with `n` added; the same array if it held `n`. */
export function withNumber(ranges: Range[], n: number): Range[] {
  if (inRanges(ranges, n)) return ranges;
  const next = [...ranges, [n, n] as Range].sort((a, b) => a[0] - b[0]);
  const merged: Range[] = [];
  for (const [from, to] of next) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged.slice(-MAX_RANGES);
}

/** Whether the set holds `n`, by binary search. */
export function inRanges(ranges: readonly Readonly<Range>[] | undefined, n: number): boolean {
  if (ranges === undefined) return false;
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle] ?? [0, 0];
    if (n < from) high = middle - 1;
    else if (n > to) low = middle + 1;
    else return true;
  }
  return false;
}
