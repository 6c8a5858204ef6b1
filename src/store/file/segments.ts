// The segment files of the log: their names and order, reading one as a whole, plain or compressed, and splitting it
// into lines. Used by the log, the history and admin/.

import { isAscii } from 'node:buffer';
import { FailureError } from '../../failure/failure.ts';
import type { RawLine } from '../commit.ts';
import { type Disk, errnoOf } from './disk.ts';
import { inflateSegment, inflateSegmentLater } from './gzip-members.ts';

/** `000000000001.jsonl` for the segment whose first line has seq 1. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.jsonl`;
}

export function segmentPath(logDir: string, firstSeq: number): string {
  return `${logDir}/${segmentName(firstSeq)}`;
}

export interface SegmentFile {
  firstSeq: number;
  plain: boolean;
  compressed: boolean;
}

/** The segments in the directory, by first seq. If a segment has both forms, readers use the compressed one. */
export function listSegments(disk: Disk, logDir: string): SegmentFile[] {
  const found = new Map<number, SegmentFile>();
  for (const name of disk.readdir(logDir)) {
    const match = /^(\d{12})\.jsonl(\.gz)?$/.exec(name);
    if (match === null) continue;
    const firstSeq = Number(match[1]);
    const entry = found.get(firstSeq) ?? { firstSeq, plain: false, compressed: false };
    if (match[2] === undefined) entry.plain = true;
    else entry.compressed = true;
    found.set(firstSeq, entry);
  }
  return [...found.values()].sort((a, b) => a.firstSeq - b.firstSeq);
}

/**
 * The inflated text of a segment; undefined if it has no compressed form. Throws FailureError `store-damaged` if it
 * cannot be inflated, or to more than its seal says.
 */
export function readCompressed(disk: Disk, logDir: string, firstSeq: number): Buffer | undefined {
  const path = `${segmentPath(logDir, firstSeq)}.gz`;
  if (disk.stat(path) === undefined) return undefined;
  const bytes = disk.readFile(path);
  try {
    return inflateSegment(bytes);
  } catch (error) {
    return notInflated(path, error);
  }
}

/** As `readCompressed`, inflating on another thread: tens of megabytes would hold up every call. */
export async function readCompressedLater(disk: Disk, logDir: string, firstSeq: number): Promise<Buffer | undefined> {
  const path = `${segmentPath(logDir, firstSeq)}.gz`;
  if (disk.stat(path) === undefined) return undefined;
  const bytes = disk.readFile(path);
  return inflateSegmentLater(bytes).catch((error) => notInflated(path, error));
}

/** How much of a plain segment is read before calls are answered again. */
const READ_BYTES = 2 * 1024 * 1024;

/** The text of a plain segment as it is when this begins, read in slices; undefined if it has no plain form. */
export async function readPlainLater(disk: Disk, logDir: string, firstSeq: number): Promise<Buffer | undefined> {
  const path = segmentPath(logDir, firstSeq);
  if (disk.stat(path) === undefined) return undefined;
  const fd = disk.open(path, 'read');
  try {
    const bytes = Buffer.allocUnsafe(disk.fstat(fd).size);
    let done = 0;
    while (done < bytes.length) {
      const count = disk.read(fd, bytes, done, Math.min(READ_BYTES, bytes.length - done), done);
      if (count === 0) break;
      done += count;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return bytes.subarray(0, done);
  } finally {
    disk.close(fd);
  }
}

function notInflated(path: string, error: unknown): never {
  // No fault of the file.
  if (errnoOf(error) === 'Z_MEM_ERROR') throw error;
  const long = errnoOf(error) === 'ERR_BUFFER_TOO_LARGE';
  const found = error instanceof Error ? error.message : 'unknown error';
  const why = long ? 'it decompresses to more than its seal says' : `it cannot be decompressed (${found})`;
  throw new FailureError({ code: 'store-damaged', file: path, offset: 0, why });
}

/** The whole text of a segment as it is now. Throws FailureError `store-damaged` if it has neither form. */
export function readSegment(disk: Disk, logDir: string, firstSeq: number): Buffer {
  const compressed = readCompressed(disk, logDir, firstSeq);
  if (compressed !== undefined) return compressed;
  const path = segmentPath(logDir, firstSeq);
  try {
    return disk.readFile(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    // It may have been compressed since the first look.
    const late = readCompressed(disk, logDir, firstSeq);
    if (late !== undefined) return late;
    throw new FailureError({ code: 'store-damaged', file: path, offset: 0, why: 'this segment is missing' });
  }
}

/** Decode lines in pieces of about this size, so that a segment of tens of megabytes is not in memory twice. */
const PIECE_BYTES = 256 * 1024;

/**
 * Calls `visit` for each terminated, non-empty line from `from` on, until it returns false. Returns the offset after
 * the last newline, or that of the line at which `visit` returned false.
 */
export function eachLine(bytes: Buffer, from: number, visit: (line: RawLine, offset: number) => boolean): number {
  let start = from;
  while (start < bytes.length) {
    const last = bytes.lastIndexOf(10, start + PIECE_BYTES);
    const end = last >= start ? last : bytes.indexOf(10, start);
    if (end < 0) return start;
    const next = eachLineOf(bytes.subarray(start, end + 1), start, visit);
    if (next <= end) return next;
    start = next;
  }
  return start;
}

/**
 * The lines of one piece, which starts at offset `base`. ASCII lines are passed as strings, which are much cheaper to
 * slice and hash than Buffers.
 */
function eachLineOf(piece: Buffer, base: number, visit: (line: RawLine, offset: number) => boolean): number {
  const whole: RawLine = isAscii(piece) ? piece.toString('latin1') : piece;
  let start = 0;
  while (start < piece.length) {
    const end = typeof whole === 'string' ? whole.indexOf('\n', start) : whole.indexOf(10, start);
    const line = typeof whole === 'string' ? whole.slice(start, end) : whole.subarray(start, end);
    if (end > start && !visit(line, base + start)) break;
    start = end + 1;
  }
  return base + start;
}
