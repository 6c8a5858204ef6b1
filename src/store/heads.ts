// The heads of streams as a batch of commits that are not in the log yet would leave them, so that later commits of the
// batch can expect the results of earlier ones. Used by documents/batch.ts, and by file/log/writer.ts to drop commits
// that have already lost.

import { type EncodedCommit, type Expected, type Heads, headOf, holds } from './commit.ts';

export class HeadsAfter implements Heads {
  private readonly changed = new Map<string, { version: number; head: string }>();
  private readonly before: (stream: string) => Expected;

  constructor(before: (stream: string) => Expected) {
    this.before = before;
  }

  get(stream: string): { version: number; head: string } {
    const changed = this.changed.get(stream);
    if (changed !== undefined) return changed;
    const [version, head] = this.before(stream);
    return { version, head };
  }

  expected(stream: string): Expected {
    const changed = this.changed.get(stream);
    return changed === undefined ? this.before(stream) : [changed.version, changed.head];
  }

  /** True if all expectations of the commit hold, provided that the commits added before it are valid. */
  met({ commit }: EncodedCommit): boolean {
    return holds(commit, this);
  }

  add({ commit, sum }: EncodedCommit): void {
    const head = headOf(sum);
    for (const { stream } of commit.events) this.changed.set(stream, { version: this.get(stream).version + 1, head });
  }
}
