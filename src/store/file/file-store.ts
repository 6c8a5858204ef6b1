// The file backend: implements the store's port with the log, the documents on disk, the turnstile and the history.
// Opened by store/open.ts.

import { type Failure, FailureError } from '../../failure/failure.ts';
import type { EncodedCommit, Expected, Seen } from '../commit.ts';
import type { FoldedCommit } from '../fold.ts';
import type {
  Appending,
  CommitListener,
  Durability,
  PastEvent,
  Recorded,
  Snapshot,
  Store,
  StoreInfo,
  Upkeep,
} from '../port.ts';
import { CheckpointWriter } from './caches/checkpoint-writer.ts';
import { DocumentFiles, documentPath, type FileState } from './caches/documents-on-disk.ts';
import { sweepLeftovers } from './caches/leftovers.ts';
import { type Disk, errnoOf, realDisk } from './disk.ts';
import type { FileLog } from './log/log.ts';
import { linked, openLog } from './log/opening.ts';
import { compressSegments, sealSegment } from './log/seal.ts';
import { Turnstile } from './log/turnstile.ts';
import { watchLog } from './log/watch.ts';
import { LogWriter } from './log/writer.ts';
import { History } from './past/history.ts';
import { indexSegments } from './past/index-segments.ts';
import { readBackwards } from './past/read-backwards.ts';
import { inSlices } from './past/slices.ts';
import { segmentPath } from './segments.ts';

/** A segment is sealed once it has grown past this size. */
const SEGMENT_BYTES = 32 * 1024 * 1024;
/** How many events `readBackwards` reads first from compressed segments; four times as many each time after. */
const FIRST_PAST_EVENTS = 64;

export interface FileStoreOptions {
  dir: string;
  disk?: Disk;
  durability?: Durability;
  forceNetworkFs?: boolean;
  segmentBytes?: number;
  /** Keeps two processes from maintaining the store at once. Without it nothing does, which costs time only. */
  exclusively?: (dir: string, work: () => Promise<void>) => Promise<boolean>;
  onCommits: CommitListener;
}

export class FileStore implements Store {
  readonly upkeep: Upkeep;
  readonly log: FileLog;
  readonly files: DocumentFiles;
  private readonly dir: string;
  private readonly disk: Disk;
  private readonly durability: Durability;
  private readonly turnstile: Turnstile;
  private readonly writer: LogWriter;
  /** A round of maintenance is under way: a sync waits for its files, so commits are synced on a thread. */
  private maintaining = false;
  private history: History | undefined;
  /** Streams that may have changed since this process last wrote their document. */
  private readonly touched = new Set<string>();

  /** Throws FailureError: store-unwritable, store-unsafe, store-damaged (no first segment). */
  constructor(options: FileStoreOptions) {
    this.dir = options.dir;
    this.disk = options.disk ?? realDisk;
    this.durability = options.durability ?? 'fsync';
    this.files = new DocumentFiles(this.disk, this.dir);
    this.turnstile = new Turnstile(this.disk, `${this.dir}/log/turnstile`);
    this.log = openLog({
      disk: this.disk,
      dir: this.dir,
      durability: this.durability,
      forceNetworkFs: options.forceNetworkFs ?? false,
      onCommits: (commits, own) => {
        for (const { commit } of commits)
          for (const { stream } of commit.events) if (!stream.startsWith('request/')) this.touched.add(stream);
        options.onCommits(commits, own);
      },
    });
    this.writer = new LogWriter(this.disk, this.log);
    this.upkeep = this.makeUpkeep(options);
  }

  info(): StoreInfo {
    const info: StoreInfo = { kind: 'file', place: this.dir, durability: this.durability };
    if (this.log.stopped !== undefined) info.stopped = this.log.stopped;
    return info;
  }

  seq(): number {
    return this.log.fold.seq;
  }

  expected(stream: string): Expected {
    return this.log.fold.expected(stream);
  }

  lastSeq(stream: string): number {
    return this.log.fold.heads.get(stream)?.seq ?? 0;
  }

  streams(prefix: string): string[] {
    return this.log.fold.heads.named(prefix);
  }

  streamCounts(): ReadonlyMap<string, number> {
    return this.log.fold.heads.counts();
  }

  seen(): Seen {
    return this.log.keeper.seen();
  }

  refresh(): void {
    this.readable(() => this.log.refresh());
  }

