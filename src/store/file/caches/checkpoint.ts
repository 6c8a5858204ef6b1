// The checkpoint: a cache of the fold, so that opening a store need not read its whole log. It is used only if the line
// that it names is still at its place; deleting it costs nothing but time at the next opening. Used by log/opening.ts,
// file-store.ts and admin/file.

import { isSeal, parseLine, soundSum } from '../../commit.ts';
import type { FoldState } from '../../fold.ts';
import { isKnownFormat } from '../../formats.ts';
import { type Disk, replaceFile } from '../disk.ts';
import { listSegments, readCompressed, type SegmentFile, segmentPath } from '../segments.ts';
import { decodeSummed, encodeSummed } from '../summed.ts';

/** How much of a file's end is read first: many lines. */
const WINDOW_BYTES = 64 * 1024;

export interface Checkpoint {
  /** The store's at this place: a program that does not know it must fold the log, and meet what raised it. */
  format: number;
  segment: number;
  /** The byte after the newline of the last valid commit of the segment. */
  offset: number;
  /** The sum of that line; '' at the start of a segment. (The file ends with a `sum` of its own.) */
  lineSum: string;
  at: string;
  fold: FoldState;
}

export function checkpointPath(dir: string): string {
  return `${dir}/checkpoint.json`;
}

/** Reads the checkpoint; undefined if there is none, or it is unreadable, altered or of a newer format. */
export function readCheckpoint(disk: Disk, dir: string): Checkpoint | undefined {
  try {
    // Check its sum: a checkpoint decides which lines are valid, so a flipped bit in it must not be believed.
    const parsed = decodeSummed(disk.readFile(checkpointPath(dir)));
    return isCheckpoint(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/**
 * True if the segment is the one that the checkpoint knew: right before the offset it still has the whole line at which
 * the checkpoint was made, with sound bytes, and the segment before ends with the seal that the fold names. A seal has
 * the hash of its segment and of the one before, so other files with the same names do not pass.
 */
export function fitsLog(disk: Disk, logDir: string, checkpoint: Checkpoint): boolean {
  const { segment, offset, lineSum, fold } = checkpoint;
  // Made right after a seal: there is no line yet, and the segment's name gives the seq.
  const atStart = offset === 0 && lineSum === '' && segment === fold.seq + 1;
  if (!atStart && soundLineBefore(disk, segmentPath(logDir, segment), offset) !== lineSum) return false;
  if (disk.stat(segmentPath(logDir, segment)) === undefined) return false;
  const before = listSegments(disk, logDir).filter(({ firstSeq }) => firstSeq < segment);
  const [last] = before.slice(-1);
  // Opening reports a log without its first segment.
  if (last === undefined) return segment > 1 || fold.sealed === '';
  return sealedAs(disk, logDir, last, fold.sealed);
}

/** The sum of the line that ends right before an offset; undefined if there is none or its bytes are not sound. */
function soundLineBefore(disk: Disk, path: string, offset: number): string | undefined {
  for (let about = WINDOW_BYTES; ; about *= 4) {
    const start = Math.max(0, offset - about);
    const bytes = readAt(disk, path, start, offset - start);
    if (bytes === undefined || bytes.at(-1) !== 10) return undefined;
    const begin = bytes.lastIndexOf(10, bytes.length - 2) + 1;
    if (begin > 0 || start === 0) return soundSum(bytes.subarray(begin, -1));
  }
}

/** Whether a segment's last seal names this hash. Looks at the end only: few void lines, if any, follow a seal. */
function sealedAs(disk: Disk, logDir: string, segment: SegmentFile, sealed: string): boolean {
  const path = segmentPath(logDir, segment.firstSeq);
  const size = disk.stat(path)?.size ?? 0;
  const start = Math.max(0, size - WINDOW_BYTES);
  const bytes = segment.compressed
    ? readCompressed(disk, logDir, segment.firstSeq)
    : readAt(disk, path, start, size - start);
  if (bytes === undefined) return false;
  let found = false;
  const from = segment.compressed ? Math.max(0, bytes.length - WINDOW_BYTES) : 0;
  for (const line of bytes.subarray(from).toString('latin1').split('\n')) {
    if (!line.includes('"seal"')) continue;
    const raw = Buffer.from(line, 'latin1');
    const body = soundSum(raw) === undefined ? undefined : parseLine(raw);
    if (isSeal(body)) found = body.seal.sha256 === sealed;
  }
  return found;
}

function readAt(disk: Disk, path: string, offset: number, length: number): Buffer | undefined {
  if (disk.stat(path) === undefined) return undefined;
  const fd = disk.open(path, 'read');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let count = 0;
    for (let took = 1; took > 0 && count < length; count += took)
      took = disk.read(fd, bytes, count, length - count, offset + count);
    return count === length ? bytes : undefined;
  } finally {
    disk.close(fd);
  }
}

/**
 * Replaces the checkpoint. Contract: the log up to `offset` is durable, and so are the documents of all commits before
 * it.
 */
export function writeCheckpoint(disk: Disk, dir: string, checkpoint: Checkpoint, durable: boolean): void {
  replaceFile(disk, checkpointPath(dir), Buffer.from(encodeSummed(checkpoint)), { durable });
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value) || !isKnownFormat(value.format)) return false;
  if (!('segment' in value) || !('offset' in value) || !('lineSum' in value) || !('fold' in value)) return false;
  const { fold } = value;
  if (typeof fold !== 'object' || fold === null || !('streams' in fold) || !('seq' in fold)) return false;
  return typeof value.segment === 'number' && typeof value.offset === 'number' && typeof value.lineSum === 'string';
}
