// A directory that appears whole or not at all: filled under a temporary name, every file and name synced, then
// renamed. Used by backup.ts, restore.ts, rotation.ts and redact/redact.ts.

import fs from 'node:fs';
import path from 'node:path';
import { type Failure, FailureError } from '../../failure/failure.ts';
import { type Disk, errnoOf, syncDirectory, writeAll } from '../../store/file/disk.ts';

export class NewDirectory {
  /** Where it is until `publish`. */
  readonly temporary: string;
  private readonly disk: Disk;
  private readonly target: string;

  /**
   * Contract: the caller has looked that the target is absent or an empty directory; `publish` finds out if it no
   * longer is.
   */
  constructor(disk: Disk, target: string) {
    this.disk = disk;
    this.target = target;
    this.temporary = `${target}.${process.pid}.${Math.random().toString(36).slice(2, 10)}.tmp`;
    disk.mkdir(this.temporary);
  }

  /** Writes one file whole and syncs it; its name is durable after `publish`. */
  write(relative: string, bytes: Uint8Array, mode = 0o600): void {
    const file = `${this.temporary}/${relative}`;
    const folder = path.dirname(file);
    if (this.disk.stat(folder) === undefined) this.disk.mkdir(folder);
    const fd = this.disk.open(file, 'create-new', mode);
    try {
      writeAll(this.disk, fd, bytes);
      this.disk.fsyncNow(fd);
    } finally {
      this.disk.close(fd);
    }
  }

  /** Links a file that stands elsewhere, whole and synced; false if that cannot be, and it is to be written instead. */
  link(relative: string, from: string): boolean {
    const file = `${this.temporary}/${relative}`;
    const folder = path.dirname(file);
    if (this.disk.stat(folder) === undefined) this.disk.mkdir(folder);
    try {
      this.disk.link(from, file);
      return true;
    } catch (error) {
      // Another file system, one that knows no links, too many of them, or the other is gone.
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  /** Puts it in its place. Throws a file error (ENOTEMPTY, EEXIST, ENOTDIR) if something stands there by now. */
  publish(): void {
    for (const name of this.disk.readdir(this.temporary)) {
      const folder = `${this.temporary}/${name}`;
      if (this.disk.stat(folder)?.isDirectory) syncDirectory(this.disk, folder);
    }
    syncDirectory(this.disk, this.temporary);
    this.disk.rename(this.temporary, this.target);
    syncDirectory(this.disk, path.dirname(this.target));
  }

  /** Takes away what was written, if it was not published. */
  discard(): void {
    fs.rmSync(this.temporary, { recursive: true, force: true });
  }
}

/**
 * Why a directory could not be filled; `what` could not, as in "the backup cannot be written". Throws what is a bug.
 */
export function whyNotWritten(error: unknown, what: string): Failure {
  if (error instanceof FailureError) return error.failure;
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { code: 'store-full', syscall: 'write', errno };
  return { code: 'store-unwritable', why: `${what} (${errno})` };
}

/** Where a path that a person named really is: links are followed as far as there is anything. */
export function followed(target: string): string {
  try {
    return fs.realpathSync(target);
  } catch {
    const parent = path.dirname(target);
    return parent === target ? target : path.join(followed(parent), path.basename(target));
  }
}

/** True for the directory itself and for all that is in it, whatever links lead there. */
export function isInside(dir: string, target: string): boolean {
  const relative = path.relative(followed(dir), followed(target));
  return relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative));
}

/** What stands at a path: nothing, a directory without anything in it, or something. */
export function whatStands(disk: Disk, target: string): 'nothing' | 'empty' | 'something' {
  const stat = disk.stat(target);
  if (stat === undefined) return 'nothing';
  try {
    return stat.isDirectory && disk.readdir(target).length === 0 ? 'empty' : 'something';
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 'something';
  }
}
