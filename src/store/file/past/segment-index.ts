// The index of a segment: its lines by seq, time and stream. It is made by folding the segment, or read from the index
// file beside it, which is a cache. Used by segment-walk.ts, history.ts and admin/file/check-indexes.ts.

import { type Commit, headOf, type Seal, timeOf } from '../../commit.ts';
import type { Fold } from '../../fold.ts';

/** The state of a fold between two segments, without its heads. */
export interface FoldPosition {
  seq: number;
  chain: string;
  /** The SHA-256 in the last seal; '' before the first one. */
  sealed: string;
}

export function positionOf(fold: Fold): FoldPosition {
  return { seq: fold.seq, chain: fold.chain, sealed: fold.sealedSha };
}

/** The events of one stream in a segment. */
export interface StreamLines {
  /** The stream's version before the segment. */
  version: number;
  /** Its head after the last of these lines. */
  head: string;
  /**
   * The line of each event, numbered from 0 through the valid lines of the segment. Two events of one commit give the
   * same number twice.
   */
  lines: number[];
}

/** The head of a request stream, with its time and place. */
export type RequestHead = [
  stream: string,
  version: number,
  head: string,
  seq: number,
  atMs: number,
  segment: number,
  offset: number,
];

/** The index of a sealed segment, which does not change any more. */
export type SealedIndex = SegmentIndex & { after: FoldPosition };

export class SegmentIndex {
  readonly before: FoldPosition;
  /** Undefined while no seal ends the segment. */
  after: FoldPosition | undefined;
  /** The sum of the seal, which identifies the segment's bytes. */
  sealSum = '';
  /** The byte at which each valid line begins; the seal is the last one. */
  readonly offsets: number[] = [];
  /** The time of each of these lines by its writer's clock, in ms since the epoch; 0 if the line has none. */
  readonly times: number[] = [];
  /** The latest of these times. */
  latest = 0;
  /** All streams but those of requests, which are read at the place in their head. */
  readonly streams = new Map<string, StreamLines>();
  /** Heads of the request streams that this segment changed, as they are after its seal. */
  requests: RequestHead[] = [];
  private readonly requested = new Set<string>();

  constructor(before: FoldPosition) {
    this.before = before;
  }

  /** The segment's first seq, as in its name. */
  get segment(): number {
    return this.before.seq + 1;
  }

  /** The seq of the last valid line. */
  get seq(): number {
    return this.before.seq + this.offsets.length;
  }

  /** Adds the next valid commit. */
  add(offset: number, sum: string, commit: Commit): void {
    const line = this.offsets.length;
    this.addLine(offset, timeOf(commit.at));
    for (const { stream } of commit.events) {
      if (stream.startsWith('request/')) this.requested.add(stream);
      else this.addEvent(stream, commit.expect[stream]?.[0] ?? 0, headOf(sum), line);
    }
  }

  /** Adds the seal, the last line. Contract: `fold` has just folded it. */
  close(offset: number, sum: string, seal: Seal, fold: Fold): void {
    this.addLine(offset, timeOf(seal.at));
    this.sealSum = sum;
    this.after = positionOf(fold);
    for (const stream of this.requested) {
      const head = fold.heads.get(stream);
      // Leave out a request that expired at this seal.
      if (head?.place === undefined || head.atMs === undefined) continue;
      const { segment, offset: at } = head.place;
      this.requests.push([stream, head.version, head.head, head.seq, head.atMs, segment, at]);
    }
    this.requested.clear();
  }

  addLine(offset: number, time: number): void {
    this.offsets.push(offset);
    this.times.push(time);
    if (time > this.latest) this.latest = time;
  }

  private addEvent(stream: string, version: number, head: string, line: number): void {
    const known = this.streams.get(stream);
    if (known === undefined) {
      this.streams.set(stream, { version, head, lines: [line] });
      return;
    }
    known.head = head;
    known.lines.push(line);
  }
}
