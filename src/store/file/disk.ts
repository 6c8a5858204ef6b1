// Every file call of the store goes through here, so that tests can fail, shorten, stop or kill at the Nth call and
// drop what was not synced, on any machine and without root. Synchronous where the one-tick rule of the log needs it.

import fs from 'node:fs';
import { dirname } from 'node:path';
import { temporaryPath } from './temporary-name.ts';

export interface FileStat {
  ino: number;
  nlink: number;
  size: number;
  mtimeMs: number;
  mode: number;
  isSymbolicLink: boolean;
  isDirectory: boolean;
  isFile: boolean;
}

/** Flags as in open(2), by meaning. `append` is the log: O_RDWR|O_APPEND, never truncated. */
export type OpenFor = 'read' | 'append' | 'append-create' | 'create-new' | 'directory';

export interface Disk {
  open(path: string, how: OpenFor, mode?: number): number;
  close(fd: number): void;
  /** Reads at `position`; returns the count of bytes, 0 at the end. */
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** One write(2); returns how many bytes it took, which may be fewer. Never loops. */
  write(fd: number, bytes: Uint8Array): number;
  fdatasync(fd: number): Promise<void>;
  fdatasyncNow(fd: number): void;
  /** Flushes a file or a directory with its metadata. */
  fsyncNow(fd: number): void;
  fstat(fd: number): FileStat;
  /** Undefined if there is nothing; does not follow a symbolic link. */
  stat(path: string): FileStat | undefined;
  /** Whether anything has this name: what costs least to ask. Never throws: what cannot be looked at is not there. */
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  /** link(2): fails with EEXIST if `to` is there. */
  link(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  readdir(path: string): string[];
  readFile(path: string): Buffer;
  /** The file system's type number (statfs f_type). */
  fsType(path: string): number;
  utimes(path: string, atMs: number): void;
}

/** The errno name of a file error, such as ENOSPC; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
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
    ino: stat.ino,
    nlink: stat.nlink,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    mode: stat.mode,
    isSymbolicLink: stat.isSymbolicLink(),
    isDirectory: stat.isDirectory(),
    isFile: stat.isFile(),
  };
}

/**
 * With those above it. Not mkdirSync's own `recursive`, which never returns where a directory that is there takes no
 * other.
 */
function makeDirectory(path: string, again = true): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST' && fs.statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (errno !== 'ENOENT' || above === path || !again) throw error;
    // There already if another process made it meanwhile: then this time it takes one, or never will.
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
  readFile: (path) => fs.readFileSync(path),
  fsType: (path) => fs.statfsSync(path).type,
  utimes: (path, atMs) => fs.utimesSync(path, atMs / 1000, atMs / 1000),
};

/** Makes a directory entry durable: a file whose name is not synced can vanish with the power, content and all. */
export function syncDirectory(disk: Disk, path: string): void {
  const fd = disk.open(path, 'directory');
  try {
    disk.fsyncNow(fd);
  } catch (error) {
    // Some systems cannot sync a directory at all (EINVAL, EPERM on Windows): there its entries are theirs to keep.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw error;
  } finally {
    disk.close(fd);
  }
}

export interface ReplaceOptions {
  mode?: number;
  /** False skips the syncs. */
  durable: boolean;
  /** True leaves the sync of the directory to the caller, who replaces many files there. */
  nameLater?: boolean;
}

/** Replaces a file whole: temp file, fsync, rename, fsync of the directory; never in place. */
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

function discard(disk: Disk, temporary: string): void {
  try {
    disk.unlink(temporary);
  } catch {
    // The error that brought us here is the one to tell.
  }
}

/**
 * For whole private files only. The log must never use it: what follows a short write there belongs to somebody else.
 */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const took = disk.write(fd, bytes.subarray(done));
    if (took <= 0) throw new Error('write took no bytes');
    done += took;
  }
}
