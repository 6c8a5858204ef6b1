// Reads the events of a stream from the newest back, in the plain text of the log, for callers that need only the last
// few and have not folded the past. Each commit names the head that it expected, so the events found prove to be all.
// Leaves compressed segments to history.ts. Used by file-store.ts.

import { headOf, isSeal, parseLine, soundSum } from '../../commit.ts';
import type { PastEvent } from '../../port.ts';
import { type Disk, errnoOf } from '../disk.ts';
import { listSegments, segmentPath } from '../segments.ts';
import type { Steps } from './slices.ts';

/** How much is searched in one step: a few milliseconds, even if every line is of the stream. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Passes the events to `visit`, the newest first, until it returns false. `from` is the stream's present version and
 * head. Returns the version of the newest event not visited; 0 if all were, or `visit` returned false.
 */
export function* readBackwards(
  { disk, logDir }: { disk: Disk; logDir: string },
  stream: string,
  from: { version: number; head: string },
  visit: (event: PastEvent) => boolean,
): Steps<number> {
  let { version, head } = from;
  const needle = Buffer.from(`"stream":${JSON.stringify(stream)}`);
  for (const { firstSeq, compressed } of listSegments(disk, logDir).reverse()) {
    if (compressed || version === 0) break;
    for (const lines of windowsOf(disk, segmentPath(logDir, firstSeq))) {
      for (const line of linesWith(lines, needle)) {
        const sum = soundSum(line);
        // Skip void lines and second copies: the next commit did not expect their head.
        if (sum === undefined || headOf(sum) !== head) continue;
        const commit = parseLine(line);
        if (commit === undefined || isSeal(commit)) return version;
        for (const { stream: of, patch } of commit.events.toReversed())
          if (of === stream && !visit({ at: commit.at, by: commit.by, patch })) return 0;
        [version, head] = commit.expect[stream] ?? [0, ''];
        if (version === 0) return 0;
      }
      yield;
    }
  }
  return version;
}

/**
 * The file's whole lines in windows, the last window first. Ends early if the file is gone, because it was compressed
 * meanwhile.
 */
function* windowsOf(disk: Disk, path: string): Generator<Buffer> {
  let about = WINDOW_BYTES;
  for (let end = disk.stat(path)?.size ?? 0; end > 0; ) {
    const start = Math.max(0, end - about);
    const bytes = readAt(disk, path, start, end - start);
    if (bytes === undefined) return;
    const first = start === 0 ? 0 : bytes.indexOf(10) + 1;
    if (start > 0 && (first === 0 || first >= bytes.length)) {
      // No line begins in this window: read a larger one.
      about *= 4;
      continue;
    }
    yield bytes.subarray(first);
    end = start + first;
    about = WINDOW_BYTES;
  }
}

/** Opens the file for each window, so that a reader that stops in the middle leaves no descriptor open. */
function readAt(disk: Disk, path: string, offset: number, length: number): Buffer | undefined {
  let fd: number;
  try {
    fd = disk.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(length);
    let count = 0;
    for (let took = 1; took > 0 && count < length; count += took)
      took = disk.read(fd, bytes, count, length - count, offset + count);
    return bytes.subarray(0, count);
  } finally {
    disk.close(fd);
  }
}

/** The terminated lines that contain the needle, the last one first. */
function* linesWith(lines: Buffer, needle: Buffer): Generator<Buffer> {
  for (let at = lines.lastIndexOf(needle); at >= 0; ) {
    const start = lines.lastIndexOf(10, at) + 1;
    const end = lines.indexOf(10, at);
    if (end >= 0) yield lines.subarray(start, end);
    if (start === 0) return;
    at = lines.lastIndexOf(needle, start - 1);
  }
}
