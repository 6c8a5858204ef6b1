// Updates readable documents, checkpoint and segments outside of calls: after a pause, after many commits, and on a
// clean exit. Only long-lived processes run it, not hooks or the command line. Started by app/services.ts.

import type { Snapshot, Upkeep } from '../store/port.ts';
import type { Documents } from './documents.ts';

const IDLE_MS = 1_000;
const EVERY_COMMITS = 2_000;
/** How long documents are written before calls are answered again. */
const SLICE_MS = 5;
/** After how many commits since the last round a segment is sealed for its size alone. */
const FULL_AFTER_COMMITS = 20;
/** How long to leave a full segment alone that a round has not sealed: another process may be about to do it. */
const FULL_EVERY_MS = 1_000;
/** How often to remove files that killed processes left: there are few, and finding them walks all folders. */
const SWEEP_EVERY_MS = 3_600_000;

export interface MaintenanceOptions {
  idleMs?: number;
  everyCommits?: number;
  /** Called with errors: maintenance only updates caches, so no call may fail by it. */
  onTrouble(error: unknown): void;
}

export class Maintenance {
  private readonly documents: Documents;
  private readonly options: MaintenanceOptions;
  private readonly unsubscribe: () => void;
  private idle: NodeJS.Timeout | undefined;
  private commits = 0;
  /** The time of the last commit, on `performance.now()`'s clock. */
  private notedAt = 0;
  private running: Promise<void> | undefined;
  private stopped = false;
  private sweepAt = 0;
  private fullAt = 0;

  constructor(documents: Documents, options: MaintenanceOptions) {
    this.documents = documents;
    this.options = options;
    this.unsubscribe = documents.onChange((commits) => this.note(commits.length));
  }

  /** Runs one round, or waits for the one under way. Never rejects. */
  run(): Promise<void> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Stops after a last round, for a clean exit. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    clearTimeout(this.idle);
    await this.running;
    if (this.commits > 0) await this.run();
  }

  private note(commits: number): void {
    this.commits += commits;
    this.notedAt = performance.now();
    if (this.stopped) return;
    if (this.commits >= (this.options.everyCommits ?? EVERY_COMMITS)) void this.run();
    else if (this.commits >= FULL_AFTER_COMMITS && this.notedAt >= this.fullAt && this.isFull()) void this.sealSoon();
    // During a round too: commits that arrive meanwhile are for the next one.
    if (this.idle === undefined) this.wakeIn(this.idleMs);
  }

  private isFull(): boolean {
    return this.documents.store.upkeep?.isFull() === true;
  }

  /** A round because of the segment's size, whatever the pauses between commits. */
  private async sealSoon(): Promise<void> {
    this.fullAt = Number.POSITIVE_INFINITY;
    await this.run();
    this.fullAt = this.isFull() ? performance.now() + FULL_EVERY_MS : 0;
  }

  /**
   * One timer for a row of commits, put off when it fires: to set it anew at each commit cost a tenth of folding one.
   */
  private wakeIn(ms: number): void {
    this.idle = setTimeout(() => {
      this.idle = undefined;
      const left = this.notedAt + this.idleMs - performance.now();
      if (left > 0) this.wakeIn(left);
      else void this.run();
    }, ms).unref();
  }

  private get idleMs(): number {
    return this.options.idleMs ?? IDLE_MS;
  }

  private async round(): Promise<void> {
    const upkeep = this.documents.store.upkeep;
    this.commits = 0;
    if (upkeep === undefined || this.documents.store.info().stopped !== undefined) return;
    try {
      await upkeep.exclusively(() => this.keepUp(upkeep));
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  /**
   * Documents first, then the checkpoint that tells an opener to rely on them; each only once its content is durable.
   */
  private async keepUp(upkeep: Upkeep): Promise<void> {
    const { store } = this.documents;
    const mark = await upkeep.mark();
    let pausesAt = performance.now() + SLICE_MS;
    for (const stream of await upkeep.dirty()) {
      const snapshot = await this.durableSnapshot(stream);
      if (snapshot !== undefined) await store.putSnapshot(snapshot);
      if (performance.now() < pausesAt) continue;
      // Calls are answered between two slices; each document is written as it then is.
      await new Promise((resolve) => setImmediate(resolve));
      // A segment does not wait for thousands of documents, or under steady writing it would not end at its size.
      await upkeep.seal();
      pausesAt = performance.now() + SLICE_MS;
    }
    // Without a changed document nothing has been flushed yet, and the mark must not name lines that are not durable.
    await store.flush();
    await mark.save();
    await upkeep.seal();
    // Not only after a seal: the process that sealed may have died since, and a restored store has no index files.
    await upkeep.index();
    await upkeep.compress();
    if (performance.now() < this.sweepAt) return;
    this.sweepAt = performance.now() + SWEEP_EVERY_MS;
    await upkeep.sweep();
  }

  private async durableSnapshot(stream: string): Promise<Snapshot | undefined> {
    const { store } = this.documents;
    for (;;) {
      const flushing = store.flush();
      if (flushing === undefined) return this.documents.snapshot(stream);
      await flushing;
    }
  }
}
