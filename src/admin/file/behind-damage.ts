// Counts the lines behind the damage in a damaged log. None of them is valid, but they show what is at stake to the
// person who decides what to do. Used by verify.ts.

import { claimedSum, sumOf, TRAILER_BYTES } from '../../store/commit.ts';
import type { Disk } from '../../store/file/disk.ts';
import { listSegments, readSegment } from '../../store/file/segments.ts';
import type { Place } from '../../store/fold.ts';

export interface LinesBehind {
  /** Lines with a sound sum: commits, seals and void lines. */
  whole: number;
  /** Lines with a trailer, but another sum. */
  altered: Place[];
  torn: number;
  /** First seqs of segments that could not be read. */
  unreadable: number[];
}

/** Counts the lines from a place to the end of the log, in all segments. */
export function countLinesFrom(disk: Disk, logDir: string, from: Place): LinesBehind {
  const found: LinesBehind = { whole: 0, altered: [], torn: 0, unreadable: [] };
  for (const { firstSeq } of listSegments(disk, logDir)) {
    if (firstSeq < from.segment) continue;
    try {
      const bytes = readSegment(disk, logDir, firstSeq);
      countInSegment(bytes, { segment: firstSeq, offset: firstSeq === from.segment ? from.offset : 0 }, found);
    } catch {
      found.unreadable.push(firstSeq);
    }
  }
  return found;
}

function countInSegment(bytes: Buffer, from: Place, found: LinesBehind): void {
  for (let start = from.offset; ; ) {
    const end = bytes.indexOf(10, start);
    if (end < 0) return;
    const line = bytes.subarray(start, end);
    const sum = claimedSum(line);
    if (line.length > 0) {
      if (sum === undefined) found.torn += 1;
      else if (sumOf(line.subarray(0, line.length - TRAILER_BYTES)) === sum) found.whole += 1;
      else found.altered.push({ segment: from.segment, offset: start });
    }
    start = end + 1;
  }
}
