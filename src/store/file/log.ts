// The log's file side: tail, write, read back, follow seals. The order of the file is the referee, no lock is needed for
// safety. Everything between a tail and the read-back of a write happens in one synchronous tick. Used by file-store.ts.

import { type Failure, FailureError } from '../../failure.ts';
import { claimedSum, type EncodedCommit, MAX_LINE_BYTES, STORE_FORMAT } from '../commit.ts';
import type { Fold, FoldedCommit, Verdict } from '../fold.ts';
import type { CommitListener, Durability, Outcome } from '../port.ts';
import { type Disk, errnoOf, syncDirectory } from './disk.ts';
import { DurabilityKeeper } from './durability.ts';
import { eachLine, readCompressed, segmentPath } from './segments.ts';

export interface TornLine {
  segment: number;
  offset: number;
}

export interface LogParts {
  disk: Disk;
  logDir: string;
  fold: Fold;
  durability: Durability;
  onCommits: CommitListener;
}

const FIRST_BUFFER_BYTES = 256 * 1024;
const NEWLINE = Buffer.from('\n');

export class FileLog {
  readonly fold: Fold;
  readonly keeper: DurabilityKeeper;
  /** Why nothing may be written any more; reads of what is sound go on. */
  stopped: Failure | undefined;
  /** Torn lines met, the first hundred: skipped by rule, reported by doctor. */
  readonly torn: TornLine[] = [];
  /** Void lines met since opening: a measure of contention. */
  voids = 0;
  /** Seals followed since opening. */
  sealsFollowed = 0;
  segment = 0;
  offset = 0;
  /** -1 while the segment being folded is a compressed one, which nobody writes. */
  fd = -1;
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

  /** Begins at a segment that is there, or that may be made: number 1 of an empty directory. */
  begin(segment: number, offset: number, lastSum: string): void {
    const commits: FoldedCommit[] = [];
    this.enter(segment, offset, commits);
    this.lastLine = { end: offset, sum: lastSum };
    if (commits.length > 0) this.parts.onCommits(commits, false);
  }

  /** Folds all that is terminated in the file, and follows seals. Takes no lock. */
  tail(own?: ReadonlyMap<string, number>, outcomes?: Outcome[]): void {
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

  /** Folds one buffer of lines; false when there is no further whole line. */
  private readSome(commits: FoldedCommit[], own?: ReadonlyMap<string, number>, outcomes?: Outcome[]): boolean {
    if (this.fd < 0) return false;
    const count = this.parts.disk.read(this.fd, this.buffer, 0, this.buffer.length, this.offset);
    if (count === 0) return false;
    const base = this.offset;
    const bytes = this.buffer.subarray(0, count);
    const consumed = eachLine(bytes, 0, (line, at) => this.consume(line, base + at, commits, own, outcomes));
    this.offset = base + consumed;
    if (consumed > 0) return true;
    if (count < this.buffer.length || this.buffer.length > 2 * MAX_LINE_BYTES) return false;
    this.buffer = Buffer.allocUnsafe(this.buffer.length * 2);
    return true;
  }

  private consume(
    line: Buffer,
    offset: number,
    commits: FoldedCommit[],
    own?: ReadonlyMap<string, number>,
    outcomes?: Outcome[],
  ): boolean {
    const place = { segment: this.segment, offset };
    let verdict = this.fold.offer(line, place);
    if (verdict.kind === 'damage') verdict = this.reread(line, place);
    this.noteOwn(line, verdict, own, outcomes);
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
        this.stop({ code: 'store-damaged', file: segmentPath(this.parts.logDir, this.segment), offset, why: verdict.why });
        return false;
      case 'seal':
        return true;
    }
  }

  /** A store made by a newer Baton is refused, never guessed at. */
  private knowsFormat(folded: FoldedCommit): boolean {
    const created = folded.commit.events.find((event) => event.type === 'store.created');
    const format = created?.data?.['format'];
    if (typeof format !== 'number' || format <= STORE_FORMAT) return true;
    this.stop({ code: 'store-newer', what: 'store', found: format, known: STORE_FORMAT });
    return false;
  }

