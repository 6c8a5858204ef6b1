// Who last wrote a place, for what a write answers about the value it replaced: the one rule, and the search by it in
// the log, for what was written before this process opened the store. provenance.ts keeps the same rule for what came
// since.

import type { Writer } from '../domain/command.ts';
import { FailureError } from '../failure/failure.ts';
import type { Commit } from '../store/commit.ts';
import type { Store } from '../store/port.ts';

/** How long a write waits for the past. What is not found by then stays untold. */
export const PAST_MS = 100;

/**
 * Whether an operation at `path` wrote what stands at `pointer`: the place itself, one inside it, or one that holds it.
 */
export function wrote(path: string, pointer: string): boolean {
  if (path.length === pointer.length) return path === pointer;
  return path.length > pointer.length ? path.startsWith(`${pointer}/`) : pointer.startsWith(`${path}/`);
}

export function writerOf({ by, at }: Pick<Commit, 'by' | 'at'>): Writer {
  return { by: by.agent ?? by.session ?? by.user, at };
}

/**
 * The last writers of places of a stream, by pointer, as the log has them when it is asked. Reads the stream's events
 * backwards, until all are found or `signal` says that it takes too long: then with what it has found.
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
    // Who wrote is told beside an answer: what cannot be read now must not keep the write from being made.
    if (!(error instanceof FailureError)) throw error;
  }
  return found;
}
