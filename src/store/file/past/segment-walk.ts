// Walks over the segments in order and makes the index of each: from its index file if that fits the log, else by
// folding the segment. Used by history.ts for answers, and by index-segments.ts to write index files.

import type { Failure } from '../../../failure/failure.ts';
import { type RawLine, soundSum } from '../../commit.ts';
import { Fold, REQUEST_LIFE_MS, type StreamHead } from '../../fold.ts';
import type { Disk } from '../disk.ts';
import { eachLine, segmentPath } from '../segments.ts';
import { readIndex } from './index-file.ts';
import { type FoldPosition, type SealedIndex, SegmentIndex } from './segment-index.ts';
import type { SegmentReader } from './segment-reader.ts';

/** How much of a plain segment is folded in one step: one or two milliseconds. */
const STEP_BYTES = 256 * 1024;

export interface WalkParts {
  disk: Disk;
  logDir: string;
  reader: SegmentReader;
  /** False: do not use index files. */
  trusting: boolean;
  /** The walk ends before this segment; by default at the end of the log. */
  until?: number;
  /**
   * Called with the index of each sealed segment that was folded, because its index file was missing or did not fit.
   */
  onFolded?: (index: SealedIndex) => void;
}

export class SegmentWalk {
  /** The indexes so far, in order; only the last one may be of a segment without a seal. */
  readonly indexes: SegmentIndex[] = [];
  /** Why the walk cannot go on. */
  damage: Failure | undefined;
  readonly trusting: boolean;
  private readonly parts: WalkParts;
  /** The fold after the last index, or inside the segment that is being folded. Undefined after an index file. */
  private fold: Fold | undefined;
  /** The heads after the last index. */
  private heads = new Map<string, StreamHead>();
  private folding: SegmentIndex | undefined;
  private offset = 0;

  constructor(parts: WalkParts) {
    this.parts = parts;
    this.trusting = parts.trusting;
  }

  /** The seq of the last valid line so far. */
  get seq(): number {
    return this.indexes.at(-1)?.seq ?? 0;
  }

  /**
   * The chain value after a seq, where known: at the start of the last segment, and inside a segment that is being
   * folded. Undefined elsewhere.
   */
  chainAt(seq: number): string | undefined {
    const last = this.indexes.at(-1);
    return last?.before.seq === seq ? last.before.chain : this.fold?.chainAt(seq);
  }

  /**
   * Walks on by a part of a segment; false at the present end of the log, and at damage. Throws FailureError
   * `store-damaged` if a segment is missing or cannot be inflated, and file errors.
   */
  step(): boolean {
    if (this.damage !== undefined) return false;
    return this.folding === undefined ? this.enter() : this.foldOn(this.folding);
  }

  private enter(): boolean {
    const { disk, logDir, until, trusting } = this.parts;
    const before: FoldPosition = this.indexes.at(-1)?.after ?? { seq: 0, chain: '', sealed: '' };
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

  /**
   * The index file of a segment; undefined unless it begins at this state of the fold and belongs to the segment's
   * bytes.
   */
  private fitting(segment: number, before: FoldPosition): SealedIndex | undefined {
    const { disk, logDir, reader } = this.parts;
    const index = readIndex(disk, logDir, segment);
    if (index === undefined) return undefined;
    const { seq, chain, sealed } = index.before;
    if (seq !== before.seq || chain !== before.chain || sealed !== before.sealed) return undefined;
    // Comparing the seal is enough: it has the hash of all bytes before it, and no two seals are equal.
    const seal = reader.lineAt(segment, index.offsets.at(-1) ?? 0);
    return seal !== undefined && soundSum(seal) === index.sealSum ? index : undefined;
  }

  /** Updates the heads as folding the segment would. */
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

  private foldFrom(before: FoldPosition): Fold {
    const fold = this.fold ?? new Fold({ from: { ...before, streams: {} } });
    if (this.fold === undefined) for (const [stream, head] of this.heads) fold.heads.set(stream, head);
    fold.nextSegment();
    // From here on the fold updates these heads.
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
