// The history: every valid line by seq, time and stream, for answers about the past, and for a document whose file is
// gone. Reads only the lines that it needs where an index file tells which, but trusts no index file: what it finds by
// one must prove consistent, or the log itself is folded. Used by file-store.ts.

import { FailureError } from '../../../failure/failure.ts';
import { type Commit, headOf, isSeal, parseLine, type Seen, soundSum } from '../../commit.ts';
import type { FoldedCommit, Place, StreamHead } from '../../fold.ts';
import type { Recorded } from '../../port.ts';
import type { Disk } from '../disk.ts';
import { segmentPath } from '../segments.ts';
import type { SegmentIndex } from './segment-index.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentWalk } from './segment-walk.ts';
import { atOnce, inSlices, type Steps } from './slices.ts';

export class History {
  private readonly disk: Disk;
  private readonly logDir: string;
  private readonly folded: () => Seen;
  private readonly reader: SegmentReader;
  private walk: SegmentWalk;

  /** `folded` returns the seq and chain value up to which the store has folded the log. */
  constructor(disk: Disk, logDir: string, folded: () => Seen) {
    this.disk = disk;
    this.logDir = logDir;
    this.folded = folded;
    this.reader = new SegmentReader(disk, logDir);
    this.walk = this.startOver(true);
  }

  /** Events of a stream from a version on, up to `head`, blocking. Throws FailureError `store-damaged`. */
  read(stream: string, fromVersion: number, head: StreamHead): Recorded[] {
    if (head.place !== undefined) return this.readOne(stream, head, head.place);
    return atOnce(this.readSteps(stream, fromVersion, head));
  }

  /**
   * As `read`, in slices that let other calls run. Also rejects with FailureError `deadline-exceeded` once the signal
   * is aborted.
   */
  async readSliced(stream: string, fromVersion: number, head: StreamHead, signal?: AbortSignal): Promise<Recorded[]> {
    if (head.place !== undefined) return this.readOne(stream, head, head.place);
    return inSlices(this.readSteps(stream, fromVersion, head), signal);
  }

  /** At most `limit` valid commits after a seq and up to `newest`, in slices. Rejects like `readSliced`. */
  commits(afterSeq: number, newest: number, limit: number, signal?: AbortSignal): Promise<FoldedCommit[]> {
    return inSlices(this.commitSteps(afterSeq, newest, limit), signal);
  }

  /**
   * The seq right before the first line with a time later than `ms`, at most `newest`, in slices. Times may go
   * backwards, because clocks differ; the first later line in the order of the log decides. Rejects like `readSliced`.
   */
  seqAtTime(ms: number, newest: number, signal?: AbortSignal): Promise<number> {
    return inSlices(this.timeSteps(ms, newest), signal);
  }

  /** The only event of a request stream, read at its place: answering a repeat needs no walk over the log. */
  private readOne(stream: string, head: StreamHead, { segment, offset }: Place): Recorded[] {
    const found = this.lineAt(segment, offset);
    const event = found?.commit.events.find((candidate) => candidate.stream === stream);
    if (found === undefined || event === undefined) throw this.lost(segment, offset);
    return [recordOf({ seq: head.seq, ...found }, event, 1)];
  }

  private startOver(trusting: boolean): SegmentWalk {
    const { disk, logDir, reader } = this;
    return new SegmentWalk({ disk, logDir, reader, trusting });
  }

  /**
   * Walks on to the end of the log, which has at least `newest` lines. Throws FailureError if there is damage before
   * line `newest`.
   */
  private *toTheEnd(newest: number): Steps<SegmentWalk> {
    for (;;) {
      const { walk } = this;
      while (this.walk === walk && walk.step()) yield;
      if (this.walk !== walk) continue;
      if (walk.trusting && !this.agrees(walk)) {
        this.distrust(walk);
        continue;
      }
      // Lines behind damage are unknown, so an answer up to `newest` would have a gap.
      if (walk.seq < newest && walk.damage !== undefined) throw new FailureError(walk.damage);
      return walk;
    }
  }

  /**
   * False if the walk found damage, or fewer or other lines than the store has folded; a wrong index file may be the
   * reason.
   */
  private agrees(walk: SegmentWalk): boolean {
    const [seq, chain] = this.folded();
    return walk.damage === undefined && walk.seq >= seq && (walk.chainAt(seq) ?? chain) === chain;
  }

  /** Starts over without index files, after one has proved inconsistent: from now on every segment is folded. */
  private distrust(walk: SegmentWalk): void {
    if (this.walk === walk) this.walk = this.startOver(false);
  }

  private *readSteps(stream: string, fromVersion: number, head: StreamHead): Steps<Recorded[]> {
    for (;;) {
      const walk = yield* this.toTheEnd(head.seq);
      const events = yield* this.eventsIn(walk, stream, fromVersion, head);
      if (events !== undefined) return events;
      this.distrust(walk);
    }
  }

