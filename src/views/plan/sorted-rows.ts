// Rows in the order lists show them, by priority and then number, so that a page is a slice and a change costs a search
// and a shift of pointers. Used by plan-index.ts.

/** What every row has, so that it can be placed. */
export interface Placed {
  id: string;
  number: number;
  /** 1 to 9; the first digit of its place. */
  priority: number;
  /** Sums up to `points` of a set. */
  points?: number;
}

/** Numbers have at most 12 digits. */
const STEP = 1e12;

/** A row's place as a number: what a cursor holds. */
export function placeOf(row: Pick<Placed, 'priority' | 'number'>): number {
  return row.priority * STEP + row.number;
}

export class SortedRows<R extends Placed> {
  private readonly rows: R[] = [];
  private sum = 0;

  get size(): number {
    return this.rows.length;
  }

  /** Points of all rows together. */
  get points(): number {
    return this.sum;
  }

  add(row: R): void {
    const place = placeOf(row);
    const last = this.rows.at(-1);
    if (last === undefined || placeOf(last) < place) this.rows.push(row);
    else this.rows.splice(this.lowerBound(place), 0, row);
    this.sum += row.points ?? 0;
  }

  /** Contract: a row of the same place is in it. */
  remove(row: R): void {
    const at = this.lowerBound(placeOf(row));
    if (this.rows[at]?.id !== row.id) return;
    this.rows.splice(at, 1);
    this.sum -= row.points ?? 0;
  }

  /** Rows after a place, in order. */
  *after(place: number): IterableIterator<R> {
    for (let at = place === 0 ? 0 : this.lowerBound(place + 1); at < this.rows.length; at += 1) {
      const row = this.rows[at];
      if (row !== undefined) yield row;
    }
  }

  first(count: number): R[] {
    return this.rows.slice(0, count);
  }

  private lowerBound(place: number): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.rows[middle];
      if (row !== undefined && placeOf(row) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sets of rows by name: `spr-1 todo`. A row is in as many as `namesOf` says. */
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
