// Makes a store of a backup again, in an empty place only, and verifies the backup before and the store after. The
// drill restores into a temporary place and opens the store as a server would. Called by cli/verbs/restore.ts.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import type { Disk } from '../../store/file/disk.ts';
import { verifyBackup } from './backup.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { NewDirectory, whatStands, whyNotWritten } from './new-directory.ts';
import { openOffline } from './open.ts';
import { verifyStore } from './verify.ts';

export interface Restored {
  dir: string;
  manifest: Manifest;
  commits: number;
  documents: number;
}

/**
 * Restores a backup into a directory that is absent or empty. Fails with `invalid-input` for an unusable place or
 * backup, `store-damaged`, `store-newer`, `store-full` or `store-unwritable`. Leaves nothing behind if it fails.
 */
export function restoreBackup(disk: Disk, backup: string, dir: string): Result<Restored> {
  if (whatStands(disk, dir) === 'something') {
    const why = 'something is there, and a restore never touches it: move it away first';
    return fail({ code: 'invalid-input', issues: [{ at: dir, why }] });
  }
  const read = readManifest(disk, backup);
  if (!read.ok) return read;
  const manifest = read.value;
  const wrong = verifyBackup(disk, backup, manifest);
  if (wrong !== undefined) return fail(wrong);
  let copy: NewDirectory | undefined;
  try {
    if (disk.stat(path.dirname(dir)) === undefined) disk.mkdir(path.dirname(dir));
    copy = new NewDirectory(disk, dir);
    for (const name of Object.keys(manifest.files)) {
      copy.write(name, disk.readFile(`${backup}/${name}`), name.startsWith('blobs/') ? 0o400 : 0o600);
    }
    // Verify the written files too, to find a backup that changed meanwhile and a disk that returns other bytes.
    const trouble = verifyBackup(disk, copy.temporary, manifest);
    if (trouble !== undefined) throw new FailureError(trouble);
    const restored = verifyRestored(disk, copy.temporary, { dir, manifest });
    copy.publish();
    return ok(restored);
  } catch (error) {
    copy?.discard();
    return fail(whyNotWritten(error, `the store cannot be written to ${dir}`));
  }
}

/**
 * Restores into a temporary place, opens the store as a server would, reads every document, and deletes it all again.
 */
export async function drillRestore(disk: Disk, backup: string): Promise<Result<Restored>> {
  const parent = fs.mkdtempSync(path.join(tmpdir(), 'baton-drill-'));
  const dir = path.join(parent, 'state');
  try {
    const restored = restoreBackup(disk, backup, dir);
    if (!restored.ok) return restored;
    const documents = openOffline({ dir, durability: 'none', forceNetworkFs: true, disk });
    try {
      const { stopped } = documents.store.info();
      if (stopped !== undefined) return fail(stopped);
      for (const stream of documents.store.streams('')) documents.peek((view) => view.get(stream));
    } finally {
      await documents.close();
    }
    return restored;
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  } finally {
    fs.rmSync(parent, { recursive: true, force: true });
  }
}

/**
 * Verifies the restored store before it gets its name. Throws FailureError for a damaged log or a broken document;
 * blobs that the backup lacked may be missing.
 */
function verifyRestored(disk: Disk, temporary: string, of: Pick<Restored, 'dir' | 'manifest'>): Restored {
  const { report } = verifyStore({ disk, dir: temporary, durability: 'fsync', forceNetworkFs: true });
  const { commits, documents } = report;
  const broken = report.findings.find(({ code }) => code === 'log-damaged' || code === 'document-broken');
  if (broken !== undefined) {
    const file = `${of.dir}/${broken.where ?? ''}`;
    throw new FailureError({ code: 'store-damaged', file, offset: 0, why: broken.what });
  }
  return { ...of, commits, documents: documents.rebuilt };
}