  /**
   * The events of a stream. What each commit expected of the stream, and `head` at the end, prove that none is missing.
   * Undefined if the proof fails and a wrong index file may be the reason.
   */
  private *eventsIn(
    walk: SegmentWalk,
    stream: string,
    fromVersion: number,
    head: StreamHead,
  ): Steps<Recorded[] | undefined> {
    const events: Recorded[] = [];
    let version = 0;
    let last: string | undefined = '';
    for (const index of walk.indexes) {
      for (const [line, count] of commitsOf(index, stream)) {
        // Stop at `head`: the file may have lines that the store has not folded yet.
        if (version >= head.version) break;
        version += count;
        if (version < fromVersion) {
          last = undefined;
          continue;
        }
        const folded = this.commitIn(walk, index, line);
        if (folded === undefined) return undefined;
        const [before, headThen] = folded.commit.expect[stream] ?? [];
        const own = folded.commit.events.filter((event) => event.stream === stream);
        const follows = before === version - count && (last === undefined || last === headThen);
        if (walk.trusting && !(follows && own.length === count)) return undefined;
        for (const [at, event] of own.entries()) {
          const each = version - count + at + 1;
          if (each >= fromVersion) events.push(recordOf(folded, event, each));
        }
        last = headOf(folded.sum);
        yield;
      }
    }
    const proven = version === head.version && (last === undefined || last === head.head);
    return proven || !walk.trusting ? events : undefined;
  }

  private *commitSteps(afterSeq: number, newest: number, limit: number): Steps<FoldedCommit[]> {
    for (;;) {
      const walk = yield* this.toTheEnd(newest);
      const commits = yield* this.commitsIn(walk, afterSeq, newest, limit);
      if (commits !== undefined) return commits;
      this.distrust(walk);
    }
  }

  private *commitsIn(
    walk: SegmentWalk,
    afterSeq: number,
    newest: number,
    limit: number,
  ): Steps<FoldedCommit[] | undefined> {
    const commits: FoldedCommit[] = [];
    for (const index of walk.indexes) {
      const { before, offsets } = index;
      for (let line = Math.max(0, afterSeq - before.seq); line < offsets.length; line += 1) {
        if (commits.length >= limit || before.seq + line >= newest) return commits;
        if (index.after !== undefined && line === offsets.length - 1) continue;
        const folded = this.commitIn(walk, index, line);
        if (folded === undefined) return undefined;
        commits.push(folded);
        yield;
      }
    }
    return commits;
  }

  private *timeSteps(ms: number, newest: number): Steps<number> {
    const walk = yield* this.toTheEnd(newest);
    const index = walk.indexes.find(({ latest }) => latest > ms);
    if (index === undefined) return newest;
    return Math.min(newest, index.before.seq + index.times.findIndex((time) => time > ms));
  }

  /**
   * The commit of a line. Undefined if the line is no commit and a wrong index file may be the reason; else throws
   * FailureError `store-damaged`.
   */
  private commitIn(walk: SegmentWalk, index: SegmentIndex, line: number): FoldedCommit | undefined {
    const offset = index.offsets[line];
    const found = offset === undefined ? undefined : this.lineAt(index.segment, offset);
    if (found !== undefined) return { seq: index.before.seq + line + 1, ...found };
    if (walk.trusting) return undefined;
    throw this.lost(index.segment, offset ?? 0);
  }

  private lineAt(segment: number, offset: number): { sum: string; commit: Commit } | undefined {
    const line = this.reader.lineAt(segment, offset);
    const sum = line === undefined ? undefined : soundSum(line);
    const commit = line === undefined || sum === undefined ? undefined : parseLine(line);
    return sum === undefined || commit === undefined || isSeal(commit) ? undefined : { sum, commit };
  }

  private lost(segment: number, offset: number): FailureError {
    const why = 'a line that was read before is no longer there';
    return new FailureError({ code: 'store-damaged', file: segmentPath(this.logDir, segment), offset, why });
  }
}

/** The lines of a segment that changed a stream, each with its number of events of that stream. */
function* commitsOf(index: SegmentIndex, stream: string): Generator<[line: number, count: number]> {
  const lines = index.streams.get(stream)?.lines ?? [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? 0;
    let count = 1;
    while (lines[at + count] === line) count += 1;
    yield [line, count];
    at += count;
  }
}

function recordOf(folded: FoldedCommit, event: Commit['events'][number], version: number): Recorded {
  const { at, by } = folded.commit;
  const record: Recorded = { seq: folded.seq, version, at, by, type: event.type, patch: event.patch };
  if (event.data !== undefined) record.data = event.data;
  return record;
}
