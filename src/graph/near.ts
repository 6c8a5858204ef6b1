// The names most like a mistyped one, for hints. Called by check.ts.

/** Up to `most` of `names`, most alike first: one that contains the other, or about a third of the letters differ. */
export function nearest(wanted: string, names: Iterable<string>, most = 3): string[] {
  const allowed = Math.max(1, Math.min(4, Math.ceil(wanted.length / 3)));
  const found: { name: string; distance: number }[] = [];
  for (const name of names) {
    const distance = editDistance(wanted, name, allowed);
    if (distance <= allowed) found.push({ name, distance });
    else if (wanted.length >= 3 && name.includes(wanted)) found.push({ name, distance: allowed + 1 });
  }
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, most).map(({ name }) => name);
}

/** Levenshtein's distance (1966), given up as soon as it must exceed `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const cost = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    row = next;
  }
  return row[b.length] ?? limit + 1;
}
