// Immutable bytes by their SHA-256: large results, definitions, artefacts. Events name them by hash. Opened by
// store/open.ts.

import { hash } from 'node:crypto';
import { type Failure, FailureError } from '../../../failure/failure.ts';
import type { Blobs, Durability } from '../../port.ts';
import { type Disk, errnoOf, replaceFile, syncDirectory, writeFailure } from '../disk.ts';
import { ownFolder } from '../own-folder.ts';

export class FileBlobs implements Blobs {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly durability: Durability;
  /** True once this process has synced the folder's own name. */
  private named = false;

  constructor(disk: Disk, dir: string, durability: Durability) {
    this.disk = disk;
    this.folder = `${dir}/blobs`;
    this.durability = durability;
  }

  put(bytes: Uint8Array): string {
    const sha256 = hash('sha256', bytes);
    return asFailure(
      (errno) => writeFailure('writing a blob', errno),
      () => this.write(sha256, bytes),
    );
  }

  get(sha256: string): Buffer | undefined {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const why = (errno: string) => `the stored blob ${sha256} cannot be read (${errno})`;
    return asFailure(
      (errno) => ({ code: 'store-unwritable', why: why(errno) }),
      () => this.read(sha256),
    );
  }

  private write(sha256: string, bytes: Uint8Array): string {
    const path = `${this.folder}/${sha256}`;
    const durable = this.durability === 'fsync';
    // A commit is about to name this blob: it must survive any power loss that the commit survives.
    if (this.read(sha256) !== undefined) {
      // The process that wrote it may have died before it synced the name.
      this.ensureFolder(durable);
      if (durable) syncDirectory(this.disk, this.folder);
      return sha256;
    }
    this.ensureFolder(durable);
    replaceFile(this.disk, path, bytes, { mode: 0o400, durable });
    return sha256;
  }

  /** Makes the folder, and syncs its name once per process: the process that made it may have died before it did. */
  private ensureFolder(durable: boolean): void {
    // Look each time: what stands there may have been replaced by a link since.
    if (ownFolder(this.disk, this.folder) === undefined) this.disk.mkdir(this.folder);
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

/**
 * Turns a file error into a FailureError: blobs are written and read inside commands, where any other error looks like
 * a bug.
 */
function asFailure<T>(failure: (errno: string) => Failure, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new FailureError(failure(errno));
  }
}
