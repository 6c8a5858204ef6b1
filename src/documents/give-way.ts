// Long work that a look at the documents meets, such as the first use of an index: the look is left, the work is done
// in slices while other calls are answered, and the look begins anew. Used by documents.ts for its reads, by groups.ts
// and by indexes of views.

/** How long the work holds up other calls. */
const SLICE_MS = 5;
/** How often a look is left before the rest is done within it: commits may bring work faster than it is done. */
const MOST_TIMES = 3;
/** Less work than this many documents is done within the look. */
export const AT_ONCE = 200;

/** Work that yields wherever it may be interrupted. What is left of it may be done by others meanwhile. */
export type Work = Generator<void, void>;

/** Thrown to leave a look; only `patiently` catches it. */
class LeavesLook extends Error {
  readonly work: Work;

  constructor(work: Work) {
    super('the look begins anew after some work');
    this.name = 'LeavesLook';
    this.work = work;
  }
}

/** Does the work: in slices, after which the look begins anew, if it is long and the look can be left. */
export function doWork(work: Work, isLong: boolean, view: { readonly patient: boolean }): void {
  if (isLong && view.patient) throw new LeavesLook(work);
  for (const _ of work);
}

/** Calls `look` until it is not left. It is told whether it can be. */
export async function patiently<T>(look: (patient: boolean) => T | Promise<T>): Promise<T> {
  for (let times = 0; ; times += 1) {
    try {
      return await look(times < MOST_TIMES);
    } catch (error) {
      if (!(error instanceof LeavesLook)) throw error;
      await inSlices(error.work);
    }
  }
}

async function inSlices(work: Work): Promise<void> {
  let pausesAt = performance.now() + SLICE_MS;
  for (const _ of work) {
    if (performance.now() < pausesAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    pausesAt = performance.now() + SLICE_MS;
  }
}
