// Creates a directory that appears as a whole or not at all: filled under a temporary name, every file and name synced,
// then renamed. Used by backup.ts, restore.ts, rotation.ts and redact/redact.ts; the verbs backup and redact use the
// path functions.

import fs from 'node:fs';
import path from 'node:path';
import { type Failure, FailureError } from '../../failure/failure.ts';
import { type Disk, errnoOf, syncDirectory, writeAll, writeFailure } from '../../store/file/disk.ts';

export class NewDirectory {
  /** The directory's path until `publish`. */
  readonly temporary: string;
  private readonly disk: Disk;
  private readonly target: string;

  /**
   * Contract: the caller has checked that the target is absent or an empty directory; `publish` fails if that has
   * changed.
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

  /**
   * Links a file of another directory, which must be complete and synced. False if it cannot be linked; the caller then
   * writes it.
   */
  link(relative: string, from: string): boolean {
    const file = `${this.temporary}/${relative}`;
    const folder = path.dirname(file);
    if (this.disk.stat(folder) === undefined) this.disk.mkdir(folder);
    try {
      this.disk.link(from, file);
      return true;
    } catch (error) {
      // The file is on another file system, links are not supported or too many, or the file is gone.
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  /**
   * Syncs all names and renames the directory to its target. Throws a file error (ENOTEMPTY, EEXIST, ENOTDIR) if
   * something is there by now.
   */
  publish(): void {
    for (const name of this.disk.readdir(this.temporary)) {
      const folder = `${this.temporary}/${name}`;
      if (this.disk.stat(folder)?.isDirectory) syncDirectory(this.disk, folder);
    }
    syncDirectory(this.disk, this.temporary);
    this.disk.rename(this.temporary, this.target);
    syncDirectory(this.disk, path.dirname(this.target));
  }

  /** Deletes the temporary directory, if it was not published. */
  discard(): void {
    fs.rmSync(this.temporary, { recursive: true, force: true });
  }
}

/**
 * The failure for an error while filling a directory; `what` begins its text, as in "the backup cannot be written".
 * Rethrows an error that is a bug.
 */
export function whyNotWritten(error: unknown, what: string): Failure {
  if (error instanceof FailureError) return error.failure;
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  const failure = writeFailure('write', errno);
  return failure.code === 'store-full' ? failure : { code: 'store-unwritable', why: `${what} (${errno})` };
}

/** The real path of a path that a person named: follows links as far as the path exists. */
export function followed(target: string): string {
  try {
    return fs.realpathSync(target);
  } catch {
    const parent = path.dirname(target);
    return parent === target ? target : path.join(followed(parent), path.basename(target));
  }
}

/** True if the target is the directory or lies in it, with links followed. */
export function isInside(dir: string, target: string): boolean {
  const relative = path.relative(followed(dir), followed(target));
  // A name such as `..b` begins with two dots too, and does not lead outside.
  const [first] = relative.split(path.sep, 1);
  return first !== '..' && !path.isAbsolute(relative);
}

/** Whether a path has nothing, an empty directory, or anything else. */
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
