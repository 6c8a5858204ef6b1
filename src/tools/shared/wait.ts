// Waiting within a call until something has changed, so that nobody polls. A hint wakes it; truth is looked up anew.

import type { Documents } from '../../documents/documents.ts';

/** A busy store wakes a waiter no more often than this. */
const PAUSE_MS = 10;

/**
 * Resolves when a commit after `seq` is known here, after `ms`, or when the signal aborts; never rejects. May wake for
 * nothing. Contract: what was looked at before was looked at after `seq` was taken.
 */
export async function changeAfter(documents: Documents, seq: number, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
  signal.addEventListener('abort', end, { once: true });
  const unsubscribe = documents.onChange(end);
  try {
    for await (const _ of documents.store.watch(seq, stop.signal)) break;
  } catch {
    // A store that cannot be read is reported by the look that follows.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    unsubscribe();
    stop.abort();
  }
  if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS, ms)));
}
