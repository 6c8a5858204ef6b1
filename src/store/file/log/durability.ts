// Tracks the last place that this process knows to be durable, and makes later places durable. One fdatasync runs at a
// time and covers only the lines folded before it was called; callers that come meanwhile share the next one. Used by
// log.ts.

import { FailureError } from '../../../failure/failure.ts';
import type { Seen } from '../../commit.ts';
import type { Durability } from '../../port.ts';
import type { Disk } from '../disk.ts';

interface Sync {
  /** The place that is durable once `done` resolves. */
  to: Seen;
  done: Promise<void>;
}

/** A sync in place that takes longer than this holds up the process: the next ones run on a thread. */
const SLOW_SYNC_MS = 5;
const SYNCS_ON_THREAD = 100;

export interface DurabilityParts {
  disk: Disk;
  mode: Durability;
  /**
   * The log's present descriptor. Every sync uses this one long-lived descriptor, because the kernel reports a write
   * error only once per descriptor.
   */
  fd(): number;
  /** The place up to which the log is folded. */
  folded(): Seen;
  /** Called once, when an fdatasync fails: the log must become read-only, in this process and for later openers. */
  onFailure(error: unknown): void;
}

export class DurabilityKeeper {
  private known: Seen;
  private current: Sync | undefined;
  private next: Promise<void> | undefined;
  private failed: FailureError | undefined;
  private closed = false;
  /** So many syncs run on a thread, because one in place took long. */
  private slowFor = 0;
  private readonly parts: DurabilityParts;

  constructor(parts: DurabilityParts, known: Seen) {
    this.parts = parts;
    this.known = known;
  }

  /** The last place known to be durable, for the `seen` of a commit. */
  seen(): Seen {
    // Without syncs no place is known to be durable: if power loss took back a place named in a `seen`, readers would
    // report damage.
    return this.parts.mode === 'none' ? [0, ''] : this.known;
  }

  /** Stops all syncing: the descriptor is about to be closed, and its number may become another file's. */
  close(): void {
    this.closed = true;
  }

  /** Settles when the running fdatasync ends; undefined if none runs. Its descriptor must not be closed before. */
  busy(): Promise<void> | undefined {
    return this.current?.done;
  }

  /**
   * Resolves once all lines folded now are durable; undefined if they are already. Rejects with FailureError
   * `outcome-unknown` if a sync failed, `read-only` if the store is closed.
   */
  flush(): Promise<void> | undefined {
    if (this.parts.mode === 'none') return undefined;
    const [seq] = this.parts.folded();
    if (seq <= this.known[0]) return undefined;
    if (this.failed !== undefined) return Promise.reject(this.failed);
    // The present segment is a compressed one, which was synced before it got its name.
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

  /**
   * As `flush`, after a write. `alone`: one commit, by a process that nobody else writes beside: it is synced in place
   * while syncs are brief, because the way over a thread and back costs more than such a sync, and no other call of
   * this process waits meanwhile.
   */
  flushWrite(alone: boolean): Promise<void> | undefined {
    const isSlow = this.slowFor > 0;
    if (isSlow) this.slowFor -= 1;
    if (isSlow || !alone || this.current !== undefined || this.closed || this.parts.fd() < 0) return this.flush();
    const startedAt = performance.now();
    try {
      this.flushNow();
    } catch (error) {
      return Promise.reject(error);
    }
    if (performance.now() - startedAt > SLOW_SYNC_MS) this.slowFor = SYNCS_ON_THREAD;
    return undefined;
  }

  /** As `flush`, but blocking: for opening, sealing and following a seal. Throws FailureError `outcome-unknown`. */
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
   * Starts a sync right after a write, before its read-back, so that disk and processor work at the same time. Call the
   * returned function in the same tick, after the read-back: it marks all lines folded by then as covered by this sync.
   * Undefined if a sync is already running, or none is possible or needed, or the commit is synced in place.
   */
  startEarly(): (() => void) | undefined {
    if (this.parts.mode === 'none' || this.current !== undefined || this.slowFor === 0) return undefined;
    if (this.failed !== undefined || this.closed || this.parts.fd() < 0) return undefined;
    const sync = this.begin(this.known);
    // Nobody awaits this sync if the write lost; `fail` remembers its failure all the same.
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
    // Never retry: after an error the kernel marks the pages clean, so a second fdatasync would succeed without writing
    // them.
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
