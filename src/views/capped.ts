// The start of a list that takes no more room than it may, and how much is left out. Used for joined parts of sessions.

export interface Capped<T> {
  kept: T[];
  left: number;
}

/** As many as fit into so many characters of JSON together. */
export function capped<T>(list: readonly T[], chars: number): Capped<T> {
  let room = chars;
  const end = list.findIndex((one) => {
    room -= JSON.stringify(one).length + 1;
    return room < 0;
  });
  const kept = end < 0 ? [...list] : list.slice(0, end);
  return { kept, left: list.length - kept.length };
}
