// Waits within a call until something has changed, so that clients need not poll. A change only triggers a new look.

import type { Services } from '../../app/services.ts';
import { MAX_TIMER_MS } from '../../config/limits.ts';
import type { Documents } from '../../documents/documents.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Call } from '../define.ts';

/** The shortest pause between two looks, in ms, even if the store is busy. */
const PAUSE_MS = 10;

/** Time reserved before a call's deadline for making the answer. */
const ANSWER_MS = 1_000;

/**
 * The result of one look: the answer, or the answer if the wait ends now with the time of the next look at the latest.
 */
export type Look<T> = { done: T } | { sofar: T; lookAt?: number | undefined };

/**
 * Looks again after every commit until a look is done or `waitS` seconds have passed; then answers the last look's
 * result. Fails with the failure of a look, or with `cancelled`.
 */
export async function waitUntil<T>(
  call: Call<Services>,
  waitS: number,
  look: () => Promise<Result<Look<T>>>,
): Promise<Result<T>> {
  const { documents } = call.services;
  // On the clock that nobody sets, so that the wait ends in time whatever becomes of the other.
  const endsAt = performance.now() + Math.min(waitS * 1_000, call.deadlineAt - Date.now() - ANSWER_MS);
  for (;;) {
    const seq = documents.store.seq();
    const looked = await look();
    if (!looked.ok) return looked;
    if ('done' in looked.value) return ok(looked.value.done);
    if (call.signal.aborted) return fail({ code: 'cancelled' });
    const { sofar, lookAt = Number.POSITIVE_INFINITY } = looked.value;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return ok(sofar);
    await changeAfter(documents, seq, Math.min(leftMs, Math.max(PAUSE_MS, lookAt - Date.now())), call.signal);
  }
}

/**
 * Resolves when a commit after `seq` is known here, after `ms`, or when the signal aborts; never rejects. May resolve
 * without a change. Contract: the caller took `seq` before it looked.
 */
export async function changeAfter(documents: Documents, seq: number, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS));
  signal.addEventListener('abort', end, { once: true });
  const unsubscribe = documents.onChange(end);
  try {
    for await (const _ of documents.store.watch(seq, stop.signal)) break;
  } catch {
    // The next look reports a store that cannot be read.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    unsubscribe();
    stop.abort();
  }
  if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS, ms)));
}
