// What was: every valid line by seq and by stream, for history, loading a document whose file is gone, export and verify.
// Reads the log with a fold of its own, from the first segment, on first use; later only what is new.

import { type Failure, FailureError } from '../../failure.ts';
import { type Commit, isSeal, parseLine, type RawLine } from '../commit.ts';
import { Fold, type FoldedCommit, type Place } from '../fold.ts';
import type { Recorded } from '../port.ts';
import type { Disk } from './disk.ts';
import { eachLine, listSegments, readSegment, segmentPath } from './segments.ts';

export class History {
  readonly fold = new Fold();
  private readonly disk: Disk;
  private readonly logDir: string;
  /** The place of each valid line: index is seq - 1. Seals have places too. */
  private readonly segments: number[] = [];
  private readonly offsets: number[] = [];
  /** When each was written, by its writer's clock. */
  private readonly times: number[] = [];
  private readonly byStream = new Map<string, number[]>();
  private segment = 1;
  private offset = 0;
  /** Why reading cannot go on from here. */
  damage: Failure | undefined;
  private cached: { segment: number; bytes: Buffer } | undefined;

  constructor(disk: Disk, logDir: string) {
    this.disk = disk;
    this.logDir = logDir;
  }

  /** Reads on to the end of the log. One segment a step: `more` is true while there is another. */
  step(): { more: boolean } {
    if (this.damage !== undefined) return { more: false };
    const bytes = readSegment(this.disk, this.logDir, this.segment);
    this.cached = { segment: this.segment, bytes };
    this.offset = eachLine(bytes, this.offset, (line, offset) => this.take(line, { segment: this.segment, offset }));
    if (!this.fold.isEnded() || this.damage !== undefined) return { more: false };
    const next = this.fold.seq + 1;
    if (!listSegments(this.disk, this.logDir).some((file) => file.firstSeq === next)) return { more: false };
    this.segment = next;
    this.offset = 0;
    this.fold.nextSegment();
    return { more: true };
  }

  /** Reads on to the end in one go, blocking. */
  extend(): void {
    while (this.step().more);
  }

  /** Reads on to the end, giving way between segments. Throws FailureError `deadline-exceeded`. */
  async extendSliced(deadlineAt: number): Promise<void> {
    const startedAt = performance.now();
    while (this.step().more) {
      await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() > deadlineAt) {
        const afterMs = Math.round(performance.now() - startedAt);
        throw new FailureError({ code: 'deadline-exceeded', what: 'reading the log', afterMs });
      }
    }
  }

  /** Seqs of the commits that changed a stream, ascending. */
  seqsOf(stream: string): readonly number[] {
    return this.byStream.get(stream) ?? [];
  }

  streams(): IterableIterator<string> {
    return this.byStream.keys();
  }

  /** The commit with this seq; undefined if it is a seal or beyond the end. */
  commitAt(seq: number): FoldedCommit | undefined {
    const segment = this.segments[seq - 1];
    const offset = this.offsets[seq - 1];
    if (segment === undefined || offset === undefined) return undefined;
    const line = this.lineAt(segment, offset);
    const body = parseLine(line);
    if (body === undefined || isSeal(body)) return undefined;
    return { seq, sum: line.toString('latin1', line.length - 18, line.length - 2), commit: body };
  }

  /** The last seq before the first line that is later than `ms`. Clocks differ, so it is the first, not the nearest. */
  seqAtTime(ms: number): number {
    const later = this.times.findIndex((time) => time > ms);
    return later < 0 ? this.fold.seq : later;
  }

  /** Events of one stream, `fromVersion` on. */
  read(stream: string, fromVersion: number): Recorded[] {
    const recorded: Recorded[] = [];
    let version = 0;
    for (const seq of this.seqsOf(stream)) {
      const folded = this.commitAt(seq);
      if (folded === undefined) continue;
      for (const event of folded.commit.events) {
        if (event.stream !== stream) continue;
        version += 1;
        if (version >= fromVersion) recorded.push(recordOf(folded, event, version));
      }
    }
    return recorded;
  }

  /** One line by its place. Throws if the place is not in the log. */
  lineAt(segment: number, offset: number): Buffer {
    const cached = this.bytesOf(segment, offset);
    const end = cached.indexOf(10, offset);
    return cached.subarray(offset, end < 0 ? cached.length : end);
  }

  private bytesOf(segment: number, offset: number): Buffer {
    if (this.cached?.segment !== segment || this.cached.bytes.length <= offset) {
      this.cached = { segment, bytes: readSegment(this.disk, this.logDir, segment) };
    }
    return this.cached.bytes;
  }

  private take(line: RawLine, place: Place): boolean {
    const verdict = this.fold.offer(line, place);
    if (verdict.kind === 'damage') {
      const file = segmentPath(this.logDir, place.segment);
      this.damage = { code: 'store-damaged', file, offset: place.offset, why: verdict.why };
      return false;
    }
    if (verdict.kind !== 'valid' && verdict.kind !== 'seal') return true;
    this.segments.push(place.segment);
    this.offsets.push(place.offset);
    const at = verdict.kind === 'valid' ? verdict.folded.commit.at : verdict.seal.at;
    this.times.push(Date.parse(at));
    if (verdict.kind === 'valid') this.index(verdict.folded.commit, verdict.folded.seq);
    return true;
  }

  private index(commit: Commit, seq: number): void {
    for (const { stream } of commit.events) {
      const seqs = this.byStream.get(stream);
      if (seqs === undefined) this.byStream.set(stream, [seq]);
      else if (seqs.at(-1) !== seq) seqs.push(seq);
    }
  }
}

export function recordOf(folded: FoldedCommit, event: Commit['events'][number], version: number): Recorded {
  const { at, by } = folded.commit;
  const record: Recorded = { seq: folded.seq, version, at, by, type: event.type, patch: event.patch };
  if (event.data !== undefined) record.data = event.data;
  return record;
}
