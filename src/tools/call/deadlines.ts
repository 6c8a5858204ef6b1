// The deadlines of all calls under way, checked by one timer: a timer per call costs more than checking them now and
// then. Made by mcp/server.ts and cli/tool-command.ts, used by call.ts.

const LOOK_EVERY_MS = 50;

/** Fires within 50 ms after `at`, on `performance.now()`'s clock, unless removed before. `fire` may set a new `at`. */
export interface Deadline {
  at: number;
  fire(): void;
}

export class Deadlines {
  private readonly under = new Set<Deadline>();
  private timer: NodeJS.Timeout | undefined;

  add(deadline: Deadline): void {
    this.under.add(deadline);
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  remove(deadline: Deadline): void {
    this.under.delete(deadline);
  }

  private look(): void {
    const now = performance.now();
    for (const deadline of this.under) {
      if (now < deadline.at) continue;
      deadline.at = Number.POSITIVE_INFINITY;
      deadline.fire();
    }
    if (this.under.size > 0) return;
    // No timer without calls, so that an idle process sleeps and a command ends.
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
