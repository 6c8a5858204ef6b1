// Writes the checkpoint of a running server so that no call waits for it: its text is made, summed and written in
// slices while commits go on, and only as often as the log has grown in proportion to it. Used by file-store.ts.

import { createHash, type Hash } from 'node:crypto';
import { TRAILER_BYTES } from '../../commit.ts';
import { type Fold, stateOf } from '../../fold.ts';
import { isKnownFormat } from '../../formats.ts';
import { type Disk, errnoOf, replaceFileGently } from '../disk.ts';
import { inSlices, type Steps } from '../past/slices.ts';
import { sumTrailer } from '../summed.ts';
import { checkpointPath } from './checkpoint.ts';

/** How many streams are taken into the text between two looks at the clock. */
const PART_STREAMS = 200;
const PART_BYTES = 256 * 1024;
/**
 * A checkpoint is written anew once the log has grown by one line for so many streams of it. To fold the lines since
 * then costs an opener less than to read the checkpoint, and the cost of writing it stays bounded for each commit.
 */
const STREAMS_PER_COMMIT = 100;

/** What of a log a checkpoint is made from. */
interface FoldedLog {
  readonly fold: Fold;
  readonly segment: number;
  readonly format: number;
  readonly lastLine: Readonly<{ end: number; sum: string }>;
}

interface Known {
  segment: number;
  seq: number;
}

/** A checkpoint's text at one place of the log. Written later, once the documents of its commits are. */
export interface PreparedCheckpoint {
  seq: number;
  segment: number;
  parts: Buffer[];
}

export class CheckpointWriter {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly log: FoldedLog;
  /** What the file was when it was last read or written, and what it says. */
  private read: { stamp: string; known: Known | undefined } | undefined;

  constructor(disk: Disk, dir: string, log: FoldedLog) {
    this.disk = disk;
    this.dir = dir;
    this.log = log;
  }

  /** The place of the checkpoint on disk; undefined if there is none whose sum is sound. */
  async known(): Promise<Known | undefined> {
    const stamp = this.stamp();
    if (this.read?.stamp !== stamp) {
      const known = stamp === '' ? undefined : await inSlices(knownIn(this.disk, checkpointPath(this.dir)));
      this.read = { stamp, known };
    }
    return this.read.known;
  }

  /**
   * The text of a checkpoint at the place of the log at which this resolves; undefined if the one on disk will do, or
   * if no place fits the fold, as after a seal that is not followed yet.
   */
  async prepare(): Promise<PreparedCheckpoint | undefined> {
    const { log } = this;
    const known = await this.known();
    const grown = log.fold.seq - (known?.seq ?? 0);
    // A segment is compressed only once the checkpoint has left it.
    if (known?.segment === log.segment && grown < log.fold.heads.size / STREAMS_PER_COMMIT) return undefined;
    if (grown <= 0) return undefined;
    return inSlices(preparing(log));
  }

  /** Replaces the checkpoint, unless there is a later one. `check` throws if the store is no longer this one. */
  async save({ seq, segment, parts }: PreparedCheckpoint, durable: boolean, check: () => boolean): Promise<void> {
    const isNewer = async () => ((await this.known())?.seq ?? 0) < seq;
    if (!(await isNewer())) return;
    const path = checkpointPath(this.dir);
    const before = this.stamp();
    const mayReplace = () => check() && this.stamp() === before;
    if (!(await replaceFileGently(this.disk, path, summed(parts), { durable, mayReplace }))) return;
    this.read = { stamp: this.stamp(), known: { segment, seq } };
  }

  private stamp(): string {
    const stat = this.disk.stat(checkpointPath(this.dir));
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  }
}

/**
 * Takes in all streams while commits go on. In the last step, which nothing interrupts, those that have changed
 * meanwhile are taken in once more: of two equal keys JSON has the last. Yields wherever it may be interrupted.
 */
