// How many rows there are of each sort, in words. Notes on empty lists say what there is instead.

/** The most sorts that are named. */
const MOST = 8;

/** How many rows each group has, the largest first. */
export function countsOf<T>(rows: Iterable<T>, groupOf: (row: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(groupOf(row), (counts.get(groupOf(row)) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

/** `failed 1, ready 2`: the first eight sorts, and how many more there are. */
export function counted(counts: Readonly<Partial<Record<string, number>>>): string {
  const sorts = Object.entries(counts);
  const named = sorts.slice(0, MOST).map(([word, count]) => `${word} ${count}`);
  return [...named, ...(sorts.length > MOST ? [`${sorts.length - MOST} more`] : [])].join(', ');
}
