// What a command asks of its context that is not in memory: it is fetched after the try, and the command decides
// again. One rule serves past writers and graph definitions; documents that a backend has to wait for come the same
// way, with the stream's name as the key and `need` in place of the load in cache.ts. Used by batch.ts and
// dry-run.ts.

/** One sort of thing that commands ask for by key. */
export interface Supplier<V> {
  /**
   * Values by key; a key without a value has none, or none was found in time. `deadlineAt` counts as
   * `performance.now()`. Rejects with FailureError where the command must not be decided without an answer.
   */
  fetch(keys: ReadonlySet<string>, deadlineAt: number): Promise<ReadonlyMap<string, V>>;
}

/** Ends a try that cannot go on without what it lacks. Thrown to batch.ts and dry-run.ts alone. */
class LackingError extends Error {
  constructor(key: string) {
    super(`not at hand: ${key}`);
    this.name = 'LackingError';
  }
}

/**
 * What one command lacked, and what was fetched for it. Kept as long as the command has no answer: a value that a
 * bounded memory drops between two tries would otherwise be fetched again for ever.
 */
export class Supplies {
  private readonly fetched = new Map<Supplier<unknown>, Map<string, unknown>>();
  private readonly lacked = new Map<Supplier<unknown>, Set<string>>();
  private blocked = false;

  /** Begins a try: what an earlier one asked for and did without is its own business. */
  begin(): void {
    this.lacked.clear();
    this.blocked = false;
  }

  /**
   * A value that an answer only mentions: the try goes on without it. The command waits once for all of one supplier.
   */
  want<V>(from: Supplier<V>, key: string): V | undefined {
    const known = this.fetched.get(from);
    if (known === undefined) this.note(from, key);
    return known?.get(key) as V | undefined;
  }

  /** A value that the command rests on: the try ends here until it is fetched. Undefined: there is none. */
  need<V>(from: Supplier<V>, key: string): V | undefined {
    const known = this.fetched.get(from);
    if (known?.has(key)) return known.get(key) as V | undefined;
    this.note(from, key);
    this.blocked = true;
    throw new LackingError(key);
  }

  /** Whether the command has to be decided again. A refusal stands without what it would only have mentioned. */
  mustFetch(refused: boolean): boolean {
    return this.blocked || (!refused && this.lacked.size > 0);
  }

  /** Fetches what the last try lacked. */
  async fetch(deadlineAt: number): Promise<void> {
    const asked = [...this.lacked];
    const found = await Promise.all(asked.map(([from, keys]) => from.fetch(keys, deadlineAt)));
    for (const [index, [from, keys]] of asked.entries()) {
      const known = this.fetched.get(from) ?? new Map<string, unknown>();
      for (const key of keys) known.set(key, found[index]?.get(key));
      this.fetched.set(from, known);
    }
  }

  private note(from: Supplier<unknown>, key: string): void {
    const keys = this.lacked.get(from);
    if (keys === undefined) this.lacked.set(from, new Set([key]));
    else keys.add(key);
  }
}
