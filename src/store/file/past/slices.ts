// Long work as a generator that yields wherever it may be interrupted: run at once where nothing may come between, or
// in slices that let other calls through. Used by history.ts and by maintenance.

import { FailureError } from '../../../failure/failure.ts';

/** How long the event loop is held at most, but for a single step that takes longer. */
const SLICE_MS = 10;

export type Steps<T> = Generator<void, T>;

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Rejects with FailureError `deadline-exceeded` once the signal is aborted. */
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
