// A binary heap of numbers by a key. Used by frontier.ts.

/** Smallest key first; among equal keys the order is unspecified. */
export class Heap {
  readonly #keys: number[] = [];
  readonly #values: number[] = [];

  /** The value with the smallest key; undefined when empty. */
  peek(): number | undefined {
    return this.#values[0];
  }

  peekKey(): number | undefined {
    return this.#keys[0];
  }

  /** O(log size). */
  push(key: number, value: number): void {
    let at = this.#keys.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = this.#keys[parent] ?? 0;
      if (parentKey <= key) break;
      this.#keys[at] = parentKey;
      this.#values[at] = this.#values[parent] ?? 0;
      at = parent;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  /** Takes the value with the smallest key. O(log size). */
  pop(): number | undefined {
    const top = this.#values[0];
    const key = this.#keys.pop();
    const value = this.#values.pop();
    const size = this.#keys.length;
    if (key === undefined || value === undefined || size === 0) return top;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (this.#keys[child + 1] ?? 0) < (this.#keys[child] ?? 0)) child++;
      const childKey = this.#keys[child] ?? 0;
      if (childKey >= key) break;
      this.#keys[at] = childKey;
      this.#values[at] = this.#values[child] ?? 0;
      at = child;
    }
    this.#keys[at] = key;
    this.#values[at] = value;
    return top;
  }
}
