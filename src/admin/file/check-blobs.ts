// Checks the blobs in the store's folder against those that the log names. Used by verify.ts.

import { hash } from 'node:crypto';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import type { Fold } from '../../store/fold.ts';
import type { FoundFile } from './files.ts';
import type { Finding } from './findings.ts';
import type { Rebuilder } from './rebuilt.ts';

export interface BlobCheck {
  named: number;
  files: number;
  sizeBytes: number;
  findings: Finding[];
}

/** Checks that every blob has the bytes of its name (a SHA-256), and that every blob that the log names exists. */
export function checkBlobs(
  disk: Disk,
  dir: string,
  files: readonly FoundFile[],
  rebuilder: Rebuilder,
  fold: Fold,
): BlobCheck {
  const result: BlobCheck = { named: 0, files: 0, sizeBytes: 0, findings: [] };
  const faults = new Map<string, string | undefined>();
  for (const { path, stat } of files) {
    const sha256 = /^blobs\/([0-9a-f]{64})$/.exec(path)?.[1];
    if (sha256 === undefined) continue;
    result.files += 1;
    result.sizeBytes += stat.size;
    faults.set(sha256, stat.isFile ? blobFault(disk, `${dir}/${path}`, sha256) : 'is no regular file');
  }
  for (const [sha256, { stream, seq }] of rebuilder.blobs) {
    // Skip the stored answer of a request that has expired: no repeat can ask for it.
    if (stream.startsWith('request/') && !fold.heads.has(stream)) continue;
    result.named += 1;
    // Look again if the listing does not have it: a writer may have added the blob since, with the line that names it.
    const fault = faults.has(sha256) ? faults.get(sha256) : blobFault(disk, `${dir}/blobs/${sha256}`, sha256);
    faults.delete(sha256);
    if (fault !== undefined) result.findings.push(finding(sha256, `${fault}; ${stream} names it since seq ${seq}`));
  }
  for (const [sha256, fault] of faults) if (fault !== undefined) result.findings.push(finding(sha256, fault));
  return result;
}

function finding(sha256: string, what: string): Finding {
  return {
    level: 'damage',
    code: 'blob-lost',
    where: `blobs/${sha256}`,
    what,
    next: 'copy it from a backup into blobs/ (its name is the SHA-256 of its bytes), or restore that backup',
  };
}

function blobFault(disk: Disk, path: string, sha256: string): string | undefined {
  try {
    if (disk.stat(path) === undefined) return 'is not there';
    return hash('sha256', disk.readFile(path)) === sha256 ? undefined : 'has other bytes than its name says';
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return `cannot be read (${errno})`;
  }
}
