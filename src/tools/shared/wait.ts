// Waiting within a call until something has changed, so that nobody polls. A hint wakes it; truth is looked up anew.

import type { Services } from '../../app/services.ts';
import { MAX_TIMER_MS } from '../../config/limits.ts';
import type { Documents } from '../../documents/documents.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Call } from '../define.ts';

/** A busy store wakes a waiter no more often than this. */
const PAUSE_MS = 10;

/** Kept back from a call's deadline, so that an answer is still made in time. */
const ANSWER_MS = 1_000;

/**
 * What one look came to: the answer, or what to answer if nothing comes of waiting, and when to look again at the
 * latest.
 */
export type Look<T> = { done: T } | { sofar: T; lookAt?: number | undefined };

/**
 * Looks, and looks again after every commit, until a look is done or `waitS` has passed; then answers with what the
 * last look saw. Fails with a failure of a look, or with `cancelled`.
 */
export async function waitUntil<T>(
  call: Call<Services>,
  waitS: number,
  look: () => Promise<Result<Look<T>>>,
): Promise<Result<T>> {
  const { documents } = call.services;
  const endsAt = Math.min(Date.now() + waitS * 1_000, call.deadlineAt - ANSWER_MS);
  for (;;) {
    const seq = documents.store.seq();
    const looked = await look();
    if (!looked.ok) return looked;
    if ('done' in looked.value) return ok(looked.value.done);
    if (call.signal.aborted) return fail({ code: 'cancelled' });
    const { sofar, lookAt = Number.POSITIVE_INFINITY } = looked.value;
    const leftMs = endsAt - Date.now();
    if (leftMs <= 0) return ok(sofar);
    await changeAfter(documents, seq, Math.min(leftMs, Math.max(PAUSE_MS, lookAt - Date.now())), call.signal);
  }
}

/**
 * Resolves when a commit after `seq` is known here, after `ms`, or when the signal aborts; never rejects. May wake for
 * nothing. Contract: what was looked at before was looked at after `seq` was taken.
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
    // A store that cannot be read is reported by the look that follows.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    unsubscribe();
    stop.abort();
  }
  if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS, ms)));
}
