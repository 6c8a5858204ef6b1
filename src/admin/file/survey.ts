// What stands in a damaged log behind the damage: nothing of it counts, but whoever decides what to do wants to know
// what is at stake. Used by verify.ts.

import { claimedSum, sumOf, TRAILER_BYTES } from '../../store/commit.ts';
import type { Disk } from '../../store/file/disk.ts';
import { listSegments, readSegment } from '../../store/file/segments.ts';
import type { Place } from '../../store/fold.ts';

export interface Survey {
  /** Lines whose own sum holds: commits, seals and void tries. */
  whole: number;
  /** Lines that end as whole ones do, but whose sum differs. */
  altered: Place[];
  torn: number;
  /** Segments that could not be read at all. */
  unreadable: number[];
}

/** Looks at every line from a place to the end of the log, in all segments that are there. */
export function surveyFrom(disk: Disk, logDir: string, from: Place): Survey {
  const found: Survey = { whole: 0, altered: [], torn: 0, unreadable: [] };
  for (const { firstSeq } of listSegments(disk, logDir)) {
    if (firstSeq < from.segment) continue;
    try {
      const bytes = readSegment(disk, logDir, firstSeq);
      surveySegment(bytes, { segment: firstSeq, offset: firstSeq === from.segment ? from.offset : 0 }, found);
    } catch {
      found.unreadable.push(firstSeq);
    }
  }
  return found;
}

function surveySegment(bytes: Buffer, from: Place, found: Survey): void {
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
