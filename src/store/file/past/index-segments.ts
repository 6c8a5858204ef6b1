// Writes the index files that are missing, or that do not fit. Called by maintenance after a seal, and by doctor.

import type { Disk } from '../disk.ts';
import { listSegments } from '../segments.ts';
import { indexPath, writeIndex } from './index-file.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentWalk } from './segment-walk.ts';
import { atOnce, inSlices, type Steps } from './slices.ts';

/**
 * Sees to it that every segment before the current one has its index file; resolves to how many were written. Looks at
 * names alone unless one is missing. Contract: what comes before the current segment is durable.
 */
export async function indexSegments(disk: Disk, logDir: string, currentSegment: number): Promise<number> {
  const older = listSegments(disk, logDir).filter(({ firstSeq }) => firstSeq < currentSegment);
  const missing = older.some(({ firstSeq }) => disk.stat(indexPath(logDir, firstSeq)) === undefined);
  return missing ? inSlices(indexSteps(disk, logDir, currentSegment, true)) : 0;
}

/** Writes all of them afresh, whatever stands there. The same contract. */
export function renewIndexes(disk: Disk, logDir: string, currentSegment: number): number {
  return atOnce(indexSteps(disk, logDir, currentSegment, false));
}

function* indexSteps(disk: Disk, logDir: string, until: number, trusting: boolean): Steps<number> {
  let written = 0;
  const walk = new SegmentWalk({
    disk,
    logDir,
    reader: new SegmentReader(disk, logDir),
    trusting,
    until,
    onFolded: (index) => {
      writeIndex(disk, logDir, index);
      written += 1;
    },
  });
  while (walk.step()) yield;
  return written;
}
