// Who last wrote a place, for what a write answers about the value it replaced: the one rule, and the search by it in the
// log, for what was written before this process opened the store. provenance.ts keeps the same rule for what came since.

import type { Writer } from '../domain/command.ts';
import { FailureError } from '../failure.ts';
import type { Commit } from '../store/commit.ts';
import type { Store } from '../store/port.ts';

/** How long a write waits for the past. What is not found by then stays untold. */
export const PAST_MS = 100;
/** So many of a stream's newest events are read first, then four times as many, and so on: mostly the place was written lately. */
const FIRST_EVENTS = 64;

/** A writer, and the seq of its commit. */
export interface Written extends Writer {
  seq: number;
}

/** Whether an operation at `path` wrote what stands at `pointer`: the place itself, one inside it, or one that holds it. */
export function wrote(path: string, pointer: string): boolean {
  if (path.length === pointer.length) return path === pointer;
  return path.length > pointer.length ? path.startsWith(`${pointer}/`) : pointer.startsWith(`${path}/`);
}

export function writerOf({ by, at }: Pick<Commit, 'by' | 'at'>): Writer {
  return { by: by.agent ?? by.session ?? by.user, at };
}

/**
 * The last writers of places of a stream, by pointer, as the log has them when it is asked. Reads the stream's events
 * backwards, until all are found or `signal` says that it took too long; then with what it found.
 */
export async function findWriters(
  store: Store,
  stream: string,
  pointers: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, Written>> {
  const found = new Map<string, Written>();
  const newest = store.expected(stream)[0];
  let unread = newest;
  for (let count = FIRST_EVENTS; unread > 0 && found.size < pointers.size; count *= 4) {
    const from = Math.max(1, newest - count + 1);
    const events = await readOrNone(store, stream, from, signal);
    if (events === undefined) break;
    for (const event of events.slice(0, unread - from + 1).reverse()) {
      const paths = event.patch.map(({ path }) => path);
      for (const pointer of pointers) {
        if (found.has(pointer) || !paths.some((path) => wrote(path, pointer))) continue;
        found.set(pointer, { ...writerOf(event), seq: event.seq });
      }
    }
    unread = from - 1;
  }
  return found;
}

/** Who wrote is told beside an answer: what cannot be read now must not keep the write from being made. */
async function readOrNone(store: Store, stream: string, from: number, signal: AbortSignal) {
  try {
    return await store.readPast(stream, from, signal);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}
