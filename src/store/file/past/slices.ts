// Long work as a generator that yields wherever it may be interrupted. It runs at once where nothing may come between,
// or in slices that let other calls run. Used by history.ts, read-backwards.ts and maintenance.

import { FailureError } from '../../../failure/failure.ts';

/** The longest time that a slice blocks the event loop, unless a single step takes longer. */
const SLICE_MS = 10;

export type Steps<T> = Generator<void, T>;

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Runs the steps in slices of SLICE_MS. Rejects with FailureError `deadline-exceeded` if the signal is aborted at the
 * end of a slice.
 */
export async function inSlices<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  const startedAt = performance.now();
  for (let endsAt = startedAt + SLICE_MS; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < endsAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    endsAt = performance.now() + SLICE_MS;
    if (signal?.aborted) {
      const afterMs = Math.round(performance.now() - startedAt);
      throw new FailureError({ code: 'deadline-exceeded', what: 'reading the log', afterMs });
    }
  }
}
