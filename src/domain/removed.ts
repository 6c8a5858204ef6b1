// What a save took out of lists. A list that is given replaces the old one, and an answer that names the field alone
// does not tell a caller that it meant to add. Used by the commands of plan/ and team/.

/** The items that lists of a document lost, by field. */
export type Removed = Record<string, string[]>;

/** `removed` for an answer: what lists of these fields lost; empty if none lost anything. `show`: items as shown. */
export function removedFrom<K extends string>(
  before: Readonly<Partial<Record<NoInfer<K>, readonly string[]>>>,
  after: Readonly<Partial<Record<NoInfer<K>, readonly string[]>>>,
  show: Readonly<Record<K, (item: string) => string>>,
): { removed?: Removed } {
  const lost = (Object.keys(show) as K[]).flatMap((key): [string, string[]][] => {
    const kept = new Set(after[key]);
    const gone = (before[key] ?? []).filter((item) => !kept.has(item));
    return gone.length === 0 ? [] : [[key, gone.map(show[key])]];
  });
  return lost.length === 0 ? {} : { removed: Object.fromEntries(lost) };
}
