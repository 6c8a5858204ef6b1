// Reads a log from its first line, without writing anything: folds it, checks every `seen` of every line and every seal
// against its bytes, and stops at damage. Works on stores to which others write. Used by admin/ (verify, backup,
// export, redact), the verbs log and export, and telemetry/log-stats.ts.

import { createHash, type Hash } from 'node:crypto';
import { type Failure, FailureError } from '../../../failure/failure.ts';
import { MAX_LINE_BYTES, type Seal } from '../../commit.ts';
import { Fold, type FoldedCommit, isDoubtful, type Place, type Verdict } from '../../fold.ts';
import { formatIn, STORE_FORMAT } from '../../formats.ts';
import { type Disk, errnoOf } from '../disk.ts';
import {
  listSegments,
  readCompressed,
  readCompressedLater,
  readPlainLater,
  readSegment,
  segmentPath,
} from '../segments.ts';

/** A valid line or a seal. `line` is a view of a larger buffer: copy it to keep it. */
export type TakenLine = { seq: number; place: Place; line: Buffer } & (
  | { kind: 'commit'; folded: FoldedCommit }
  | { kind: 'seal'; seal: Seal }
);

export interface SegmentNote {
  firstSeq: number;
  compressed: boolean;
  sealed: boolean;
  /** The byte after the last line with a seq, where a consistent copy ends. */
  end: number;
  /** The sum of that line; '' if the segment has none. */
  lastSum: string;
}

/** A part of the log from its first line on, as a consistent copy has it. */
export interface LogPart {
  seq: number;
  chain: string;
  segments: readonly SegmentNote[];
}

export type Damage = Extract<Failure, { code: 'store-damaged' }>;

/** An unterminated tail longer than this is damage: no write of Baton that is still under way can be so long. */
const LONGEST_TAIL_BYTES = 2 * MAX_LINE_BYTES;
/** How much is hashed between two lines. */
const HASH_BYTES = 256 * 1024;

export class LogReader {
  readonly fold = new Fold({ keepAllChains: true });
  readonly segments: SegmentNote[] = [];
  readonly torn: Place[] = [];
  readonly voids: Record<Extract<Verdict, { kind: 'void' }>['why'], number> = {
    expectation: 0,
    'after-seal': 0,
    'misplaced-seal': 0,
    malformed: 0,
  };
  commits = 0;
  /** The store's format number; 0 until its first line is read. */
  format = 0;
  /** Bytes of all segments read so far, uncompressed. */
  sizeBytes = 0;
  /** Why reading stopped before the end: damage, or a newer format. */
  stopped: Failure | undefined;
  /** The file error that stopped reading, if it was one: the log may be sound. */
  refused: string | undefined;
  /** Damage at which the fold does not stop: a seal that does not fit its bytes, a segment to which no seal leads. */
  readonly troubles: Damage[] = [];
  private readonly disk: Disk;
  private readonly logDir: string;
  private segment = 1;
  private offset = 0;
  private hash: Hash = createHash('sha256');
  private hashedTo = 0;
  /** The text of a segment that was fetched before it is read; see `prepare`. */
  private ahead: { segment: number; text: Buffer; compressed: boolean } | undefined;
  private sealedBefore = '';
  /** The log before the first seal that does not fit: its last seq, and its last segment without the seal. */
  private misfit: { seq: number; last: SegmentNote } | undefined;

  constructor(disk: Disk, logDir: string) {
    this.disk = disk;
    this.logDir = logDir;
  }

  /** Yields the lines with a seq from where the last call ended up to the present end of the log. */
  *read(): Generator<TakenLine> {
    // List before reading: a segment that appears later is the new successor of a seal, not a stray.
    const listed = listSegments(this.disk, this.logDir);
    if (listed[0]?.firstSeq !== 1) this.stop(1, 0, 'the first segment is missing');
    while (this.stopped === undefined) {
      yield* this.readOn();
      if (this.stopped !== undefined || !this.fold.isEnded()) break;
      const next = this.fold.seq + 1;
      if (!listSegments(this.disk, this.logDir).some((file) => file.firstSeq === next)) break;
      this.enter(next);
    }
    if (this.stopped === undefined) this.findStrays(listed.map((file) => file.firstSeq));
  }

