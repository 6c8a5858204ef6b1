// The marker file `poison` in the log's folder: a process met a disk error while saving, or found damage in the log, so
// nobody may write until `baton doctor` has settled it. Openers heed it; running servers heed one of damage. Used by
// log.ts, opening.ts, file-store.ts and admin/file.

import type { Failure } from '../../../failure/failure.ts';
import { type Disk, errnoOf, syncDirectory, writeAll } from '../disk.ts';
import { isOwnFolder } from '../own-folder.ts';

export type Damage = Extract<Failure, { code: 'store-damaged' }>;

export function markerPath(logDir: string): string {
  return `${logDir}/poison`;
}

/** Leaves the marker, with the damage if it was that; keeps one that is there. Best effort: the disk may be failing. */
export function leaveMarker(disk: Disk, logDir: string, damage?: Damage): void {
  try {
    if (!isOwnFolder(disk, logDir)) return;
    const fd = disk.open(markerPath(logDir), 'create-new');
    try {
      // The name alone, so that it also holds in a store that was moved.
      const file = damage?.file.slice(damage.file.lastIndexOf('/') + 1);
      if (damage !== undefined) writeAll(disk, fd, Buffer.from(`${JSON.stringify({ ...damage, file })}\n`));
    } finally {
      disk.close(fd);
    }
    syncDirectory(disk, logDir);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Why nobody may write; undefined without a marker. */
export function readMarker(disk: Disk, logDir: string): Failure | undefined {
  if (disk.stat(markerPath(logDir)) === undefined) return undefined;
  const why = 'an earlier process met a disk error while saving; `baton doctor` shows the way out';
  return damageIn(disk, logDir) ?? { code: 'read-only', why };
}

/** The damage that the marker names. */
export function damageIn(disk: Disk, logDir: string): Damage | undefined {
  try {
    const told: unknown = JSON.parse(disk.readFile(markerPath(logDir)).toString('utf8'));
    return isDamage(told) ? { ...told, file: `${logDir}/${told.file}` } : undefined;
  } catch {
    return undefined;
  }
}

function isDamage(told: unknown): told is Damage {
  if (typeof told !== 'object' || told === null || !('code' in told) || told.code !== 'store-damaged') return false;
  if (!('file' in told) || !('offset' in told) || !('why' in told)) return false;
  return typeof told.file === 'string' && typeof told.offset === 'number' && typeof told.why === 'string';
}