  /** A page under writeback can be read half-old on some systems: what looks like damage is read twice before it counts. */
  private reread(line: Buffer, place: { segment: number; offset: number }): Verdict {
    if (this.fd < 0) return this.fold.offer(line, place);
    const fresh = Buffer.allocUnsafe(line.length);
    const count = this.parts.disk.read(this.fd, fresh, 0, line.length, place.offset);
    return this.fold.offer(fresh.subarray(0, count), place);
  }

  private noteOwn(line: Buffer, verdict: Verdict, own?: ReadonlyMap<string, number>, outcomes?: Outcome[]): void {
    if (own === undefined || outcomes === undefined) return;
    const index = own.get(verdict.kind === 'valid' ? verdict.folded.sum : (claimedSum(line) ?? ''));
    if (index === undefined) return;
    if (verdict.kind === 'valid') outcomes[index] = { kind: 'won', seq: verdict.folded.seq };
    else if (outcomes[index]?.kind !== 'won') outcomes[index] = { kind: 'lost' };
  }

  /**
   * Writes lines in one write and reads back what became of them. Contract: `tail` was called in this tick.
   * Throws FailureError if the log may not be written.
   */
  write(batch: readonly EncodedCommit[]): Outcome[] {
    if (this.stopped !== undefined) throw new FailureError(this.stopped);
    // Begins with a newline too: whatever fragment a dying writer left is ended, so it can never swallow our first line.
    const bytes = Buffer.from(`\n${batch.map((own) => own.line).join('\n')}\n`);
    const start = this.offset;
    const { error, whole } = this.writeOnce(bytes);
    if (whole && this.readBackEquals(bytes, start)) {
      return this.acceptAll(batch, start, bytes.length);
    }
    const outcomes: Outcome[] = batch.map(() => ({ kind: 'failed', error: error ?? new Error('the line was not found') }));
    const own = new Map(batch.map((encoded, index) => [encoded.sum, index]));
    this.tail(own, outcomes);
    this.checkStillOurs();
    if (!whole && !this.terminate()) this.markUnknown(batch, outcomes);
    else if (!whole) this.tail(own, outcomes);
    return outcomes;
  }

  /** One write(2), no loop: after a short write the rest must never follow, somebody else may have written between. */
  private writeOnce(bytes: Buffer): { whole: boolean; error?: Error } {
    try {
      if (this.parts.disk.write(this.fd, bytes) === bytes.length) return { whole: true };
      return { whole: false, error: new FailureError({ code: 'store-full', syscall: 'write', errno: 'short write' }) };
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      return { whole: false, error: new FailureError({ code: 'store-full', syscall: 'write', errno }) };
    }
  }

  private readBackEquals(bytes: Buffer, start: number): boolean {
    const { disk } = this.parts;
    if (this.buffer.length <= bytes.length) this.buffer = Buffer.allocUnsafe(bytes.length * 2);
    const count = disk.read(this.fd, this.buffer, 0, bytes.length + 1, start);
    return count === bytes.length && this.buffer.compare(bytes, 0, count, 0, count) === 0;
  }

  /** Nobody wrote between: the lines stand where we expected them, so only their expectations are left to check. */
  private acceptAll(batch: readonly EncodedCommit[], start: number, length: number): Outcome[] {
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
    this.parts.onCommits(commits, commits.length === batch.length);
    this.checkStillOurs();
    return outcomes;
  }

  /** Ends the fragment of a short write with a newline, so that it is a torn line and not a prefix of the next one. */
  private terminate(): boolean {
    try {
      return this.parts.disk.write(this.fd, NEWLINE) === 1;
    } catch {
      return false;
    }
  }

