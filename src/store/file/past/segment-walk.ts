// Goes over the segments in order and knows what each holds: from its index file where that fits, else by folding it.
// Used by history.ts for answers, by maintenance and doctor to write the index files.

import type { Failure } from '../../../failure/failure.ts';
import { type RawLine, soundSum } from '../../commit.ts';
import { Fold, REQUEST_LIFE_MS, type StreamHead } from '../../fold.ts';
import type { Disk } from '../disk.ts';
import { eachLine, segmentPath } from '../segments.ts';
import { readIndex } from './index-file.ts';
import { type SealedIndex, SegmentIndex, type Standing } from './segment-index.ts';
import type { SegmentReader } from './segment-reader.ts';

/** What is folded in one step of a plain segment: a millisecond or two. */
const STEP_BYTES = 256 * 1024;

export interface WalkParts {
  disk: Disk;
  logDir: string;
  reader: SegmentReader;
  /** False: index files are not looked at. */
  trusting: boolean;
  /** The walk ends before this segment. Default: at the end of the log. */
  until?: number;
  /** Called with what has been folded of a sealed segment, since its index file was missing or did not fit. */
  onFolded?: (index: SealedIndex) => void;
}

export class SegmentWalk {
  /** In order; only the last may be without its seal. */
  readonly indexes: SegmentIndex[] = [];
  /** Why the walk cannot go on. */
  damage: Failure | undefined;
  readonly trusting: boolean;
  private readonly parts: WalkParts;
  /** Stands after the last index, or in the segment that is being folded. Undefined after an index file. */
  private fold: Fold | undefined;
  /** Heads after the last index. */
  private heads = new Map<string, StreamHead>();
  private folding: SegmentIndex | undefined;
  private offset = 0;

  constructor(parts: WalkParts) {
    this.parts = parts;
    this.trusting = parts.trusting;
  }

  /** Seq of the last line met so far. */
  get seq(): number {
    return this.indexes.at(-1)?.seq ?? 0;
  }

  /** The chain value after a line of the segment that is being folded, or right before it; undefined for any other. */
  chainAt(seq: number): string | undefined {
    const last = this.indexes.at(-1);
    return last?.before.seq === seq ? last.before.chain : this.fold?.chainAt(seq);
  }

  /**
   * Goes on by a part of a segment; false at the present end of the log, or at damage. Throws FailureError
   * `store-damaged` if a segment is missing or cannot be decompressed, and file errors.
   */
  step(): boolean {
    if (this.damage !== undefined) return false;
    return this.folding === undefined ? this.enter() : this.foldOn(this.folding);
  }

  private enter(): boolean {
    const { disk, logDir, until, trusting } = this.parts;
    const before: Standing = this.indexes.at(-1)?.after ?? { seq: 0, chain: '', sealed: '' };
    const segment = before.seq + 1;
    if (until !== undefined && segment >= until) return false;
    const path = segmentPath(logDir, segment);
    if (segment > 1 && disk.stat(path) === undefined && disk.stat(`${path}.gz`) === undefined) return false;
    const known = trusting ? this.fitting(segment, before) : undefined;
    if (known === undefined) {
      this.fold = this.foldFrom(before);
      this.folding = new SegmentIndex(before);
      this.offset = 0;
    } else {
      this.fold = undefined;
      this.apply(known);
    }
    this.indexes.push(known ?? (this.folding as SegmentIndex));
    return true;
  }

  /** The index file of a segment, if it goes on from where we stand and speaks of the bytes that are there. */
  private fitting(segment: number, before: Standing): SealedIndex | undefined {
    const { disk, logDir, reader } = this.parts;
    const index = readIndex(disk, logDir, segment);
    if (index === undefined) return undefined;
    const { seq, chain, sealed } = index.before;
    if (seq !== before.seq || chain !== before.chain || sealed !== before.sealed) return undefined;
    // The seal holds the hash of all bytes before it, and no two seals are the same.
    const seal = reader.lineAt(segment, index.offsets.at(-1) ?? 0);
    return seal !== undefined && soundSum(seal) === index.sealSum ? index : undefined;
  }

  /** Does to the heads what folding the segment would do. */
  private apply(index: SealedIndex): void {
    const { heads } = this;
    for (const [stream, { version, head, lines }] of index.streams) {
      const seq = index.before.seq + 1 + (lines.at(-1) ?? 0);
      heads.set(stream, { version: version + lines.length, head, seq });
    }
    for (const [stream, version, head, seq, atMs, segment, offset] of index.requests)
      heads.set(stream, { version, head, seq, atMs, place: { segment, offset } });
    index.requests = [];
    const sealMs = index.times.at(-1) ?? 0;
    for (const [stream, { atMs }] of heads)
      if (atMs !== undefined && sealMs - atMs >= REQUEST_LIFE_MS) heads.delete(stream);
  }

  private foldFrom(before: Standing): Fold {
    const fold = this.fold ?? new Fold({ from: { ...before, streams: {} } });
    if (this.fold === undefined) for (const [stream, head] of this.heads) fold.heads.set(stream, head);
    fold.nextSegment();
    // From here on the fold keeps them.
    this.heads = fold.heads;
    return fold;
  }

  private foldOn(index: SegmentIndex): boolean {
    const base = this.offset;
    const text = this.parts.reader.textFrom(index.segment, base, STEP_BYTES);
    this.offset += eachLine(text, 0, (line, at) => this.take(index, line, base + at));
    if (this.offset > base) return this.damage === undefined;
    if (!isSealed(index)) return false;
    this.folding = undefined;
    this.parts.onFolded?.(index);
    index.requests = [];
    return true;
  }

  private take(index: SegmentIndex, line: RawLine, offset: number): boolean {
    const { segment } = index;
    const fold = this.fold as Fold;
    const verdict = fold.offer(line, { segment, offset });
    if (verdict.kind === 'valid') index.add(offset, verdict.folded.sum, verdict.folded.commit);
    else if (verdict.kind === 'seal') index.close(offset, soundSum(line) ?? '', verdict.seal, fold);
    else if (verdict.kind === 'damage') {
      const file = segmentPath(this.parts.logDir, segment);
      this.damage = { code: 'store-damaged', file, offset, why: verdict.why };
      return false;
    }
    return true;
  }
}

function isSealed(index: SegmentIndex): index is SealedIndex {
  return index.after !== undefined;
}
