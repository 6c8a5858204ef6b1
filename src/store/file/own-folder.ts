// Folders of the store are directories of its own: through a link planted in the place of one, files outside the store
// would be read, written or removed. Used by the log, the turnstile and the caches, at each use, because a link can be
// planted while the store is open.

import { FailureError } from '../../failure/failure.ts';
import type { Disk, FileStat } from './disk.ts';

/** Whether a directory, and no link to one, has the name. Throws file errors. */
export function isOwnFolder(disk: Disk, folder: string): boolean {
  return disk.stat(folder)?.isDirectory === true;
}

/** The folder; undefined if nothing has its name. Throws FailureError `store-unsafe` for anything but a directory. */
export function ownFolder(disk: Disk, folder: string): FileStat | undefined {
  const stat = disk.stat(folder);
  if (stat === undefined || stat.isDirectory) return stat;
  const why = `${folder} is not a directory of its own`;
  throw new FailureError({ code: 'store-unsafe', why, how: 'move it away; Baton makes it again' });
}