  append(batch: readonly EncodedCommit[]): Appending {
    const outcomes = this.readable(() => this.writer.write(batch));
    const won = outcomes.some((outcome) => outcome.kind === 'won');
    const alone = batch.length === 1 && this.writer.isCalm && !this.maintaining;
    const durable = won ? this.log.keeper.flushWrite(alone) : undefined;
    return { outcomes, durable: durable ?? Promise.resolve() };
  }

  flush(): Promise<void> | undefined {
    return this.log.keeper.flush();
  }

  busy(): Promise<void> | undefined {
    return this.log.keeper.busy();
  }

  takeTurn(urgent: boolean): Promise<() => void> | undefined {
    if (urgent) return this.turnstile.take();
    return this.turnstile.pass()?.then(() => () => undefined);
  }

  read(stream: string, fromVersion: number): Recorded[] {
    const head = this.log.fold.heads.get(stream);
    return head === undefined ? [] : this.readable(() => this.openHistory().read(stream, fromVersion, head));
  }

  async readPast(stream: string, fromVersion: number, signal?: AbortSignal): Promise<Recorded[]> {
    const head = this.log.fold.heads.get(stream);
    if (head === undefined) return [];
    // Copy the head, because the fold changes it while the slices run.
    return this.openHistory()
      .readSliced(stream, fromVersion, { ...head }, signal)
      .catch((error) => this.unreadable(error));
  }

  async readBackwards(stream: string, visit: (event: PastEvent) => boolean, signal?: AbortSignal): Promise<void> {
    const head = this.log.fold.heads.get(stream);
    if (head === undefined) return;
    const place = { disk: this.disk, logDir: `${this.dir}/log` };
    let left = await inSlices(readBackwards(place, stream, { ...head }, visit), signal).catch((error) =>
      this.unreadable(error),
    );
    // The rest is in compressed segments: read it by index, in growing parts.
    for (let count = FIRST_PAST_EVENTS; left > 0; count *= 4) {
      const from = Math.max(1, left - count + 1);
      const events = await this.readPast(stream, from, signal);
      for (const event of events.slice(0, left - from + 1).reverse()) if (!visit(event)) return;
      left = from - 1;
    }
  }

  async readAll(afterSeq: number, limit: number, signal?: AbortSignal): Promise<FoldedCommit[]> {
    this.refresh();
    // Nothing beyond the fold, because `flush` makes durable only what is folded.
    return this.openHistory()
      .commits(afterSeq, this.log.fold.seq, limit, signal)
      .catch((error) => this.unreadable(error));
  }

  async seqAtTime(ms: number, signal?: AbortSignal): Promise<number> {
    return this.openHistory()
      .seqAtTime(ms, this.log.fold.seq, signal)
      .catch((error) => this.unreadable(error));
  }

  private openHistory(): History {
    const { fold } = this.log;
    this.history ??= new History(this.disk, `${this.dir}/log`, () => [fold.seq, fold.chain]);
    return this.history;
  }

