// The log's file side, reading: tail, fold, follow seals, notice damage. The order of the file is the referee, no lock
// is needed for safety. writer.ts writes to it. Used by file-store.ts.

import { type Failure, FailureError } from '../../../failure/failure.ts';
import { type EncodedCommit, MAX_LINE_BYTES, type RawLine, STORE_FORMAT } from '../../commit.ts';
import type { Fold, FoldedCommit, Place, Verdict } from '../../fold.ts';
import type { CommitListener, Durability, Outcome } from '../../port.ts';
import { type Disk, errnoOf, syncDirectory } from '../disk.ts';
import { eachLine, readCompressed, segmentPath } from '../segments.ts';
import { DurabilityKeeper } from './durability.ts';
import { newerFormat } from './format.ts';
import { noteOwn } from './own-lines.ts';

export interface LogParts {
  disk: Disk;
  logDir: string;
  fold: Fold;
  durability: Durability;
  onCommits: CommitListener;
}

const FIRST_BUFFER_BYTES = 256 * 1024;
/** An unterminated tail longer than any write of ours cannot be one that is still under way. */
const LONGEST_TAIL_BYTES = 2 * MAX_LINE_BYTES;

/** A segment made ready: a descriptor to write to, or the bytes of its compressed form, which nobody writes. */
interface OpenedSegment {
  fd: number;
  ino: number;
  compressed?: Buffer;
}

