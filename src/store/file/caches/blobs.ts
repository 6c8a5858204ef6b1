// Immutable bytes by their SHA-256: large results, graph definitions, artefacts. Events hold the hash.

import { hash } from 'node:crypto';
import { type Failure, FailureError } from '../../../failure/failure.ts';
import type { Blobs, Durability } from '../../port.ts';
import { type Disk, errnoOf, replaceFile, syncDirectory } from '../disk.ts';

export class FileBlobs implements Blobs {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly durability: Durability;
  /** The folder's own name is durable. */
  private named = false;

  constructor(disk: Disk, dir: string, durability: Durability) {
    this.disk = disk;
    this.folder = `${dir}/blobs`;
    this.durability = durability;
  }

  put(bytes: Uint8Array): string {
    const sha256 = hash('sha256', bytes);
    return clearly(
      (errno) => ({ code: 'store-full', syscall: 'writing a blob', errno }),
      () => this.write(sha256, bytes),
    );
  }

  get(sha256: string): Buffer | undefined {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const why = (errno: string) => `the stored blob ${sha256} cannot be read (${errno})`;
    return clearly(
      (errno) => ({ code: 'store-unwritable', why: why(errno) }),
      () => this.read(sha256),
    );
  }

  private write(sha256: string, bytes: Uint8Array): string {
    const path = `${this.folder}/${sha256}`;
    const durable = this.durability === 'fsync';
    // A commit will name it: it has to be there, whole, after any power loss that keeps the commit.
    if (this.read(sha256) !== undefined) {
      // Whoever wrote it may have died before its name was durable.
      this.ensureFolder(durable);
      if (durable) syncDirectory(this.disk, this.folder);
      return sha256;
    }
    this.ensureFolder(durable);
    replaceFile(this.disk, path, bytes, { mode: 0o400, durable });
    return sha256;
  }

  /** Its name is synced once by every process: whoever made it may have died before. */
  private ensureFolder(durable: boolean): void {
    if (this.disk.stat(this.folder) === undefined) this.disk.mkdir(this.folder);
    else if (this.named) return;
    if (durable) syncDirectory(this.disk, this.folder.slice(0, this.folder.lastIndexOf('/')));
    this.named = true;
  }

  private read(sha256: string): Buffer | undefined {
    const path = `${this.folder}/${sha256}`;
    const stat = this.disk.stat(path);
    if (stat === undefined || !stat.isFile) return undefined;
    const bytes = this.disk.readFile(path);
    return hash('sha256', bytes) === sha256 ? bytes : undefined;
  }
}

/** A file error as a clear failure: blobs are written and read by commands, where anything else looks like a bug. */
function clearly<T>(failure: (errno: string) => Failure, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new FailureError(failure(errno));
  }
}