function* preparing(log: FoldedLog): Steps<PreparedCheckpoint | undefined> {
  const { fold } = log;
  const changed = new Set<string>();
  fold.changes.add(changed);
  try {
    for (;;) {
      const { sealedSha } = fold;
      const parts = yield* streamParts(fold);
      // A seal forgets requests, which the text would still have.
      if (fold.sealedSha !== sealedSha) continue;
      return fold.isEnded() ? undefined : completed(log, parts, changed);
    }
  } finally {
    fold.changes.delete(changed);
  }
}

function* streamParts(fold: Fold): Generator<void, Buffer[]> {
  const parts: Buffer[] = [];
  let texts: string[] = [];
  for (const [stream, head] of fold.heads) {
    texts.push(`${JSON.stringify(stream)}:${JSON.stringify(stateOf(head))},`);
    if (texts.length < PART_STREAMS) continue;
    parts.push(Buffer.from(texts.join('')));
    texts = [];
    yield;
  }
  return [...parts, Buffer.from(texts.join(''))];
}

function completed(log: FoldedLog, parts: Buffer[], changed: ReadonlySet<string>): PreparedCheckpoint {
  const { fold, format, segment, lastLine } = log;
  const { end: offset, sum: lineSum } = lastLine;
  const at = new Date().toISOString();
  const begin = JSON.stringify({ format, segment, offset, lineSum, at, fold: fold.place() });
  const again = [...changed].flatMap((stream) => {
    const head = fold.heads.get(stream);
    return head === undefined ? [] : `${JSON.stringify(stream)}:${JSON.stringify(stateOf(head))},`;
  });
  // Every stream stands before a comma, and the last one's goes.
  const streams = [...parts, Buffer.from(again.join(''))].filter(({ length }) => length > 0);
  const last = streams.pop()?.subarray(0, -1);
  const end = JSON.stringify(fold.besides()).slice(1);
  return {
    seq: fold.seq,
    segment,
    parts: [
      Buffer.from(`${begin.slice(0, -2)},"streams":{`),
      ...streams,
      ...(last === undefined ? [] : [last]),
      Buffer.from(`},${end}`),
    ],
  };
}

/** The parts with the sum behind them. */
function* summed(parts: readonly Buffer[]): Generator<Buffer> {
  const hash = createHash('sha256');
  for (const part of parts) yield update(hash, part);
  yield Buffer.from(sumTrailer(hash));
}

function update(hash: Hash, part: Buffer): Buffer {
  hash.update(part);
  return part;
}

/** Reads a checkpoint's sum and the place that it names, and parses nothing else. */
function* knownIn(disk: Disk, path: string): Steps<Known | undefined> {
  try {
    const fd = disk.open(path, 'read');
    try {
      return yield* knownFrom(disk, fd, disk.fstat(fd).size);
    } finally {
      disk.close(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function* knownFrom(disk: Disk, fd: number, size: number): Steps<Known | undefined> {
  const hash = createHash('sha256');
  const end = size - TRAILER_BYTES;
  const part = Buffer.allocUnsafe(PART_BYTES);
  let begin = '';
  for (let done = 0; done < end; ) {
    const count = disk.read(fd, part, 0, Math.min(part.length, end - done), done);
    if (count === 0) return undefined;
    if (done === 0) begin = part.toString('utf8', 0, Math.min(count, 1_000));
    hash.update(part.subarray(0, count));
    done += count;
    yield;
  }
  const trailer = Buffer.alloc(TRAILER_BYTES);
  if (end < 0 || disk.read(fd, trailer, 0, TRAILER_BYTES, end) < TRAILER_BYTES) return undefined;
  if (trailer.toString('latin1') !== sumTrailer(hash)) return undefined;
  const found = /^\{"format":(\d+),"segment":(\d+),[^{}]*"fold":\{"seq":(\d+),/.exec(begin);
  if (found === null || !isKnownFormat(Number(found[1]))) return undefined;
  return { segment: Number(found[2]), seq: Number(found[3]) };
}
