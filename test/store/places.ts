// Temporary places for file stores, and the small hand tools of tests that look at files. Used by tests in this folder.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disk, realDisk } from '../../src/store/file/disk.ts';
import { FileStore, type FileStoreOptions } from '../../src/store/file/file-store.ts';

export function temporaryPlace(): { dir: string; remove(): void } {
  const parent = fs.mkdtempSync(join(tmpdir(), 'baton-store-'));
  return { dir: join(parent, 'state'), remove: () => fs.rmSync(parent, { recursive: true, force: true }) };
}

export function openStore(dir: string, options: Partial<FileStoreOptions> & { disk?: Disk } = {}): FileStore {
  return new FileStore({ dir, disk: realDisk, onCommits: () => undefined, ...options });
}

export function segmentFile(dir: string, firstSeq = 1): string {
  return join(dir, 'log', `${String(firstSeq).padStart(12, '0')}.jsonl`);
}

/** The lines of a segment that hold anything. */
export function linesOf(dir: string, firstSeq = 1): string[] {
  return fs
    .readFileSync(segmentFile(dir, firstSeq), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
