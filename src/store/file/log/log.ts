// The reading side of the log: folds what is new in the file, follows seals to the next segment, and notices damage.
// The order of lines in the file decides which commit wins, so no lock is needed for safety. writer.ts writes to it.
// Used by opening.ts, writer.ts, seal.ts and file-store.ts.

import { type Failure, FailureError } from '../../../failure/failure.ts';
import { type EncodedCommit, MAX_LINE_BYTES, type RawLine, soundSum } from '../../commit.ts';
import { type Fold, type FoldedCommit, isDoubtful, type Place, type Verdict } from '../../fold.ts';
import { FIRST_FORMAT, formatIn, STORE_FORMAT } from '../../formats.ts';
import type { CommitListener, Durability, Outcome } from '../../port.ts';
import { type Disk, errnoOf, type FileStat, syncDirectory } from '../disk.ts';
import { isOwnFolder } from '../own-folder.ts';
import { eachLine, readCompressed, segmentPath } from '../segments.ts';
import { DurabilityKeeper } from './durability.ts';
import { compressedHas, sealFrom } from './identity.ts';
import { type Damage, damageIn, leaveMarker } from './marker.ts';
import { noteOwn } from './own-lines.ts';

export interface LogParts {
  disk: Disk;
  logDir: string;
  fold: Fold;
  durability: Durability;
  onCommits: CommitListener;
}

const FIRST_BUFFER_BYTES = 256 * 1024;
/** An unterminated tail longer than this is damage: no write of Baton that is still under way can be so long. */
const LONGEST_TAIL_BYTES = 2 * MAX_LINE_BYTES;

/** An opened segment: a descriptor, or the text of its compressed form (then `fd` is -1), to which nobody writes. */
interface OpenedSegment {
  fd: number;
  dev: number;
  ino: number;
  compressed?: Buffer;
}

export class FileLog {
  readonly fold: Fold;
  readonly keeper: DurabilityKeeper;
  /** Why nothing may be written any more. Reading what is sound goes on. */
  stopped: Failure | undefined;
  /** Places of the first hundred torn lines. They are skipped. */
  readonly torn: Place[] = [];
  /** The store's format number, as far as the log is folded. */
  format = FIRST_FORMAT;
  /** Void lines since opening, a measure of contention. */
  voids = 0;
  /** Seals followed since opening. */
  sealsFollowed = 0;
  segment = 0;
  /** When this process entered the segment, on the clock of `performance.now()`. */
  enteredAt = 0;
  private path = '';
  offset = 0;
  /** The descriptor of the present segment; -1 while that is a compressed one, to which nobody writes. */
  fd = -1;
  /** Both identify the file: on another file system the same inode number is another file. */
  private dev = 0;
  private ino = 0;
  /** The sum of the valid seal of this segment, once that is folded. */
  private sealSum = '';
  /** Segments folded since opening, by first seq. opening.ts reports any later one as damage. */
  readonly followed = new Set<number>();
  /** The last valid commit of this segment, at whose end a checkpoint may stand. */
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

  /**
   * Starts folding at a byte of an existing segment; `lastSum` is the sum of the line that ends there, '' at the start.
   */
  begin(segment: number, offset: number, lastSum: string): void {
    const commits: FoldedCommit[] = [];
    this.enter(segment, offset, this.openSegment(segment, 'append'), commits);
    this.lastLine = { end: offset, sum: lastSum };
    if (commits.length > 0) this.parts.onCommits(commits, false);
  }

  /**
   * Folds what is new, and checks that the open file still is the one with the log's name. Throws FailureError
   * `store-moved` if not, and `store-newer` once a newer format was met.
   */
  refresh(): void {
    // Fast path: one stat of the name shows that the file is still ours and how much is new, usually nothing. Not after
    // a seal, which still has to be followed.
    if (this.fd >= 0 && this.stopped === undefined && !this.fold.isEnded()) {
      const named = this.parts.disk.stat(this.path);
      const ours = this.isOurs(named);
      if (ours && named.size === this.offset) return;
      if (ours && named.size > this.offset) {
        this.tail();
        return;
      }
    }
    this.tail();
    if (this.fd >= 0 && this.stopped === undefined) this.checkStillOurs();
  }

