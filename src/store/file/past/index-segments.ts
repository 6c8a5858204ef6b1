// Writes index files that are missing or do not fit. Called by maintenance after a seal (through file-store.ts), and by
// doctor (admin/file/repair.ts).

import { FailureError } from '../../../failure/failure.ts';
import type { Disk } from '../disk.ts';
import { listSegments } from '../segments.ts';
import { indexPath, writeIndex, writeIndexGently } from './index-file.ts';
import { quickIndex } from './quick-index.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentWalk } from './segment-walk.ts';
import { atOnce, inSlices, type Steps } from './slices.ts';

/**
 * Writes the missing index files of all segments before the current one, and resolves to the number written. Only lists
 * names unless one is missing. `chainAt`: see `Fold`. Contract: the log is durable up to the current segment. Rejects
 * with FailureError `store-damaged`.
 */
export async function indexSegments(
  disk: Disk,
  logDir: string,
  currentSegment: number,
  chainAt: (seq: number) => string | undefined,
): Promise<number> {
  const older = listSegments(disk, logDir).filter(({ firstSeq }) => firstSeq < currentSegment);
  const missing = older.filter(({ firstSeq }) => disk.stat(indexPath(logDir, firstSeq)) === undefined);
  // Usually only the segment just sealed: its index is made without reading those before it.
  const [only, another] = missing;
  if (only === undefined) return 0;
  const quick =
    another === undefined
      ? await inSlices(quickIndex(new SegmentReader(disk, logDir), only.firstSeq, chainAt))
      : undefined;
  if (quick === undefined) return inSlices(indexSteps(disk, logDir, currentSegment, true));
  await writeIndexGently(disk, logDir, quick);
  return 1;
}

/** Writes the index files of all segments before the current one anew. Same contract; returns the number written. */
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
  if (walk.damage === undefined) return written;
  // A wrong index file may be the reason: fold every segment before believing in damage.
  if (trusting) return yield* indexSteps(disk, logDir, until, false);
  throw new FailureError(walk.damage);
}
