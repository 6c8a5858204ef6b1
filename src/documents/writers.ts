// Answers a command that asks who last wrote a place: from the commits staged before it, from memory, or from the log, for
// which the command has to wait and be decided once more. Used by documents.ts.

import type { Context, Writer } from '../domain/command.ts';
import type { FoldedCommit } from '../store/fold.ts';
import type { Store } from '../store/port.ts';
import type { Decision } from './decision.ts';
import { findWriters, PAST_MS, writerOf, wrote } from './last-writer.ts';
import { Provenance } from './provenance.ts';
import type { Staged } from './shapes.ts';

/** What the log answered, by stream and pointer; a place that is not in it was not found in time. */
export type PastWriters = ReadonlyMap<string, Writer>;

/** What one try of a command asks, and which of it only the log can tell. */
export class Inquiry {
  /** By stream, pointers. */
  readonly unknown = new Map<string, Set<string>>();
  private readonly find: (stream: string, pointer: string) => Writer | undefined | 'unknown';

  constructor(find: Inquiry['find']) {
    this.find = find;
  }

  readonly lastWriter: Context['lastWriter'] = (stream, pointer) => {
    const found = this.find(stream, pointer);
    if (found !== 'unknown') return found;
    const pointers = this.unknown.get(stream);
    if (pointers === undefined) this.unknown.set(stream, new Set([pointer]));
    else pointers.add(pointer);
    return undefined;
  };
}

export class Writers {
  private readonly provenance = new Provenance();

  note(commits: readonly FoldedCommit[]): void {
    for (const folded of commits) this.provenance.note(folded);
  }

  /** `past`: what the log answered to the try before, if there was one. Then nothing is unknown any more. */
  inquiry(decision: Decision, staged: readonly Staged[], past: PastWriters | undefined): Inquiry {
    return new Inquiry((stream, pointer) => {
      // What this commit itself put there nobody has written before it.
      if (hasWritten(decision, stream, pointer)) return undefined;
      const before = staged.findLast((entry) => hasWritten(entry.decision, stream, pointer));
      if (before !== undefined) return writerOf(before.encoded.commit);
      const known = this.provenance.lookup(stream, pointer);
      const found = known ?? past?.get(stream + pointer);
      if (found !== undefined) return { by: found.by, at: found.at };
      return past === undefined ? 'unknown' : undefined;
    });
  }

  /**
   * Looks up in the log what an inquiry could not tell, for at most `PAST_MS`, and not beyond
   * `deadlineAt` (as `performance.now()` counts). Undefined if there is nothing to look up.
   */
  async ask(
    store: Store,
    { unknown }: Inquiry,
    deadlineAt = Number.POSITIVE_INFINITY,
  ): Promise<PastWriters | undefined> {
    if (unknown.size === 0) return undefined;
    const found = new Map<string, Writer>();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.max(0, Math.min(PAST_MS, deadlineAt - performance.now())));
    for (const [stream, pointers] of unknown)
      for (const [pointer, writer] of await findWriters(store, stream, pointers, stop.signal))
        found.set(stream + pointer, writer);
    clearTimeout(timer);
    return found;
  }
}

function hasWritten({ events }: Decision, stream: string, pointer: string): boolean {
  return events.some((event) => event.stream === stream && event.patch.some(({ path }) => wrote(path, pointer)));
}
