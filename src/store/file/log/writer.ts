// The writing side of the log: appends whole lines in one write, and reads back which of them won. Everything from the
// tail to the read-back happens in one synchronous tick. Used by file-store.ts, opening.ts and seal.ts.

import { FailureError } from '../../../failure/failure.ts';
import type { EncodedCommit } from '../../commit.ts';
import { HeadsAfter } from '../../heads.ts';
import type { Outcome } from '../../port.ts';
import { type Disk, errnoOf, writeFailure } from '../disk.ts';
import type { FileLog } from './log.ts';
import { unknownBecause } from './own-lines.ts';

/**
 * After this many writes in a row without another writer's lines in between, skip the look before the write, and start
 * the sync before the read-back.
 */
const CALM_WRITES = 8;
const READ_BACK_BYTES = 64 * 1024;

export class LogWriter {
  private readonly disk: Disk;
  private readonly log: FileLog;
  private readonly readBack = Buffer.allocUnsafe(READ_BACK_BYTES);
  /** Writes in a row without another writer's lines in between. */
  private calm = 0;

  constructor(disk: Disk, log: FileLog) {
    this.disk = disk;
    this.log = log;
  }

  /** Nobody has come between the last writes. */
  get isCalm(): boolean {
    return this.calm >= CALM_WRITES;
  }

  /**
   * Appends commits in one write and returns their outcomes, in order. Contract: `tail` was called in this tick. Throws
   * FailureError if the log is stopped, or `store-moved` if its file no longer is the one with its name.
   */
  write(batch: readonly EncodedCommit[]): Outcome[] {
    const { log } = this;
    if (log.stopped !== undefined) throw new FailureError(log.stopped);
    if (this.isCalm) return this.writeLines(batch, true);
    // With other writers about, look once more: a commit that has lost already is then never written, while every
    // process would have to read its void line.
    const before = log.fold.seq;
    log.tail();
    if (log.stopped !== undefined) throw new FailureError(log.stopped);
    if (log.fold.seq === before) return this.writeLines(batch, true);
    return this.writeSound(batch);
  }

  /** Writes the commits of a batch that can still become valid; the others are lost, without being written. */
  private writeSound(batch: readonly EncodedCommit[]): Outcome[] {
    const heads = new HeadsAfter((stream) => this.log.fold.expected(stream));
    const sound: EncodedCommit[] = [];
    for (const encoded of batch) {
      if (!heads.met(encoded)) continue;
      heads.add(encoded);
      sound.push(encoded);
    }
    const written = sound.length === 0 ? [] : this.writeLines(sound, false);
    const outcomes = new Map(sound.map((encoded, index) => [encoded, written[index]]));
    return batch.map((encoded) => outcomes.get(encoded) ?? { kind: 'lost' });
  }

  /** `whole`: the batch has every commit that the caller has decided and applied. */
  private writeLines(batch: readonly EncodedCommit[], whole: boolean): Outcome[] {
    const { log } = this;
    // Begin with a newline, which ends any fragment that a dying writer has left, or it would swallow our first line.
    const bytes = Buffer.from(`\n${batch.map((own) => own.line).join('\n')}\n`);
    const start = log.offset;
    const { error, took } = this.writeOnce(bytes);
    const taken = took === bytes.length;
    const found: (Outcome | undefined)[] = batch.map(() => undefined);
    let trouble: unknown;
    let ended = taken;
    try {
      const covered = taken && this.isCalm ? log.keeper.startEarly() : undefined;
      // Check before folding: lines in a file that no longer is the log must not reach a document.
      log.checkStillOurs();
      if (taken && !log.fold.isEnded() && this.readBackEquals(bytes, start)) {
        this.calm += 1;
        const outcomes = log.acceptAll(batch, start, bytes.length, whole);
        covered?.();
        return outcomes;
      }
      this.calm = 0;
      const own = new Map(batch.map((encoded, index) => [encoded.sum, index]));
      log.tail(own, found);
      if (!taken) ended = this.terminate();
      if (!taken && ended) log.tail(own, found);
    } catch (cause) {
      if (errnoOf(cause) === undefined && !(cause instanceof FailureError)) throw cause;
      if (cause instanceof FailureError && cause.failure.code === 'store-moved') throw cause;
      trouble = cause;
    }
    let written = 0;
    return batch.map((encoded, index) => {
      written += 1 + encoded.sizeBytes;
      const known = found[index];
      if (known !== undefined) return known;
      // The line is not whole in the file, so it will never be valid. One that lacks only its newline is unknown: the
      // next writer's newline may still end it.
      if (took < written) return { kind: 'failed', error: error ?? new Error('nothing was written') };
      // All of it is in the file, which was read to its end, and yet it is no line there: another writer's line stands
      // in the middle of it, so it will never be valid.
      if (trouble === undefined && ended && log.stopped === undefined) return { kind: 'lost' };
      return { kind: 'unknown', why: unknownBecause(trouble, ended) };
    });
  }

  /** Appends a seal line; returns true if it won. Contract: `tail` was called in this tick. */
  writeSeal(line: string): boolean {
    const { log } = this;
    log.checkStillOurs();
    const before = log.sealsFollowed;
    const bytes = Buffer.from(`\n${line}\n`);
    if (this.writeOnce(bytes).took !== bytes.length) this.terminate();
    log.tail();
    return log.sealsFollowed > before;
  }

  /**
   * One write, without a loop of our own. libuv repeats a short write(2) all the same, and another writer's line may
   * stand before the rest: the read-back tells.
   */
  private writeOnce(bytes: Buffer): { took: number; error?: Error } {
    try {
      const took = this.disk.write(this.log.fd, bytes);
      if (took === bytes.length) return { took };
      return { took, error: new FailureError({ code: 'store-full', syscall: 'write', errno: 'short write' }) };
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      return { took: 0, error: new FailureError(writeFailure('write', errno)) };
    }
  }

  private readBackEquals(bytes: Buffer, start: number): boolean {
    const buffer = this.readBack.length > bytes.length ? this.readBack : Buffer.allocUnsafe(bytes.length + 1);
    const count = this.disk.read(this.log.fd, buffer, 0, bytes.length + 1, start);
    return count === bytes.length && buffer.compare(bytes, 0, count, 0, count) === 0;
  }

  /**
   * Ends the fragment of a short write with a newline, so that it becomes a torn line and not the beginning of another.
   */
  private terminate(): boolean {
    try {
      return this.disk.write(this.log.fd, Buffer.from('\n')) === 1;
    } catch {
      return false;
    }
  }
}