  /** If even the newline fails: a line that lacks only it may yet become valid, by the next writer's leading newline. */
  private markUnknown(batch: readonly EncodedCommit[], outcomes: Outcome[]): void {
    const rest = Buffer.allocUnsafe(MAX_LINE_BYTES);
    const count = this.parts.disk.read(this.fd, rest, 0, rest.length, this.offset);
    const fragment = rest.toString('utf8', 0, count);
    for (const [index, own] of batch.entries()) {
      if (outcomes[index]?.kind === 'failed' && fragment.endsWith(own.line)) {
        outcomes[index] = { kind: 'unknown', why: 'the disk took the line but not its end' };
      }
    }
  }

  /** If the log was replaced, deleted, moved or cut under us, what we wrote is in no log: notice before acknowledging. */
  private checkStillOurs(): void {
    const { disk, logDir } = this.parts;
    const mine = disk.fstat(this.fd);
    const named = disk.stat(segmentPath(logDir, this.segment));
    if (mine.nlink > 0 && named !== undefined && named.ino === mine.ino && mine.size >= this.offset) return;
    const why = mine.size < this.offset ? 'the log was cut short' : 'the log was deleted, moved or replaced';
    this.stop({ code: 'store-moved', why });
    throw new FailureError({ code: 'store-moved', why });
  }

  /**
   * Moves to the segment after a seal. The old file is synced first, else power loss could keep the next segment and lose
   * the seal; the directory is synced before anything is written, else it could lose the name.
   */
  private follow(commits: FoldedCommit[]): void {
    if (this.fd >= 0) {
      this.keeper.settleNow();
      this.retire(this.fd);
    }
    this.sealsFollowed += 1;
    this.fold.nextSegment();
    this.lastLine = { end: 0, sum: '' };
    this.enter(this.fold.seq + 1, 0, commits);
  }

  private enter(first: number, offset: number, commits: FoldedCommit[]): void {
    const { disk, logDir, durability } = this.parts;
    this.segment = first;
    this.offset = offset;
    this.followed.add(first);
    this.fd = -1;
    if (this.foldCompressed(first, commits)) return;
    const fd = disk.open(segmentPath(logDir, first), 'append-create');
    // Looked for again after opening: if we stalled while others sealed, compressed and unlinked it, ours is an empty impostor.
    if (this.foldCompressed(first, commits)) {
      disk.close(fd);
      return;
    }
    this.fd = fd;
    if (durability === 'fsync') syncDirectory(disk, logDir);
  }

  private foldCompressed(first: number, commits: FoldedCommit[]): boolean {
    const bytes = readCompressed(this.parts.disk, this.parts.logDir, first);
    if (bytes === undefined) return false;
    this.offset = eachLine(bytes, this.offset, (line, at) => this.consume(line, at, commits));
    return true;
  }

  /** Closes a descriptor once no fdatasync can be using it. */
  private retire(fd: number): void {
    const busy = this.keeper.busy();
    if (busy === undefined) this.parts.disk.close(fd);
    else
      busy.then(
        () => this.parts.disk.close(fd),
        () => this.parts.disk.close(fd),
      );
  }

  /** Stops all writing; the first reason stands. */
  stop(failure: Failure): void {
    this.stopped ??= failure;
  }

  /** After a failed fdatasync: nothing more is written here, and a marker stops who opens the store later. */
  private poison(error: unknown): void {
    const why = `saving failed (${errnoOf(error) ?? 'unknown error'}): what was written last may not be on the disk`;
    this.stop({ code: 'read-only', why });
    try {
      this.parts.disk.close(this.parts.disk.open(`${this.parts.logDir}/poison`, 'create-new'));
    } catch {
      // Best effort: the disk is in trouble.
    }
  }

  /** Writes a seal line as it stands. Returns true if it won. Contract: `tail` was called in this tick. */
  writeSeal(line: string, sum: string): boolean {
    const before = this.sealsFollowed;
    const { whole } = this.writeOnce(Buffer.from(`\n${line}\n`));
    if (!whole) this.terminate();
    this.tail(new Map([[sum, 0]]), [{ kind: 'lost' }]);
    return this.sealsFollowed > before;
  }

  close(): void {
    if (this.fd >= 0) this.retire(this.fd);
    this.fd = -1;
  }
}
