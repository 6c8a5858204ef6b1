// Removes what killed processes left half-made in a store: temporary files, never anything under a name that counts.
// Done by maintenance, now and then.

import { type Disk, errnoOf } from '../disk.ts';
import type { Steps } from '../past/slices.ts';
import { isLeftover, makerOf } from '../temporary-name.ts';

const FOLDERS = ['log', 'blobs', 'sessions', 'runs', 'channels', 'shared'];
/** What is certainly no folder: in a folder of ten thousand documents none of them is looked at. */
const A_FILE = /\.(json|jsonl|gz|index|tmp)$|^[0-9a-f]{64}$/;

/** One step per folder; returns how many files were removed. What cannot be looked at or removed stays. */
export function* sweepLeftovers(disk: Disk, dir: string): Steps<number> {
  let removed = 0;
  // The store's own directory may hold what is not ours: only what is to become the checkpoint.
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
    // Its maker or another sweeper was faster, or the disk is in trouble that others will report.
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
