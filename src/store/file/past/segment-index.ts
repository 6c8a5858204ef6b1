// What a segment holds, by seq, by time and by stream: made by folding it, or read from the index file beside it, which
// is a cache. Used by segment-walk.ts, history.ts and doctor.

import { type Commit, headOf, type Seal, timeOf } from '../../commit.ts';
import type { Fold } from '../../fold.ts';

/** Where a fold stands between two segments. */
export interface Standing {
  seq: number;
  chain: string;
  /** SHA-256 that the last seal names; '' before the first. */
  sealed: string;
}

export function standingOf(fold: Fold): Standing {
  return { seq: fold.seq, chain: fold.chain, sealed: fold.sealedSha };
}

/** The events of one stream in a segment. */
export interface StreamLines {
  /** The stream's version before the segment. */
  version: number;
  /** Its head after the last of these lines. */
  head: string;
  /** For each event its line, 0 for the first that counts in the segment; one twice for two events of one commit. */
  lines: number[];
}

/** The head of a request stream, with its place and time. */
export type RequestHead = [
  stream: string,
  version: number,
  head: string,
  seq: number,
  atMs: number,
  segment: number,
  offset: number,
];

/** That of a sealed segment: it does not change any more. */
export type SealedIndex = SegmentIndex & { after: Standing };

export class SegmentIndex {
  readonly before: Standing;
  /** Undefined while no seal ends the segment. */
  after: Standing | undefined;
  /** The seal's sum, which tells that an index belongs to these bytes. */
  sealSum = '';
  /** Where each line that counts begins. The seal is the last. */
  readonly offsets: number[] = [];
  /** When each was written, by its writer's clock: ms since the epoch, 0 where the line does not say. */
  readonly times: number[] = [];
  /** The latest of these times. */
  latest = 0;
  /** All but request streams: whoever looks for one of those has its place in its head. */
  readonly streams = new Map<string, StreamLines>();
  /** Request streams of this segment as the fold had them after the seal. */
  requests: RequestHead[] = [];
  private readonly requested = new Set<string>();

  constructor(before: Standing) {
    this.before = before;
  }

  /** The segment's first seq, as in its name. */
  get segment(): number {
    return this.before.seq + 1;
  }

  /** Seq of the last line. */
  get seq(): number {
    return this.before.seq + this.offsets.length;
  }

  /** Takes the next line that counts, a commit. */
  add(offset: number, sum: string, commit: Commit): void {
    const line = this.offsets.length;
    this.addLine(offset, timeOf(commit.at));
    for (const { stream } of commit.events) {
      if (stream.startsWith('request/')) this.requested.add(stream);
      else this.addEvent(stream, commit.expect[stream]?.[0] ?? 0, headOf(sum), line);
    }
  }

  /** Takes the seal, the last line. Contract: `fold` has just folded it. */
  close(offset: number, sum: string, seal: Seal, fold: Fold): void {
    this.addLine(offset, timeOf(seal.at));
    this.sealSum = sum;
    this.after = standingOf(fold);
    for (const stream of this.requested) {
      const head = fold.heads.get(stream);
      // One that the seal made the fold forget is of no use to anybody.
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
