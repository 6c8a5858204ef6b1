// Removes the temporary files that killed processes left in a store; never a file that is in use. Called by
// maintenance, through file-store.ts.

import { type Disk, errnoOf } from '../disk.ts';
import type { Steps } from '../past/slices.ts';
import { isLeftover, makerOf } from '../temporary-name.ts';

const FOLDERS = ['log', 'blobs', 'sessions', 'runs', 'channels', 'shared'];
/** Names that are certainly no folder's, so that ten thousand documents cost no look each. */
const A_FILE = /\.(json|jsonl|gz|index|tmp)$|^[0-9a-f]{64}$/;

/** Yields after each folder; returns the number of files removed. Skips files that cannot be read or removed. */
export function* sweepLeftovers(disk: Disk, dir: string): Steps<number> {
  let removed = 0;
  // In the store's own directory, which may have foreign files, remove only temporary files of the checkpoint.
  for (const name of namesIn(disk, dir))
    if (name.startsWith('checkpoint.json.') && removeIfLeft(disk, `${dir}/${name}`)) removed += 1;
  const folders = FOLDERS.map((name) => `${dir}/${name}`);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of namesIn(disk, folder)) {
      const path = `${folder}/${name}`;
      if (removeIfLeft(disk, path)) removed += 1;
      else if (!A_FILE.test(name) && disk.stat(path)?.isDirectory) folders.push(path);
    }
    yield;
  }
  return removed;
}

function removeIfLeft(disk: Disk, path: string): boolean {
  const maker = makerOf(path);
  if (maker === undefined) return false;
  try {
    const stat = disk.stat(path);
    if (!stat?.isFile || !isLeftover(maker, Date.now() - stat.mtimeMs)) return false;
    disk.unlink(path);
    return true;
  } catch (error) {
    // Its own process or another sweep was faster, or the disk fails, which other calls will report.
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function namesIn(disk: Disk, folder: string): string[] {
  try {
    return disk.stat(folder)?.isDirectory ? disk.readdir(folder) : [];
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
