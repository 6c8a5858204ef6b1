// The streams' versions and heads as commits that are not in the log yet would leave them: what the commits of one batch
// expect of each other. Used by documents.ts while it decides a batch, and before such a batch is written.

import { type EncodedCommit, type Expected, headOf } from './commit.ts';

export class HeadsAfter {
  private readonly changed = new Map<string, Expected>();
  private readonly before: (stream: string) => Expected;

  constructor(before: (stream: string) => Expected) {
    this.before = before;
  }

  expected(stream: string): Expected {
    return this.changed.get(stream) ?? this.before(stream);
  }

  /** True if all that the commit expects holds, taking the commits added before it for valid. */
  met({ commit }: EncodedCommit): boolean {
    for (const stream in commit.expect) {
      const [version, head] = this.expected(stream);
      if (commit.expect[stream]?.[0] !== version || commit.expect[stream]?.[1] !== head) return false;
    }
    return true;
  }

  add({ commit, sum }: EncodedCommit): void {
    const head = headOf(sum);
    for (const { stream } of commit.events) this.changed.set(stream, [this.expected(stream)[0] + 1, head]);
  }
}