export class FileLog {
  readonly fold: Fold;
  readonly keeper: DurabilityKeeper;
  /** Why nothing may be written any more; reads of what is sound go on. */
  stopped: Failure | undefined;
  /** Torn lines met, the first hundred: skipped by rule, reported by doctor. */
  readonly torn: Place[] = [];
  /** Void lines met since opening: a measure of contention. */
  voids = 0;
  /** Seals followed since opening. */
  sealsFollowed = 0;
  segment = 0;
  private path = '';
  offset = 0;
  /** -1 while the segment being folded is a compressed one, which nobody writes. */
  fd = -1;
  private ino = 0;
  /** Segments folded since opening, by first seq: any other file in the log is damage. */
  readonly followed = new Set<number>();
  /** The last valid line of this segment: where a checkpoint may stand. */
  lastLine = { end: 0, sum: '' };
  private readonly parts: LogParts;
  private buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);

  constructor(parts: LogParts) {
    this.parts = parts;
    this.fold = parts.fold;
    this.keeper = new DurabilityKeeper(
      {
        disk: parts.disk,
        mode: parts.durability,
        fd: () => this.fd,
        folded: () => [this.fold.seq, this.fold.chain],
        onFailure: (error) => this.poison(error),
      },
      [this.fold.seq, this.fold.chain],
    );
  }

  /** Begins at a segment that is there. */
  begin(segment: number, offset: number, lastSum: string): void {
    const commits: FoldedCommit[] = [];
    this.enter(segment, offset, this.openSegment(segment, 'append'), commits);
    this.lastLine = { end: offset, sum: lastSum };
    if (commits.length > 0) this.parts.onCommits(commits, false);
  }

  /** What a reader calls first: folds what is new, and notices a log that is no longer the one with its name. */
  refresh(): void {
    // One look at the name tells both, and nearly always that there is nothing to do. A seal still has to be followed.
    if (this.fd >= 0 && this.stopped === undefined && !this.fold.isEnded()) {
      const named = this.parts.disk.stat(this.path);
      if (named?.ino === this.ino && named.size === this.offset) return;
      if (named?.ino === this.ino && named.size > this.offset) {
        this.tail();
        return;
      }
    }
    this.tail();
    if (this.fd >= 0 && this.stopped === undefined) this.checkStillOurs();
  }

  /** Folds all that is terminated in the file, and follows seals. Takes no lock. */
  tail(own?: ReadonlyMap<string, number>, outcomes?: (Outcome | undefined)[]): void {
    // What is folded by then is not the store any more, or not all of what it means: no answer may rest on it.
    const why = this.stopped?.code;
    if (this.stopped !== undefined && (why === 'store-newer' || why === 'store-moved'))
      throw new FailureError(this.stopped);
    const commits: FoldedCommit[] = [];
    try {
      while (this.stopped === undefined) {
        if (this.readSome(commits, own, outcomes)) continue;
        if (!this.fold.isEnded()) break;
        this.follow(commits);
      }
    } finally {
      if (commits.length > 0) this.parts.onCommits(commits, false);
    }
  }

  /** Folds one buffer of lines; false when the file held no more than that. */
  private readSome(
    commits: FoldedCommit[],
    own?: ReadonlyMap<string, number>,
    outcomes?: (Outcome | undefined)[],
  ): boolean {
    if (this.fd < 0) return false;
    const count = this.parts.disk.read(this.fd, this.buffer, 0, this.buffer.length, this.offset);
    if (count === 0) return false;
    const base = this.offset;
    const bytes = this.buffer.subarray(0, count);
    const consumed = eachLine(bytes, 0, (line, at) => this.consume(line, base + at, commits, own, outcomes));
    this.offset = base + consumed;
    if (consumed > 0) {
      // One large line must not cost its memory for ever.
      const filled = count === this.buffer.length;
      if (!filled && count > FIRST_BUFFER_BYTES) this.buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
      return filled;
    }
    if (count < this.buffer.length) return false;
    if (count > LONGEST_TAIL_BYTES) {
      this.damaged(this.offset, `${count} bytes without the end of a line: no write of Baton is that long`);
      return false;
    }
    this.buffer = Buffer.allocUnsafe(this.buffer.length * 2);
    return true;
  }

  private consume(
    line: RawLine,
    offset: number,
    commits: FoldedCommit[],
    own?: ReadonlyMap<string, number>,
    outcomes?: (Outcome | undefined)[],
  ): boolean {
    const place = { segment: this.segment, offset };
    let verdict = this.fold.offer(line, place);
    if (verdict.kind === 'damage') verdict = this.reread(line, place, verdict);
    noteOwn(line, verdict, own, outcomes);
    switch (verdict.kind) {
      case 'valid':
        commits.push(verdict.folded);
        this.lastLine = { end: offset + line.length + 1, sum: verdict.folded.sum };
        return this.knowsFormat(verdict.folded);
      case 'torn':
        if (this.torn.length < 100) this.torn.push(place);
        return true;
      case 'void':
        this.voids += 1;
        return true;
      case 'damage':
        this.damaged(offset, verdict.why);
        return false;
      case 'seal':
        return true;
    }
  }

  /** A store of a newer format is refused, never guessed at. */
  private knowsFormat(folded: FoldedCommit): boolean {
    const found = newerFormat(folded);
    if (found !== undefined) this.stop({ code: 'store-newer', what: 'the store', found, known: STORE_FORMAT });
    return found === undefined;
  }

  /**
   * A page under writeback can be read half-old on some systems: what looks like damage is read twice before it counts.
   */
  private reread(line: RawLine, place: { segment: number; offset: number }, first: Verdict): Verdict {
    if (this.fd < 0) return first;
    const fresh = Buffer.allocUnsafe(line.length);
    const count = this.parts.disk.read(this.fd, fresh, 0, line.length, place.offset);
    // A shorter line would only look torn, and be skipped.
    return count === line.length ? this.fold.offer(fresh, place) : first;
  }

  /**
   * Takes lines just written and read back where we expected them: only their expectations are left to check. `whole`:
   * they are all that was decided.
   */
  acceptAll(batch: readonly EncodedCommit[], start: number, length: number, whole: boolean): Outcome[] {
    const commits: FoldedCommit[] = [];
    const outcomes: Outcome[] = [];
    let offset = start + 1;
    for (const own of batch) {
      if (this.fold.met(own.commit)) {
        const folded = this.fold.acceptOwn(own, { segment: this.segment, offset });
        commits.push(folded);
        outcomes.push({ kind: 'won', seq: folded.seq });
        this.lastLine = { end: offset + own.sizeBytes + 1, sum: own.sum };
      } else {
        this.voids += 1;
        outcomes.push({ kind: 'lost' });
      }
      offset += own.sizeBytes + 1;
    }
    this.offset = start + length;
    this.parts.onCommits(commits, whole && commits.length === batch.length);
    return outcomes;
  }

  /** If the log was replaced, deleted, moved or cut under us, what we write is in no log: notice before any answer. */
  checkStillOurs(): void {
    const { disk } = this.parts;
    const named = disk.stat(this.path);
    if (named?.ino === this.ino && named.size >= this.offset) return;
    // Gone since others sealed and compressed it while we were stopped: our descriptor still holds it, seal and all.
    if (named?.ino !== this.ino && disk.stat(`${this.path}.gz`) !== undefined) return;
    const why = named?.ino === this.ino ? 'the log was cut short' : 'the log was deleted, moved or replaced';
    this.stop({ code: 'store-moved', why });
    throw new FailureError({ code: 'store-moved', why });
  }

  /**
   * Moves to the segment after a seal. The old file is synced first, else power loss could keep the next segment and
   * lose the seal. Nothing changes here until the next one is open: a step that fails is made again by the next tail.
   */
  private follow(commits: FoldedCommit[]): void {
    if (this.fd >= 0) {
      this.checkStillOurs();
      this.keeper.flushNow();
    }
    const next = this.fold.seq + 1;
    const opened = this.openSegment(next, 'append-create');
    if (this.fd >= 0) this.retire(this.fd);
    this.sealsFollowed += 1;
    this.fold.nextSegment();
    this.lastLine = { end: 0, sum: '' };
    this.enter(next, 0, opened, commits);
  }

  /** The directory is synced before anything is written to the segment, else power loss could take its name. */
  private openSegment(first: number, how: 'append' | 'append-create'): OpenedSegment {
    const { disk, logDir, durability } = this.parts;
    const compressed = readCompressed(disk, logDir, first);
    if (compressed !== undefined) return { fd: -1, ino: 0, compressed };
    const fd = disk.open(segmentPath(logDir, first), how);
    try {
      // Looked for again after opening: if we stalled while others sealed, compressed and unlinked it, ours is an empty
      // impostor.
      const late = readCompressed(disk, logDir, first);
      if (late !== undefined) {
        disk.close(fd);
        return { fd: -1, ino: 0, compressed: late };
      }
      if (durability === 'fsync') syncDirectory(disk, logDir);
      return { fd, ino: disk.fstat(fd).ino };
    } catch (error) {
      disk.close(fd);
      throw error;
    }
  }

  private enter(first: number, offset: number, opened: OpenedSegment, commits: FoldedCommit[]): void {
    this.segment = first;
    this.path = segmentPath(this.parts.logDir, first);
    this.offset = offset;
    this.followed.add(first);
    this.fd = opened.fd;
    this.ino = opened.ino;
    if (opened.compressed === undefined) return;
    this.offset = eachLine(opened.compressed, offset, (line, at) => this.consume(line, at, commits));
    if (!this.fold.isEnded()) this.damaged(this.offset, 'this segment is compressed, but no seal ends it');
  }

  private retire(fd: number): void {
    const close = () => {
      try {
        this.parts.disk.close(fd);
      } catch {
        // Every byte of it was synced, or refused, before: an error of the descriptor itself tells nothing more.
      }
    };
    // Once no sync can be using it.
    const busy = this.keeper.busy();
    if (busy === undefined) close();
    else busy.then(close, close);
  }

  /** Stops all writing; the first reason stands. */
  stop(failure: Failure): void {
    this.stopped ??= failure;
  }

  private damaged(offset: number, why: string): void {
    this.stop({ code: 'store-damaged', file: this.path, offset, why });
  }

  /** After a failed fdatasync: nothing more is written here, and a marker stops who opens the store later. */
  private poison(error: unknown): void {
    const { disk, logDir } = this.parts;
    const why = `saving failed (${errnoOf(error) ?? 'unknown error'}): what was written last may not be on the disk`;
    this.stop({ code: 'read-only', why });
    try {
      disk.close(disk.open(`${logDir}/poison`, 'create-new'));
      syncDirectory(disk, logDir);
    } catch {
      // Best effort: the disk is in trouble.
    }
  }

  close(): void {
    this.keeper.close();
    if (this.fd >= 0) this.retire(this.fd);
    this.fd = -1;
  }
}
