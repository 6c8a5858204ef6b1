// The index file beside a sealed segment: its name, reading and writing it. A cache: segment-walk.ts checks whether it
// fits the log. Used by segment-walk.ts, index-segments.ts and admin/file/check-indexes.ts.

import { type Disk, errnoOf, replaceFile, replaceFileGently } from '../disk.ts';
import { segmentPath } from '../segments.ts';
import { decodeIndex, encodeIndex } from './index-text.ts';
import type { SealedIndex } from './segment-index.ts';

/** `000000000001.index` for the segment whose first line has seq 1. */
export function indexPath(logDir: string, firstSeq: number): string {
  return segmentPath(logDir, firstSeq).replace(/jsonl$/, 'index');
}

/** The index of a segment; undefined if it is missing or unreadable. */
export function readIndex(disk: Disk, logDir: string, firstSeq: number): SealedIndex | undefined {
  try {
    return decodeIndex(disk.readFile(indexPath(logDir, firstSeq)));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** As `writeIndex`, with the syncs on a thread. */
export async function writeIndexGently(disk: Disk, logDir: string, index: SealedIndex): Promise<void> {
  await replaceFileGently(disk, indexPath(logDir, index.segment), [encodeIndex(index)], { durable: true });
}

/** Writes the index file of a segment. Contract: the segment is durable up to its seal. */
export function writeIndex(disk: Disk, logDir: string, index: SealedIndex): void {
  replaceFile(disk, indexPath(logDir, index.segment), encodeIndex(index), { durable: true });
}
