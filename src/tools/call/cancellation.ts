// The wish to stop a call: the caller's, or its deadline's. Made for every call, so the signal is made only for who
// looks.

export class Cancellation {
  /** The caller wants no answer any more. */
  byCaller = false;
  private stopped = false;
  private controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.stopped) this.controller.abort();
    return this.controller.signal;
  }

  cancel(): void {
    this.byCaller = true;
    this.stop();
  }

  stop(): void {
    this.stopped = true;
    this.controller?.abort();
  }
}
