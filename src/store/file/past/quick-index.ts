// Makes the index of a sealed segment without the heads before it, which only the indexes of all earlier segments tell:
// takes every sound line for valid, and compares the chain at the end with the one that the log's own fold has there.
// Used by index-segments.ts, whose walk is the way where that does not fit, as where lines lost races.

import { isSeal, parseLine, type RawLine, soundSum } from '../../commit.ts';
import { Fold } from '../../fold.ts';
import { eachLine } from '../segments.ts';
import { type FoldPosition, type SealedIndex, SegmentIndex } from './segment-index.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { Steps } from './slices.ts';

const STEP_BYTES = 256 * 1024;

/** The index of a segment; undefined unless its valid lines lead to the chain value `chainAt` its seal. */
export function* quickIndex(
  reader: SegmentReader,
  segment: number,
  chainAt: (seq: number) => string | undefined,
): Steps<SealedIndex | undefined> {
  const making = new Making(segment);
  for (let offset = 0; ; ) {
    const text = reader.textFrom(segment, offset, STEP_BYTES);
    const taken = eachLine(text, 0, (line, at) => making.take(line, offset + at));
    offset += taken;
    const { sealed } = making;
    if (sealed !== undefined) return chainAt(sealed.after.seq) === sealed.after.chain ? sealed : undefined;
    if (making.failed || taken === 0) return undefined;
    yield;
  }
}

class Making {
  sealed: SealedIndex | undefined;
  failed = false;
  private readonly segment: number;
  private begun: { before: FoldPosition; fold: Fold; index: SegmentIndex } | undefined;

  constructor(segment: number) {
    this.segment = segment;
  }

  /** Takes a line; false once no more are wanted. */
  take(line: RawLine, offset: number): boolean {
    const sum = soundSum(line);
    // A torn line.
    if (sum === undefined) return true;
    const body = parseLine(line);
    if (body === undefined) return true;
    const { before, fold, index } = this.begin(body.seen);
    const place = { segment: this.segment, offset };
    if (isSeal(body)) {
      before.sealed = body.seal.previous;
      if (fold.offer(line, place).kind !== 'seal') return this.fail();
      index.close(offset, sum, body, fold);
      this.sealed = index as SealedIndex;
      return false;
    }
    // Of a request that goes on the first line, which its head names, is in an earlier segment.
    for (const { stream } of body.events)
      if (stream.startsWith('request/') && fold.expected(stream)[0] !== body.expect[stream]?.[0]) return this.fail();
    fold.acceptOwn({ commit: body, line: '', sizeBytes: 0, sum }, place);
    index.add(offset, sum, body);
    return true;
  }

  /** Begins at the place that the first line names, if its writer knew all before the segment to be durable. */
  private begin([seq, chain]: readonly [number, string]): NonNullable<Making['begun']> {
    if (this.begun !== undefined) return this.begun;
    const before = { seq: this.segment - 1, chain: seq === this.segment - 1 ? chain : '', sealed: '' };
    const fold = new Fold({ from: { ...before, streams: {} } });
    this.begun = { before, fold, index: new SegmentIndex(before) };
    return this.begun;
  }

  private fail(): false {
    this.failed = true;
    return false;
  }
}
