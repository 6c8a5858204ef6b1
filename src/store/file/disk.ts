// The file system calls of the store, behind an interface, so that tests can fail, shorten, stop or kill at the Nth
// call and drop what was not synced, on any machine and without root. Synchronous, because the log must not await
// between refresh and read-back. Used by store/file, admin/ and cli/.

import fs from 'node:fs';
import { dirname } from 'node:path';
import type { Failure } from '../../failure/failure.ts';
import { temporaryPath } from './temporary-name.ts';

export interface FileStat {
  dev: number;
  ino: number;
  nlink: number;
  uid: number;
  size: number;
  mtimeMs: number;
  mode: number;
  isSymbolicLink: boolean;
  isDirectory: boolean;
  isFile: boolean;
}

/** How to open a file, by purpose. `append` is for the log: O_RDWR|O_APPEND, never truncated. */
export type OpenFor = 'read' | 'append' | 'append-create' | 'create-new' | 'directory';

export interface Disk {
  open(path: string, how: OpenFor, mode?: number): number;
  close(fd: number): void;
  /** Reads at `position`; returns the number of bytes read, 0 at the end. */
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /**
   * One write; returns the number of bytes written, which may be fewer than given. libuv repeats a short write(2) below
   * this call, so the bytes may stand in several pieces, with those of other writers between.
   */
  write(fd: number, bytes: Uint8Array): number;
  fdatasync(fd: number): Promise<void>;
  fdatasyncNow(fd: number): void;
  /** Syncs a file or a directory, with its metadata. */
  fsyncNow(fd: number): void;
  /** As `fsyncNow`, on a thread: calls are answered meanwhile. */
  fsync(fd: number): Promise<void>;
  fstat(fd: number): FileStat;
  /** lstat(2): does not follow a symbolic link. Undefined if nothing has this name; throws other file errors. */
  stat(path: string): FileStat | undefined;
  /** Whether anything has this name; the cheapest call. Never throws: false if it cannot be read. */
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  /** link(2): fails with EEXIST if `to` exists. */
  link(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  readdir(path: string): string[];
  /** Fails with ELOOP for a symbolic link. */
  readFile(path: string): Buffer;
  /** The file system's type number (statfs f_type). */
  fsType(path: string): number;
  /** Does not follow a symbolic link. */
  utimes(path: string, atMs: number): void;
}

/** The name of a file error's errno, such as ENOSPC; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Runs a read of a file: a file error that names no path, as one of read(2), is thrown with the path of the file. */
export function withPath<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    throw Object.assign(error, { path: 'path' in error ? error.path : path });
  }
}

/**
 * The failure for a write that a file error refused: `store-full` if space or a limit has run out, `store-unwritable`
 * for any other reason, so that a failing or read-only disk is not met by freeing space.
 */
export function writeFailure(syscall: string, errno: string): Failure {
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errno)) return { code: 'store-full', syscall, errno };
  return { code: 'store-unwritable', why: `${syscall} failed with ${errno}; nothing was written` };
}

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;

const FLAGS: Record<OpenFor, number> = {
  read: O_RDONLY | (O_NOFOLLOW ?? 0),
  append: O_RDWR | O_APPEND | (O_NOFOLLOW ?? 0),
  'append-create': O_RDWR | O_APPEND | O_CREAT | (O_NOFOLLOW ?? 0),
  'create-new': O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0),
  directory: O_RDONLY | (O_DIRECTORY ?? 0),
};

function factsOf(stat: fs.Stats): FileStat {
  return {
    dev: stat.dev,
    ino: stat.ino,
    nlink: stat.nlink,
    uid: stat.uid,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    mode: stat.mode,
    isSymbolicLink: stat.isSymbolicLink(),
    isDirectory: stat.isDirectory(),
    isFile: stat.isFile(),
  };
}

/**
 * Makes a directory and its missing parents. Not with mkdirSync's `recursive`, which never returns where an existing
 * directory accepts no new entries.
 */
function makeDirectory(path: string, again = true): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST' && fs.statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (errno !== 'ENOENT' || above === path || !again) throw error;
    // Try once more only: if the parent exists now and mkdir still fails with ENOENT, it always will.
    makeDirectory(above);
    makeDirectory(path, false);
  }
}

