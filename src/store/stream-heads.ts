// The heads of all streams, with the names of each kind apart, so that listing one kind costs what is of that kind:
// kept requests are most of the streams of a busy store, and nobody lists them. Used by fold.ts and the history.

import type { StreamHead } from './fold.ts';
import { kindOf } from './stream.ts';

export class StreamHeads extends Map<string, StreamHead> {
  private readonly kinds = new Map<string, Set<string>>();

  override set(stream: string, head: StreamHead): this {
    if (!this.has(stream)) {
      const kind = kindOf(stream);
      const names = this.kinds.get(kind);
      if (names === undefined) this.kinds.set(kind, new Set([stream]));
      else names.add(stream);
    }
    return super.set(stream, head);
  }

  override delete(stream: string): boolean {
    this.kinds.get(kindOf(stream))?.delete(stream);
    return super.delete(stream);
  }

  override clear(): void {
    this.kinds.clear();
    super.clear();
  }

  /** Names of the streams that begin with a prefix. Looks at those of one kind if the prefix has a slash. */
  named(prefix: string): string[] {
    const slash = prefix.indexOf('/');
    const names = slash < 0 ? this.keys() : (this.kinds.get(prefix.slice(0, slash)) ?? []);
    if (slash === prefix.length - 1) return [...names];
    const found: string[] = [];
    for (const name of names) if (name.startsWith(prefix)) found.push(name);
    return found;
  }

  /** How many streams there are of each kind that has any. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [kind, { size }] of this.kinds) if (size > 0) counts.set(kind, size);
    return counts;
  }

  /** The names of one kind, without a copy. Contract: nothing is added while they are read. */
  ofKind(kind: string): Iterable<string> {
    return this.kinds.get(kind) ?? [];
  }
}
