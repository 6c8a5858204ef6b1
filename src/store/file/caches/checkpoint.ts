// The checkpoint: a cache of the fold, so that opening a store need not read its whole log. It is used only if the line
// that it names is still at its place; deleting it costs nothing but time at the next opening. Used by log/opening.ts,
// file-store.ts and admin/file.

import { STORE_FORMAT, TRAILER_BYTES } from '../../commit.ts';
import type { FoldState } from '../../fold.ts';
import { type Disk, replaceFile } from '../disk.ts';
import { segmentPath } from '../segments.ts';
import { decodeSummed, encodeSummed } from '../summed.ts';

export interface Checkpoint {
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

/** Reads the checkpoint; undefined if there is none, or it is unreadable, altered or of another format. */
export function readCheckpoint(disk: Disk, dir: string): Checkpoint | undefined {
  try {
    // Check its sum: a checkpoint decides which lines are valid, so a flipped bit in it must not be believed.
    const parsed = decodeSummed(disk.readFile(checkpointPath(dir)));
    return isCheckpoint(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** True if the log still has, right before the checkpoint's offset, the line at which the checkpoint was made. */
export function fitsLog(disk: Disk, logDir: string, checkpoint: Checkpoint): boolean {
  const path = segmentPath(logDir, checkpoint.segment);
  if (disk.stat(path) === undefined) return false;
  const fd = disk.open(path, 'read');
  try {
    const length = TRAILER_BYTES + 1;
    const bytes = Buffer.alloc(length);
    // Made right after a seal: there is no line yet, and the segment's name gives the seq.
    if (checkpoint.offset === 0) return checkpoint.lineSum === '' && checkpoint.segment === checkpoint.fold.seq + 1;
    if (checkpoint.offset < length) return false;
    if (disk.read(fd, bytes, 0, length, checkpoint.offset - length) !== length) return false;
    return bytes.toString('latin1') === `, "sum":"${checkpoint.lineSum}"}\n`;
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
  if (!('format' in value) || value.format !== STORE_FORMAT) return false;
  if (!('segment' in value) || !('offset' in value) || !('lineSum' in value) || !('fold' in value)) return false;
  const { fold } = value;
  if (typeof fold !== 'object' || fold === null || !('streams' in fold) || !('seq' in fold)) return false;
  return typeof value.segment === 'number' && typeof value.offset === 'number' && typeof value.lineSum === 'string';
}
