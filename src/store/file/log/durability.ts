// What this process knows to be durable, and making more of it so. One fdatasync is under way at a time; whoever asks
// meanwhile shares the next one. An fdatasync covers only what was folded before it was called.

import { FailureError } from '../../../failure/failure.ts';
import type { Seen } from '../../commit.ts';
import type { Durability } from '../../port.ts';
import type { Disk } from '../disk.ts';

interface Sync {
  /** What is known to be durable once it is done. */
  to: Seen;
  done: Promise<void>;
}

export interface DurabilityParts {
  disk: Disk;
  mode: Durability;
  /** The log's descriptor now: always the one long-lived one, since an error is reported once per descriptor. */
  fd(): number;
  /** The place folded so far. */
  folded(): Seen;
  /** Called once if an fdatasync fails: the log must become read-only, here and for who opens it later. */
  onFailure(error: unknown): void;
}

export class DurabilityKeeper {
  private known: Seen;
  private current: Sync | undefined;
  private next: Promise<void> | undefined;
  private failed: FailureError | undefined;
  private closed = false;
  private readonly parts: DurabilityParts;

  constructor(parts: DurabilityParts, known: Seen) {
    this.parts = parts;
    this.known = known;
  }

  /** The last place known to be durable: what a commit's `seen` may name. */
  seen(): Seen {
    // Without syncing nothing is known: a place that power loss took back would look like damage to whoever reads it.
    return this.parts.mode === 'none' ? [0, ''] : this.known;
  }

  /** Nothing is made durable after this: the descriptor is gone, and its number may be another file's. */
  close(): void {
    this.closed = true;
  }

  /** True while an fdatasync runs: its descriptor must not be closed. */
  busy(): Promise<void> | undefined {
    return this.current?.done;
  }

  /** Resolves once all that is folded now is durable; undefined if it already is. Rejects with `outcome-unknown`. */
  flush(): Promise<void> | undefined {
    if (this.parts.mode === 'none') return undefined;
    const [seq] = this.parts.folded();
    if (seq <= this.known[0]) return undefined;
    if (this.failed !== undefined) return Promise.reject(this.failed);
    // A compressed segment is durable as it stands.
    if (this.parts.fd() < 0 && !this.closed) return undefined;
    if (this.closed) return Promise.reject(new FailureError({ code: 'read-only', why: 'the store is closed' }));
    if (this.current === undefined) return this.start();
    if (this.current.to[0] >= seq) return this.current.done;
    this.next ??= this.current.done.then(() => {
      this.next = undefined;
      return this.flush();
    });
    return this.next;
  }

  /** The same, at once and blocking: for opening, sealing and following a seal. */
  flushNow(): void {
    if (this.parts.mode === 'none') return;
    if (this.failed !== undefined) throw this.failed;
    const folded = this.parts.folded();
    try {
      this.parts.disk.fdatasyncNow(this.parts.fd());
    } catch (error) {
      throw this.fail(error);
    }
    this.advance(folded);
  }

  /**
   * Starts a sync right after a write, before its read-back, so that disk and processor work at the same time. The
   * returned function, called in the same tick, says that all that is folded by then was written before the sync began.
   * Undefined where a sync is under way already, or none is needed.
   */
  startEarly(): (() => void) | undefined {
    if (this.parts.mode === 'none' || this.current !== undefined) return undefined;
    if (this.failed !== undefined || this.closed || this.parts.fd() < 0) return undefined;
    const sync = this.begin(this.known);
    // If the write was in vain nobody waits for this sync; its failure is remembered all the same.
    sync.done.catch(() => undefined);
    return () => {
      sync.to = this.parts.folded();
    };
  }

  private start(): Promise<void> {
    return this.begin(this.parts.folded()).done;
  }

  private begin(to: Seen): Sync {
    const sync: Sync = { to, done: Promise.resolve() };
    sync.done = this.parts.disk.fdatasync(this.parts.fd()).then(
      () => {
        this.current = undefined;
        this.advance(sync.to);
      },
      (error) => {
        this.current = undefined;
        throw this.fail(error);
      },
    );
    this.current = sync;
    return sync;
  }

  private advance(to: Seen): void {
    if (to[0] > this.known[0]) this.known = to;
  }

  private fail(error: unknown): FailureError {
    // Never retried: after an error the kernel marks the pages clean, so a second fdatasync that succeeds proves
    // nothing.
    if (this.failed === undefined) {
      const why = error instanceof Error ? error.message : String(error);
      this.failed = new FailureError({
        code: 'outcome-unknown',
        why: `the disk reported an error while saving (${why})`,
      });
      this.parts.onFailure(error);
    }
    return this.failed;
  }
}