  /**
   * Fetches a segment before `read` comes to it, in slices or on another thread; `read` meets the trouble with it. For
   * readers beside calls: call it with 1 first, and with the next seq after each seal.
   */
  async prepare(segment: number): Promise<void> {
    try {
      const inflated = await readCompressedLater(this.disk, this.logDir, segment);
      const text = inflated ?? (await readPlainLater(this.disk, this.logDir, segment));
      if (text !== undefined) this.ahead = { segment, text, compressed: inflated !== undefined };
    } catch (error) {
      if (!(error instanceof FailureError) && errnoOf(error) === undefined) throw error;
    }
  }

  /** Reads to the end without using the lines, for the counts and faults. */
  readAll(): this {
    for (const _ of this.read());
    return this;
  }

  /** The first fault, or undefined. A log with a fault must not be copied as if it were sound. */
  fault(): Failure | undefined {
    return this.stopped ?? this.troubles[0];
  }

  /** What was read, or the part before the first seal that does not fit its bytes. */
  sound(): LogPart {
    const { misfit, segments } = this;
    if (misfit === undefined) return { seq: this.fold.seq, chain: this.fold.chain, segments };
    const { seq, last } = misfit;
    const whole = segments.filter(({ firstSeq }) => firstSeq < last.firstSeq);
    return { seq, chain: this.fold.chainAt(seq) ?? '', segments: [...whole, last] };
  }

