// The cancellation of a call by its caller or its deadline. Made for every call, so its AbortSignal is created only if
// used. Used by call.ts, mcp/routing.ts and cli/tool-command.ts.

export class Cancellation {
  /** True if the caller wants no answer any more. */
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
