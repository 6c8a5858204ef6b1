// Refuses a store in which other users may write: they could alter it, or plant links that lead out of it. Used by
// opening.ts and admin/file.

import { shellWord } from '../../../base/display.ts';
import type { Failure } from '../../../failure/failure.ts';
import type { Disk, FileStat } from '../disk.ts';

const OTHERS_WRITE = 0o002;
const OTHERS_ENTER = 0o011;
const OWN_PARTS = /^(log|blobs|alive|sessions|runs|channels|shared|checkpoint\.json)$/;
const LOG_PARTS = /^\d{12}\.(jsonl(\.gz)?|index)$/;

/**
 * `store-unsafe` if the directory, or a part of it that others can reach, may be written by every user or belongs to
 * another one than this process's or root. A group may write: who shares a store with a group has set it so. Undefined
 * on systems without users.
 */
export function unsafeOwner(disk: Disk, dir: string): Failure | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  const fault = (path: string, { uid, mode, isSymbolicLink }: FileStat): Failure | undefined => {
    if (isSymbolicLink) return undefined;
    const elsewhere = 'or name another place with --state-dir';
    if (uid !== user && uid !== 0) {
      const how = `run as user ${uid}, \`chown -R ${user} ${shellWord(dir)}\`, ${elsewhere}`;
      return { code: 'store-unsafe', why: `${path} belongs to another user (${uid})`, how };
    }
    if ((mode & OTHERS_WRITE) === 0) return undefined;
    return {
      code: 'store-unsafe',
      why: `every user may write ${path}`,
      how: `\`chmod -R o-w ${shellWord(dir)}\`, ${elsewhere}`,
    };
  };
  const top = statOf(disk, dir);
  const found = fault(dir, top);
  // What nobody else can enter needs no look.
  if (found !== undefined || (top.mode & OTHERS_ENTER) === 0) return found;
  const parts = disk.readdir(dir).filter((name) => OWN_PARTS.test(name));
  const paths = parts.map((name) => `${dir}/${name}`);
  if (disk.stat(`${dir}/log`)?.isDirectory)
    for (const name of disk.readdir(`${dir}/log`)) if (LOG_PARTS.test(name)) paths.push(`${dir}/log/${name}`);
  for (const path of paths) {
    const stat = disk.stat(path);
    const unsafe = stat === undefined ? undefined : fault(path, stat);
    if (unsafe !== undefined) return unsafe;
  }
  return undefined;
}

/** The directory itself, also where its name is a link to it. */
function statOf(disk: Disk, dir: string): FileStat {
  const fd = disk.open(dir, 'directory');
  try {
    return disk.fstat(fd);
  } finally {
    disk.close(fd);
  }
}
