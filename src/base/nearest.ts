// Suggests known names for a mistyped one: tools, arguments, ids, keys, nodes. Used for the "did you mean" of refusals
// in every room.

/** Compare only this many characters of the mistyped word, to bound the cost of a very long one. */
const COMPARED = 64;
/** Skip candidates longer than this: nobody types them by hand. */
const MAX_NAME = 256;
/** A shorter common part is a coincidence. */
const MIN_PART = 3;

/**
 * Returns up to `count` candidates, best first: those within a third of the word's length in edits (at least 2), and
 * those that contain the word or are contained in it.
 */
export function nearest(word: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = word.toLowerCase().slice(0, COMPARED);
  const allowed = Math.max(2, Math.floor(wanted.length / 3));
  const scored: { name: string; score: number }[] = [];
  for (const name of candidates) {
    if (name.length > MAX_NAME) continue;
    const known = name.toLowerCase();
    const distance = editDistance(wanted, known, allowed);
    const holds =
      Math.min(wanted.length, known.length) >= MIN_PART && (known.includes(wanted) || wanted.includes(known));
    if (distance <= allowed || holds) scored.push({ name, score: Math.min(distance, allowed) });
  }
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored.slice(0, count).map((entry) => entry.name);
}

/**
 * The edit distance of two words, where swapping two neighbours counts as one edit (optimal string alignment, Damerau
 * 1964). Returns `limit + 1` as soon as the distance must exceed `limit`, so that comparing with thousands of names
 * stays cheap.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  let leastBefore = 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
      least = Math.min(least, best);
    }
    // A swap reads the row before the last one: give up only when the last two rows both exceed the limit.
    if (least > limit && leastBefore > limit) return limit + 1;
    leastBefore = least;
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? limit + 1;
}