/** The real file system. */
export const realDisk: Disk = {
  open: (path, how, mode = 0o600) => fs.openSync(path, FLAGS[how], mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, buffer, offset, length, position) => fs.readSync(fd, buffer, offset, length, position),
  write: (fd, bytes) => fs.writeSync(fd, bytes),
  fdatasync: (fd) =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
    }),
  fdatasyncNow: (fd) => fs.fdatasyncSync(fd),
  fsyncNow: (fd) => fs.fsyncSync(fd),
  fsync: (fd) =>
    new Promise((resolve, reject) => {
      fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
    }),
  fstat: (fd) => factsOf(fs.fstatSync(fd)),
  stat: (path) => {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    return stat === undefined ? undefined : factsOf(stat);
  },
  exists: (path) => fs.existsSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  mkdir: makeDirectory,
  readdir: (path) => fs.readdirSync(path),
  readFile: (path) => {
    const fd = fs.openSync(path, FLAGS.read);
    try {
      return fs.readFileSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  fsType: (path) => fs.statfsSync(path).type,
  utimes: (path, atMs) => fs.lutimesSync(path, atMs / 1000, atMs / 1000),
};

/** Makes the names in a directory durable: a synced file whose name is not synced can still vanish in a power loss. */
export function syncDirectory(disk: Disk, path: string): void {
  const fd = disk.open(path, 'directory');
  try {
    disk.fsyncNow(fd);
  } catch (error) {
    throwUnlessUnsyncable(error);
  } finally {
    disk.close(fd);
  }
}

/** As `syncDirectory`, on a thread. */
export async function syncDirectoryGently(disk: Disk, path: string): Promise<void> {
  const fd = disk.open(path, 'directory');
  try {
    await disk.fsync(fd);
  } catch (error) {
    throwUnlessUnsyncable(error);
  } finally {
    disk.close(fd);
  }
}

/** Some systems cannot sync a directory (EINVAL; EPERM on Windows): there the system alone keeps its names. */
function throwUnlessUnsyncable(error: unknown): void {
  if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw error;
}

export interface ReplaceOptions {
  mode?: number;
  /** False: do not sync. */
  durable: boolean;
  /** True: the caller syncs the directory, once for many files. */
  nameLater?: boolean;
}

/** Replaces a file as a whole, never in place: temporary file, fsync, rename, fsync of the directory. */
export function replaceFile(disk: Disk, path: string, bytes: Uint8Array, options: ReplaceOptions): void {
  const temporary = temporaryPath(path);
  const fd = disk.open(temporary, 'create-new', options.mode ?? 0o600);
  try {
    writeAll(disk, fd, bytes);
    if (options.durable) disk.fsyncNow(fd);
  } catch (error) {
    disk.close(fd);
    discard(disk, temporary);
    throw error;
  }
  disk.close(fd);
  try {
    disk.rename(temporary, path);
  } catch (error) {
    discard(disk, temporary);
    throw error;
  }
  if (options.durable && options.nameLater !== true) syncDirectory(disk, path.slice(0, path.lastIndexOf('/')) || '/');
}

/** How long a file is written before calls are answered again. */
const WRITE_SLICE_MS = 5;

/**
 * As `replaceFile`, but answers calls meanwhile: syncs are on a thread, and many parts are written in slices. For
 * caches, on which no answer waits. `mayReplace` is asked right before the rename, because others may have written the
 * file meanwhile; the result is its answer.
 */
export async function replaceFileGently(
  disk: Disk,
  path: string,
  parts: Iterable<Uint8Array>,
  { mode = 0o600, durable, nameLater, mayReplace = () => true }: ReplaceOptions & { mayReplace?(): boolean },
): Promise<boolean> {
  const temporary = temporaryPath(path);
  const fd = disk.open(temporary, 'create-new', mode);
  try {
    try {
      await writeParts(disk, fd, parts);
      if (durable) await disk.fsync(fd);
    } finally {
      disk.close(fd);
    }
    if (!mayReplace()) {
      discard(disk, temporary);
      return false;
    }
    disk.rename(temporary, path);
  } catch (error) {
    discard(disk, temporary);
    throw error;
  }
  if (durable && nameLater !== true) await syncDirectoryGently(disk, path.slice(0, path.lastIndexOf('/')) || '/');
  return true;
}

async function writeParts(disk: Disk, fd: number, parts: Iterable<Uint8Array>): Promise<void> {
  let pausesAt = performance.now() + WRITE_SLICE_MS;
  for (const part of parts) {
    if (performance.now() > pausesAt) {
      await new Promise((resolve) => setImmediate(resolve));
      pausesAt = performance.now() + WRITE_SLICE_MS;
    }
    writeAll(disk, fd, part);
  }
}

function discard(disk: Disk, temporary: string): void {
  try {
    disk.unlink(temporary);
  } catch {
    // Ignore this error: the caller reports the first one.
  }
}

/**
 * Writes all bytes, repeating short writes. For files that only this process writes; never for the log, where another
 * writer may append after a short write.
 */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const took = disk.write(fd, bytes.subarray(done));
    if (took <= 0) throw new Error('write took no bytes');
    done += took;
  }
}
