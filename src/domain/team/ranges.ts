// Sets of message numbers as sorted ranges: acknowledged numbers are mostly consecutive, so the set stays small. Used
// by reader.ts.

/** First and last, both in the set. */
export type Range = [from: number, to: number];

/** The most ranges of a set, so that a reader that acknowledges every other message stays bounded. */
const MAX_RANGES = 500;

/** The set with `n` added; the same array if it held `n`. It may have too many ranges: see `newest` and `coarser`. */
export function withNumber(ranges: Range[], n: number): Range[] {
  if (inRanges(ranges, n)) return ranges;
  const next = [...ranges, [n, n] as Range].sort((a, b) => a[0] - b[0]);
  const merged: Range[] = [];
  for (const [from, to] of next) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The newest ranges of a set that may forget its oldest numbers. */
export function newest(ranges: Range[]): Range[] {
  return ranges.slice(-MAX_RANGES);
}

/**
 * The set with ranges joined across the smallest gaps between them until it is small enough: it holds every number that
 * it held, and some more.
 */
export function coarser(ranges: readonly Range[]): Range[] {
  const joined = ranges.map(([from, to]): Range => [from, to]);
  while (joined.length > MAX_RANGES) {
    const gap = (at: number): number => (joined[at]?.[0] ?? 0) - (joined[at - 1]?.[1] ?? 0);
    let best = 1;
    for (let at = 2; at < joined.length; at += 1) if (gap(at) < gap(best)) best = at;
    const [[, to] = [0, 0]] = joined.splice(best, 1);
    const before = joined[best - 1];
    if (before !== undefined) before[1] = to;
  }
  return joined;
}

/** The set without `n`. */
export function withoutNumber(ranges: readonly Range[], n: number): Range[] {
  return ranges.flatMap(([from, to]): Range[] => {
    if (n < from || n > to) return [[from, to]];
    const parts: Range[] = [
      [from, n - 1],
      [n + 1, to],
    ];
    return parts.filter(([first, last]) => first <= last);
  });
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
