// Cuts a list to what fits into a number of characters, and counts the rest. Used by joined/ and resources/runs.ts.

export interface Capped<T> {
  kept: T[];
  left: number;
}

/** The first items that together fit into `chars` characters of JSON; `left` counts those left out. */
export function capped<T>(list: readonly T[], chars: number): Capped<T> {
  let room = chars;
  const end = list.findIndex((one) => {
    room -= JSON.stringify(one).length + 1;
    return room < 0;
  });
  const kept = end < 0 ? [...list] : list.slice(0, end);
  return { kept, left: list.length - kept.length };
}