  async *watch(afterSeq: number, signal: AbortSignal): AsyncIterable<number> {
    let last = afterSeq;
    let wake: () => void = () => undefined;
    // End the watch also when the consumer leaves its loop without aborting the signal.
    const own = new AbortController();
    const ended = AbortSignal.any([signal, own.signal]);
    watchLog(`${this.dir}/log`, ended, () => wake());
    ended.addEventListener('abort', () => wake());
    try {
      while (!signal.aborted) {
        this.refresh();
        if (this.log.fold.seq > last) {
          last = this.log.fold.seq;
          yield last;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      own.abort();
    }
  }

  getSnapshot(stream: string): Snapshot | undefined {
    const state = this.fileState(stream);
    return state.kind === 'sound' ? state.snapshot : undefined;
  }

  /** The state of a stream's readable document: sound, absent or edited by hand. */
  fileState(stream: string): FileState {
    return this.files.read(stream);
  }

  async putSnapshot(snapshot: Snapshot): Promise<void> {
    const { stream, seq, head } = snapshot;
    await this.files.write(snapshot, this.durability === 'fsync', (before) => {
      this.checkPlace();
      if (before.kind !== 'sound') return false;
      if (before.snapshot.seq > this.log.fold.seq) this.refuseNewer(before.snapshot);
      return before.snapshot.seq === seq && before.snapshot.head === head;
    });
    if (this.lastSeq(stream) === seq) this.touched.delete(stream);
  }

  /**
   * Called if the document on disk has a later seq than the fold, also after a refresh. A document is written only once
   * its commit is durable, so the log has lost that commit: stop writing. Without syncs (`none`) that can happen, and
   * the document is set aside.
   */
  private refuseNewer({ stream, seq }: Snapshot): void {
    this.refresh();
    if (seq <= this.log.fold.seq || this.log.stopped !== undefined) return;
    const { log, dir } = this;
    if (this.durability === 'fsync') {
      const why = `the document of ${stream} knows commit ${seq}, and the log ends at ${log.fold.seq}`;
      log.stop({ code: 'store-damaged', file: segmentPath(`${dir}/log`, log.segment), offset: log.offset, why });
      throw new FailureError({
        code: 'store-damaged',
        file: segmentPath(`${dir}/log`, log.segment),
        offset: log.offset,
        why,
      });
    }
    this.files.setAsideNewer(stream);
  }

  async close(): Promise<void> {
    try {
      await this.log.keeper.flush();
    } catch (error) {
      // Ignore a failed sync: its callers got that failure as their answer, and an exit must not throw it again.
      if (!(error instanceof FailureError)) throw error;
    } finally {
      this.log.close();
    }
  }

  private makeUpkeep(options: FileStoreOptions): Upkeep {
    const { disk, dir, log, files } = this;
    const durable = this.durability === 'fsync';
    const checkpoint = new CheckpointWriter(disk, dir, log);
    const isFull = () => log.offset >= (options.segmentBytes ?? SEGMENT_BYTES);
    return {
      exclusively: async (work) => {
        const maintain = async (): Promise<void> => {
          this.maintaining = true;
          await work().finally(() => {
            this.maintaining = false;
          });
        };
        if (options.exclusively !== undefined) return options.exclusively(dir, maintain);
        await maintain();
        return true;
      },
      mark: async () => {
        log.heedMarker();
        this.checkPlace();
        const prepared = await checkpoint.prepare();
        const check = () => {
          this.checkPlace();
          return log.stopped === undefined;
        };
        return {
          save: async () => {
            if (!check()) return;
            await files.syncFolders();
            if (prepared !== undefined) await checkpoint.save(prepared, durable, check);
          },
        };
      },
      dirty: async () => this.changedSince((await checkpoint.known())?.seq ?? 0),
      isFull,
      seal: async () => {
        if (!isFull()) return false;
        this.checkPlace();
        return sealSegment(disk, log, this.writer, () => this.turnstile.take()).catch((error) =>
          this.unreadable(error),
        );
      },
      index: () =>
        this.countOrNone(() => indexSegments(disk, `${dir}/log`, log.segment, (seq) => log.fold.chainAt(seq))),
      sweep: () => this.countOrNone(() => inSlices(sweepLeftovers(disk, dir))),
      compress: () =>
        this.countOrNone(async () =>
          compressSegments(disk, `${dir}/log`, log.segment, (await checkpoint.known())?.segment),
        ),
    };
  }

  /** The streams touched since their documents were written here, but those that another process has written. */
  private *changedSince(seq: number): Iterable<string> {
    for (const stream of [...this.touched]) {
      if (this.lastSeq(stream) > seq && documentPath(stream) !== undefined) yield stream;
      else this.touched.delete(stream);
    }
  }

  /**
   * Throws FailureError `store-moved` if the store's names lead to another store, to which no cache may be written, and
   * `store-unsafe` for a planted link of which no call tells: presence keeps silent.
   */
  private checkPlace(): void {
    for (const name of ['log', 'alive'])
      if (this.disk.stat(`${this.dir}/${name}`)?.isSymbolicLink)
        throw new FailureError(linked(`${name} in it is a symbolic link`));
    if (this.log.fd >= 0) this.log.checkStillOurs();
  }

  /**
   * The count, or 0 on a file error: another process may maintain the same files, and the next round does what is
   * missing.
   */
  private async countOrNone(work: () => Promise<number>): Promise<number> {
    try {
      this.checkPlace();
      return await work();
    } catch (error) {
      if (errnoOf(error) === undefined) return this.unreadable(error);
      return 0;
    }
  }

  private readable<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      return this.unreadable(error);
    }
  }

  /**
   * The one place that every reader's trouble passes: damage in the log stops all writing, and a file error becomes
   * FailureError `store-unwritable`, or it would look like a bug.
   */
  private unreadable(error: unknown): never {
    if (error instanceof FailureError) this.note(error.failure);
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new FailureError(unreadableBecause(errno));
  }

  note(fault: Failure): void {
    if (fault.code === 'store-damaged' && fault.file.startsWith(`${this.dir}/log/`)) this.log.condemn(fault);
  }
}

function unreadableBecause(errno: string): Failure {
  if (errno === 'ELOOP') return linked('a file of its log is a symbolic link');
  return { code: 'store-unwritable', why: `the log cannot be read or followed now (${errno})` };
}
