// Answers commands that ask who last wrote a place: from commits staged before, from memory, or from the log, for which
// the command waits and decides again. Used by context.ts.

import type { Writer } from '../domain/command.ts';
import type { StreamEvent } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import type { Store } from '../store/port.ts';
import { findWriters, PAST_MS, writerOf, wrote } from './last-writer.ts';
import { Provenance } from './provenance.ts';
import type { Staged } from './shapes.ts';
import type { Supplier, Supplies } from './supplies.ts';
import type { DocumentTransaction } from './transaction.ts';

/** Separates stream and pointer in a key: no stream name holds it. */
const SEPARATOR = '\0';

export class Writers implements Supplier<Writer> {
  private readonly provenance = new Provenance();
  private readonly storeOf: () => Store;

  constructor(storeOf: () => Store) {
    this.storeOf = storeOf;
  }

  note(commits: readonly FoldedCommit[]): void {
    for (const folded of commits) this.provenance.note(folded);
  }

  /** Starts to remember who writes to the sessions among these streams. */
  track(events: readonly StreamEvent[]): void {
    for (const { stream } of events) if (stream.startsWith('session/')) this.provenance.track(stream);
  }

  /**
   * Who wrote a place before this transaction; undefined if nobody did, or if the log must be searched: then `supplies`
   * notes it.
   */
  lastWriter(
    tx: DocumentTransaction,
    staged: readonly Staged[],
    supplies: Supplies,
    [stream, pointer]: readonly [string, string],
  ): Writer | undefined {
    // This commit itself created the value: nobody wrote it before.
    if (hasWritten(tx, stream, pointer)) return undefined;
    const before = staged.findLast((entry) => hasWritten(entry.tx, stream, pointer));
    if (before !== undefined) return writerOf(before.encoded.commit);
    const found = this.provenance.lookup(stream, pointer) ?? supplies.want(this, stream + SEPARATOR + pointer);
    return found && { by: found.by, at: found.at };
  }

  /** Searches the log for at most `PAST_MS` and not beyond the deadline, and returns the writers found by then. */
  async fetch(keys: ReadonlySet<string>, deadlineAt: number): Promise<ReadonlyMap<string, Writer>> {
    const pointersOf = new Map<string, Set<string>>();
    for (const key of keys) {
      const [stream, pointer] = [key.slice(0, key.indexOf(SEPARATOR)), key.slice(key.indexOf(SEPARATOR) + 1)];
      pointersOf.set(stream, (pointersOf.get(stream) ?? new Set()).add(pointer));
    }
    const found = new Map<string, Writer>();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.max(0, Math.min(PAST_MS, deadlineAt - performance.now())));
    for (const [stream, pointers] of pointersOf)
      for (const [pointer, writer] of await findWriters(this.storeOf(), stream, pointers, stop.signal))
        found.set(stream + SEPARATOR + pointer, writer);
    clearTimeout(timer);
    return found;
  }
}

function hasWritten({ events }: DocumentTransaction, stream: string, pointer: string): boolean {
  return events.some((event) => event.stream === stream && event.patch.some(({ path }) => wrote(path, pointer)));
}
