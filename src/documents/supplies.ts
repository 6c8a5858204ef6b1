// Values that a command asks of its context and that are not in memory: they are fetched after the try, and the command
// decides again. Used for past writers and graph definitions, by batch.ts and dry-run.ts. A backend whose documents
// must be awaited can use it too, with the stream's name as the key and `need` in place of the load in cache.ts.

/** A source of values that commands ask for by key. */
export interface Supplier<V> {
  /**
   * Values by key; a key without a value has none, or none was found in time. `deadlineAt` is on the clock of
   * `performance.now()`. Rejects with FailureError if the command must not be decided without an answer.
   */
  fetch(keys: ReadonlySet<string>, deadlineAt: number): Promise<ReadonlyMap<string, V>>;
}

/** Thrown to end a try that cannot go on without a value. Only batch.ts and dry-run.ts catch it. */
class LackingError extends Error {
  constructor(key: string) {
    super(`not at hand: ${key}`);
    this.name = 'LackingError';
  }
}

/**
 * The values that one command lacked, and those fetched for it. Kept until the command has its answer: a value that a
 * bounded cache drops between two tries would otherwise be fetched again and again.
 */
export class Supplies {
  private readonly fetched = new Map<Supplier<unknown>, Map<string, unknown>>();
  private readonly lacked = new Map<Supplier<unknown>, Set<string>>();

  /** Begins a try, and forgets what an earlier one lacked. */
  begin(): void {
    this.lacked.clear();
  }

  /**
   * A value that the answer only mentions: the try goes on without it. The command waits at most once for all such
   * values of one supplier.
   */
  want<V>(from: Supplier<V>, key: string): V | undefined {
    const known = this.fetched.get(from);
    if (known === undefined) this.note(from, key);
    return known?.get(key) as V | undefined;
  }

  /** A value that the command needs: the try ends here until it is fetched. Undefined: there is none. */
  need<V>(from: Supplier<V>, key: string): V | undefined {
    const known = this.fetched.get(from);
    if (known?.has(key)) return known.get(key) as V | undefined;
    this.note(from, key);
    throw new LackingError(key);
  }

  /** Whether the command has to be decided again: a refusal too may name who wrote what it rests on. */
  mustFetch(): boolean {
    return this.lacked.size > 0;
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