  /**
   * Folds all terminated lines of the file, and follows seals. `own` maps sums of this process's lines to their places
   * in `outcomes`, where their outcomes are noted.
   */
  tail(own?: ReadonlyMap<string, number>, outcomes?: (Outcome | undefined)[]): void {
    // Answer nothing from this fold: it is of a file that no longer is the store, or of a format not fully understood.
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

  /** Folds one buffer of lines; false if the file has no more for now. */
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
      // Shrink the buffer again after a large line, or its memory would be kept for ever.
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
    if (isDoubtful(verdict)) verdict = this.reread(line, place, verdict);
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
        this.sealSum = soundSum(line) ?? '';
        return true;
    }
  }

  /** Notes the store's format. Stops at a newer one, which this program could misread; returns whether it is known. */
  private knowsFormat({ commit }: FoldedCommit): boolean {
    this.format = Math.max(this.format, formatIn(commit) ?? 0);
    const known = this.format <= STORE_FORMAT;
    if (!known) this.stop({ code: 'store-newer', what: 'the store', found: this.format, known: STORE_FORMAT });
    return known;
  }

  /** Reads a doubtful line a second time before it counts: some systems return a page under writeback half old. */
  private reread(line: RawLine, place: { segment: number; offset: number }, first: Verdict): Verdict {
    if (this.fd < 0) return first;
    const fresh = Buffer.allocUnsafe(line.length);
    const count = this.parts.disk.read(this.fd, fresh, 0, line.length, place.offset);
    // Keep the verdict if fewer bytes come: a shortened line would look torn, and damage would be skipped.
    return count === line.length ? this.fold.offer(fresh, place) : first;
  }

  /**
   * Folds lines that this process wrote and has read back unchanged at `start`: only their expectations are left to
   * check. `whole`: the batch has every commit that the caller decided.
   */
  acceptAll(batch: readonly EncodedCommit[], start: number, length: number, whole: boolean): Outcome[] {
    const commits: FoldedCommit[] = [];
    const outcomes: Outcome[] = [];
    let offset = start + 1;
    for (const own of batch) {
      if (this.fold.met(own.commit)) {
        const folded = this.fold.acceptOwn(own, { segment: this.segment, offset });
        this.knowsFormat(folded);
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

  private isOurs(named: FileStat | undefined): named is FileStat {
    return named?.ino === this.ino && named.dev === this.dev;
  }

  /**
   * Throws FailureError `store-moved` if the open file was replaced, deleted, moved or cut short: what is written to it
   * would be in no log, so no answer may rest on it.
   */
  checkStillOurs(): void {
    const { disk, logDir } = this.parts;
    // Through a link in place of the folder the file still has its name, but it is in no store.
    const named = isOwnFolder(disk, logDir) ? disk.stat(this.path) : undefined;
    const ours = this.isOurs(named);
    if (ours && named.size >= this.offset) return;
    if (!ours && disk.stat(`${this.path}.gz`) !== undefined) {
      // Not an error if others sealed and compressed this very segment while this process was stopped. Its descriptor
      // still reads the whole file; its seal, which has the hash of all bytes before, must be the compressed one's.
      const seal = this.fold.isEnded() ? this.sealSum : sealFrom(disk, this.fd, this.offset);
      if (seal !== undefined && compressedHas(disk, logDir, this.segment, seal)) return;
    }
    const why = ours ? 'the log was cut short' : 'the log was deleted, moved or replaced';
    this.stop({ code: 'store-moved', why });
    throw new FailureError({ code: 'store-moved', why });
  }

  /**
   * Moves on to the segment after a seal. Syncs the old file first, or power loss could keep the next segment and lose
   * the seal. Changes no state until the next segment is open, so that the next `tail` can repeat a step that failed.
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

  /**
   * Opens a segment. Syncs the directory before anything is written to it, or power loss could take the file's name.
   */
  private openSegment(first: number, how: 'append' | 'append-create'): OpenedSegment {
    const { disk, logDir, durability } = this.parts;
    const compressed = readCompressed(disk, logDir, first);
    if (compressed !== undefined) return { fd: -1, dev: 0, ino: 0, compressed };
    const fd = disk.open(segmentPath(logDir, first), how);
    try {
      // Look for the compressed form again: if others sealed, compressed and unlinked the segment since the first look,
      // the file just opened is a new, empty one.
      const late = readCompressed(disk, logDir, first);
      if (late !== undefined) {
        disk.close(fd);
        return { fd: -1, dev: 0, ino: 0, compressed: late };
      }
      if (durability === 'fsync') syncDirectory(disk, logDir);
      const { dev, ino } = disk.fstat(fd);
      return { fd, dev, ino };
    } catch (error) {
      disk.close(fd);
      throw error;
    }
  }

  private enter(first: number, offset: number, opened: OpenedSegment, commits: FoldedCommit[]): void {
    this.segment = first;
    this.enteredAt = performance.now();
    this.path = segmentPath(this.parts.logDir, first);
    this.offset = offset;
    this.followed.add(first);
    this.fd = opened.fd;
    this.dev = opened.dev;
    this.ino = opened.ino;
    this.sealSum = '';
    if (opened.compressed === undefined) return;
    this.offset = eachLine(opened.compressed, offset, (line, at) => this.consume(line, at, commits));
    if (!this.fold.isEnded()) this.damaged(this.offset, 'this segment is compressed, but no seal ends it');
  }

  private retire(fd: number): void {
    const close = () => {
      try {
        this.parts.disk.close(fd);
      } catch {
        // Ignore the error: every byte was already synced, or its commit refused.
      }
    };
    // Close only when no sync can be using the descriptor.
    const busy = this.keeper.busy();
    if (busy === undefined) close();
    else busy.then(close, close);
  }

  /** Stops all writing; the first reason is kept. */
  stop(failure: Failure): void {
    this.stopped ??= failure;
  }

  /**
   * Stops all writing because a reader of this process has found damage in the log, and leaves the marker for other
   * processes, which may have started from a checkpoint behind the damage. A log that was moved away says nothing of
   * the one that has its name now.
   */
  condemn(damage: Damage): void {
    if (this.stopped !== undefined) return;
    let ours = false;
    try {
      if (this.fd >= 0) this.checkStillOurs();
      ours = true;
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof FailureError)) throw error;
    }
    this.stop(damage);
    if (ours) leaveMarker(this.parts.disk, this.parts.logDir, damage);
  }

  /** Stops writing if another process has marked the log as damaged. */
  heedMarker(): void {
    const damage = damageIn(this.parts.disk, this.parts.logDir);
    if (damage !== undefined) this.stop(damage);
  }

  private damaged(offset: number, why: string): void {
    this.stop({ code: 'store-damaged', file: this.path, offset, why });
  }

  /**
   * After a failed fdatasync: stops writing in this process, and leaves the marker file `poison`, which stops later
   * openers.
   */
  private poison(error: unknown): void {
    const { disk, logDir } = this.parts;
    const why = `saving failed (${errnoOf(error) ?? 'unknown error'}): what was written last may not be on the disk`;
    this.stop({ code: 'read-only', why });
    leaveMarker(disk, logDir);
  }

  close(): void {
    this.keeper.close();
    if (this.fd >= 0) this.retire(this.fd);
    this.fd = -1;
  }
}