  /**
   * Makes the last segment read durable, so that no power loss takes back a line that a report or backup knows. Opens
   * it for reading only: where that does not allow a sync (Windows), durability rests on the writers' own syncs. Throws
   * other file errors.
   */
  flush(): void {
    const path = segmentPath(this.logDir, this.segment);
    if (this.disk.stat(path) === undefined) return;
    const fd = this.disk.open(path, 'read');
    try {
      this.disk.fdatasyncNow(fd);
    } catch (error) {
      if (!['EINVAL', 'EPERM', 'EBADF', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
    } finally {
      this.disk.close(fd);
    }
  }

  private enter(segment: number): void {
    this.segment = segment;
    this.offset = 0;
    this.hash = createHash('sha256');
    this.hashedTo = 0;
    this.fold.nextSegment();
  }

  private *readOn(): Generator<TakenLine> {
    const base = this.offset;
    const note = this.noteSegment();
    const bytes = this.bytesFrom(base, note);
    for (let start = 0; this.stopped === undefined; ) {
      const end = bytes.indexOf(10, start);
      if (end < 0) break;
      const at = base + start;
      const line = bytes.subarray(start, end);
      start = end + 1;
      const taken = line.length === 0 ? undefined : this.take(line, { segment: this.segment, offset: at });
      const before = taken?.kind === 'seal' ? { ...note } : note;
      if (taken !== undefined) {
        note.end = base + start;
        note.lastSum = line.toString('latin1', line.length - 18, line.length - 2);
      }
      if (taken?.kind === 'seal' && !this.fits(taken, bytes, base, note)) {
        this.misfit ??= { seq: taken.seq - 1, last: before };
      }
      if (this.stopped !== undefined) break;
      // Advance before the yield, so that a reader that breaks off here continues after this line.
      this.offset = base + start;
      this.sizeBytes += end + 1 - (at - base);
      if (this.offset - this.hashedTo >= HASH_BYTES) this.hashTo(this.offset, bytes, base);
      if (taken !== undefined) yield taken;
    }
    const consumed = this.offset - base;
    if (bytes.length - consumed > LONGEST_TAIL_BYTES)
      this.stop(this.segment, this.offset, 'bytes without the end of a line, more than any write of Baton has');
    this.hashTo(this.offset, bytes, base);
  }

  /** Hashes on to a place in the segment, of which `bytes` has what stands from `base` on. */
  private hashTo(end: number, bytes: Buffer, base: number): void {
    if (this.hashedTo < end) this.hash.update(bytes.subarray(this.hashedTo - base, end - base));
    this.hashedTo = Math.max(this.hashedTo, end);
  }

  private noteSegment(): SegmentNote {
    const last = this.segments.at(-1);
    if (last?.firstSeq === this.segment) return last;
    const note = { firstSeq: this.segment, compressed: false, sealed: false, end: 0, lastSum: '' };
    this.segments.push(note);
    return note;
  }

  /** The text of the segment from a byte on. A segment that cannot be read counts as damage. */
  private bytesFrom(from: number, note: SegmentNote): Buffer {
    try {
      return this.readFrom(from, note);
    } catch (error) {
      const errno = errnoOf(error);
      if (error instanceof FailureError) this.stopped = error.failure;
      else if (errno === undefined) throw error;
      else {
        this.refused = errno;
        this.stop(this.segment, from, `it cannot be read (${errno})`);
      }
      return Buffer.alloc(0);
    }
  }

  /** Reads the whole of a compressed segment, which does not grow, and the new part of a plain one. */
  private readFrom(from: number, note: SegmentNote): Buffer {
    const { disk, logDir, segment } = this;
    const { ahead } = this;
    this.ahead = undefined;
    const fetched = ahead?.segment === segment ? ahead : undefined;
    if (fetched !== undefined && !fetched.compressed && from === 0) return fetched.text;
    const compressed = fetched?.compressed ? fetched.text : readCompressed(disk, logDir, segment);
    note.compressed = compressed !== undefined;
    if (compressed !== undefined) return compressed.subarray(from);
    if (from === 0) return readSegment(disk, logDir, segment);
    const fd = disk.open(segmentPath(logDir, segment), 'read');
    try {
      const bytes = Buffer.allocUnsafe(Math.max(0, disk.fstat(fd).size - from));
      let done = 0;
      for (let count = 1; count > 0 && done < bytes.length; done += count)
        count = disk.read(fd, bytes, done, bytes.length - done, from + done);
      return bytes.subarray(0, done);
    } finally {
      disk.close(fd);
    }
  }

  private take(line: Buffer, place: Place): TakenLine | undefined {
    let verdict = this.fold.offer(line, place);
    if (isDoubtful(verdict)) verdict = this.reread(line, place, verdict);
    switch (verdict.kind) {
      case 'valid':
        this.commits += 1;
        this.checkFormat(verdict.folded, place);
        return { kind: 'commit', seq: verdict.folded.seq, place, line, folded: verdict.folded };
      case 'seal':
        return { kind: 'seal', seq: verdict.seq, place, line, seal: verdict.seal };
      case 'void':
        this.voids[verdict.why] += 1;
        return undefined;
      case 'torn':
        this.torn.push(place);
        return undefined;
      case 'damage':
        this.stop(place.segment, place.offset, verdict.why);
        return undefined;
    }
  }

  /** Reads a doubtful line a second time before it counts: some systems return a page under writeback half old. */
  private reread(line: Buffer, place: Place, first: Verdict): Verdict {
    const fresh = readSegment(this.disk, this.logDir, place.segment).subarray(place.offset, place.offset + line.length);
    return fresh.length === line.length ? this.fold.offer(fresh, place) : first;
  }

  private checkFormat(folded: FoldedCommit, place: Place): void {
    const format = formatIn(folded.commit);
    if (folded.seq === 1 && format === undefined)
      this.stop(place.segment, place.offset, 'the first line does not say which format the store has');
    this.format = Math.max(this.format, format ?? 0);
    if (this.format > STORE_FORMAT)
      this.stopped = { code: 'store-newer', what: 'the store', found: this.format, known: STORE_FORMAT };
  }

  private fits(taken: TakenLine & { kind: 'seal' }, bytes: Buffer, base: number, note: SegmentNote): boolean {
    const found = this.troubles.length;
    const { sha256, previous } = taken.seal.seal;
    this.hashTo(taken.place.offset, bytes, base);
    note.sealed = true;
    const before = this.sealedBefore;
    this.sealedBefore = sha256;
    if (this.hash.copy().digest('hex') !== sha256)
      this.trouble(taken.place.segment, 'its bytes are not those that its seal was made for');
    if (previous !== before) this.trouble(taken.place.segment, 'its seal names another segment as the one before it');
    return this.troubles.length === found;
  }

  private findStrays(listed: readonly number[]): void {
    const stray = listed.find((firstSeq) => !this.segments.some((note) => note.firstSeq === firstSeq));
    if (stray === undefined || this.troubles.some(({ file }) => file === segmentPath(this.logDir, stray))) return;
    this.trouble(stray, 'no seal leads to this segment: the end of the one before it was changed or lost');
  }

  private trouble(segment: number, why: string): void {
    this.troubles.push({ code: 'store-damaged', file: segmentPath(this.logDir, segment), offset: 0, why });
  }

  private stop(segment: number, offset: number, why: string): void {
    this.stopped ??= { code: 'store-damaged', file: segmentPath(this.logDir, segment), offset, why };
  }
}
