// Finds the last writer of a place, for the answer of a write that replaces its value: the rule of what counts as
// writing a place, and a search of the log for writes that this process has not seen. provenance.ts applies the same
// rule to those it has. Used by writers.ts.

import type { Writer } from '../domain/command.ts';
import { FailureError } from '../failure/failure.ts';
import type { Commit } from '../store/commit.ts';
import type { Store } from '../store/port.ts';

/** How long a write waits for the search, in ms; without a result it answers without the writer. */
export const PAST_MS = 100;

/**
 * Whether an operation at `path` wrote the value at `pointer`: the place itself, one inside it, or one that holds it.
 */
export function wrote(path: string, pointer: string): boolean {
  if (path.length === pointer.length) return path === pointer;
  return path.length > pointer.length ? path.startsWith(`${pointer}/`) : pointer.startsWith(`${path}/`);
}

/** The writer of a commit. */
export function writerOf({ by, at }: Pick<Commit, 'by' | 'at'>): Writer {
  return { by: by.agent ?? by.session ?? by.user, at };
}

/**
 * The last writers of places of a stream, by pointer. Reads the stream's events backwards until all are found or
 * `signal` aborts; then returns those found so far.
 */
export async function findWriters(
  store: Store,
  stream: string,
  pointers: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, Writer>> {
  const found = new Map<string, Writer>();
  try {
    await store.readBackwards(
      stream,
      (event) => {
        for (const pointer of pointers) {
          if (found.has(pointer) || !event.patch.some(({ path }) => wrote(path, pointer))) continue;
          found.set(pointer, writerOf(event));
        }
        return found.size < pointers.size;
      },
      signal,
    );
  } catch (error) {
    // The writer only accompanies an answer: an unreadable past must not fail the write.
    if (!(error instanceof FailureError)) throw error;
  }
  return found;
}
