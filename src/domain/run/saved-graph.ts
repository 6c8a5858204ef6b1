// A graph that was saved under a name: its shape and stream. Used by start.ts, pin.ts and views.

/** A graph's name and the hash of its definition, which is a blob. */
export interface SavedGraph {
  schema: 1;
  name: string;
  hash: string;
  saved_at: string;
}

export function graphStream(name: string): string {
  return `graph/${name}`;
}
