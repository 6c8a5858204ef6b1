// Sets of rows sorted by priority and then number, the order of lists: a page is a slice, and a change costs a binary
// search and a shift within a chunk. Used by plan-index.ts and task-index.ts.

/** The fields by which a row is sorted and summed. */
export interface Placed {
  id: string;
  number: number;
  /** 1 to 9. */
  priority: number;
  /** Added to the `points` of a set. */
  points?: number;
}

/** Above every number, which has at most 12 digits. */
const STEP = 1e12;

/** The place of a row in the order, as one number: the cursor of a page. */
export function placeOf(row: Pick<Placed, 'priority' | 'number'>): number {
  return row.priority * STEP + row.number;
}

/** A longer chunk is split. In chunks of this size a shift costs less than the search. */
const MAX_CHUNK = 256;

/** Sorted rows, kept in chunks because one long array would shift thousands of pointers at each change. */
export class SortedRows<R extends Placed> {
  /** In order; no chunk is empty. */
  private readonly chunks: R[][] = [];
  private count = 0;
  private sum = 0;

  get size(): number {
    return this.count;
  }

  /** The sum of all rows' points. */
  get points(): number {
    return this.sum;
  }

  add(row: R): void {
    const place = placeOf(row);
    const at = this.chunkOf(place);
    const chunk = this.chunks[at];
    this.count += 1;
    this.sum += row.points ?? 0;
    if (chunk === undefined) {
      this.chunks.push([row]);
      return;
    }
    chunk.splice(lowerBound(chunk, place), 0, row);
    if (chunk.length > MAX_CHUNK) this.chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** Removes a row, found by its place; does nothing if it is not in the set. */
  remove(row: R): void {
    const place = placeOf(row);
    const at = this.chunkOf(place);
    const chunk = this.chunks[at] ?? [];
    const index = lowerBound(chunk, place);
    if (chunk[index]?.id !== row.id) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count -= 1;
    this.sum -= row.points ?? 0;
  }

  /** The rows after a place, in order; all rows for 0. */
  *after(place: number): IterableIterator<R> {
    for (let at = this.chunkOf(place); at < this.chunks.length; at += 1) {
      for (const row of this.chunks[at] ?? []) if (placeOf(row) > place) yield row;
    }
  }

  first(count: number): R[] {
    const rows: R[] = [];
    for (const row of this.after(0)) {
      if (rows.length === count) break;
      rows.push(row);
    }
    return rows;
  }

  /** The index of the chunk that a place belongs to: the last one that begins at or before it, else the first. */
  private chunkOf(place: number): number {
    let [low, high] = [0, this.chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.chunks[middle]?.[0];
      if (row !== undefined && placeOf(row) <= place) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The index of the first row at or after a place. */
function lowerBound(rows: readonly Placed[], place: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && placeOf(row) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sets of rows by name, such as `spr-1 todo`. A row is in every set that `namesOf` names for it. */
export class RowSets<R extends Placed> {
  private readonly sets = new Map<string, SortedRows<R>>();
  private readonly empty = new SortedRows<R>();
  private readonly namesOf: (row: R) => string[];

  constructor(namesOf: (row: R) => string[]) {
    this.namesOf = namesOf;
  }

  get(name: string): SortedRows<R> {
    return this.sets.get(name) ?? this.empty;
  }

  replace(before: R | undefined, after: R | undefined): void {
    if (before !== undefined) for (const name of this.namesOf(before)) this.remove(name, before);
    if (after !== undefined) for (const name of this.namesOf(after)) this.add(name, after);
  }

  private add(name: string, row: R): void {
    let set = this.sets.get(name);
    if (set === undefined) {
      set = new SortedRows<R>();
      this.sets.set(name, set);
    }
    set.add(row);
  }

  private remove(name: string, row: R): void {
    const set = this.sets.get(name);
    set?.remove(row);
    if (set?.size === 0) this.sets.delete(name);
  }
}
