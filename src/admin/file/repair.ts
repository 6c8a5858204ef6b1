// The two repairs that change nothing in the log: letting writers in again after a disk error, and writing all caches
// anew. Both verify the whole store first, and refuse if anything is lost. Called by cli/verbs/doctor.ts.

import { FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { checkpointPath, fitsLog, readCheckpoint, writeCheckpoint } from '../../store/file/caches/checkpoint.ts';
import { DocumentFiles, documentPath } from '../../store/file/caches/documents-on-disk.ts';
import { type Disk, errnoOf, syncDirectory } from '../../store/file/disk.ts';
import { markerPath } from '../../store/file/log/marker.ts';
import { renewIndexes } from '../../store/file/past/index-segments.ts';
import { type Verified, type VerifyOptions, verifyStore } from './verify.ts';

/**
 * Removes the marker that a failed fdatasync left, if the log reads without a fault and the disk syncs again; false if
 * there is none. Only a restart of the machine shows whether the last lines before the error are on the disk or only in
 * memory. Their outcome was answered as unknown, so nothing acknowledged depends on them. Fails with the fault of the
 * log, or `store-unwritable`.
 */
export function clearPoison(options: VerifyOptions): Result<boolean> {
  const { disk, dir } = options;
  const path = markerPath(`${dir}/log`);
  if (disk.stat(path) === undefined) return ok(false);
  const { reader } = verifyStore(options);
  const fault = reader.fault();
  if (fault !== undefined) return fail(fault);
  try {
    reader.flush();
    disk.unlink(path);
    syncDirectory(disk, `${dir}/log`);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return fail({ code: 'store-unwritable', why: `the disk still refuses to save (${errno})` });
  }
  return ok(true);
}

/**
 * Writes every document, the checkpoint and the index files anew from the log, and returns the number of documents.
 * Sets files that were edited by hand aside. Fails with `store-damaged` if the log is damaged, or if a cache knows more
 * than the log: then the cache is the last trace of lost commits.
 */
export async function rebuildCaches(options: VerifyOptions): Promise<Result<number>> {
  const verified = verifyStore(options);
  const fault = verified.reader.fault();
  if (fault !== undefined) return fail(fault);
  const ahead = verified.report.findings.find(({ code }) => code === 'document-ahead' || code === 'checkpoint-ahead');
  if (ahead !== undefined) {
    const why = `${ahead.what}; writing the caches anew would wipe out the last trace of it`;
    return fail({ code: 'store-damaged', file: `${options.dir}/${ahead.where ?? ''}`, offset: 0, why });
  }
  try {
    if (options.durability === 'fsync') verified.reader.flush();
    const written = await writeDocuments(options, verified);
    renewCheckpoint(options, verified);
    renewIndexes(options.disk, `${options.dir}/log`, verified.reader.segments.at(-1)?.firstSeq ?? 0);
    return ok(written);
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return fail({ code: 'store-unwritable', why: `a cache cannot be written (${errno})` });
  }
}

async function writeDocuments({ disk, dir, durability }: VerifyOptions, { rebuilder }: Verified): Promise<number> {
  const files = new DocumentFiles(disk, dir);
  let written = 0;
  for (const [stream, { doc, version, head, seq }] of rebuilder.documents) {
    if (doc === undefined || rebuilder.misfits.has(stream) || documentPath(stream) === undefined) continue;
    await files.write({ stream, seq, version, head, doc }, durability === 'fsync');
    written += 1;
  }
  await files.syncFolders();
  return written;
}

/** Writes the checkpoint. Keeps a later one that fits the log: a server has written it since the log was read. */
function renewCheckpoint({ disk, dir, durability }: VerifyOptions, { reader }: Verified): void {
  const { fold } = reader;
  const kept = readCheckpoint(disk, dir);
  if (kept !== undefined && kept.fold.seq > fold.seq && fitsLog(disk, `${dir}/log`, kept)) return;
  const last = reader.segments.at(-1);
  if (last === undefined || fold.seq === 0) return;
  // Right after a seal no place fits the fold: rather have no checkpoint than a wrong one.
  if (fold.isEnded()) {
    removeCheckpoint(disk, dir);
    return;
  }
  const at = new Date().toISOString();
  const place = { segment: last.firstSeq, offset: last.end, lineSum: last.lastSum };
  writeCheckpoint(disk, dir, { format: reader.format, ...place, at, fold: fold.state() }, durability === 'fsync');
}

function removeCheckpoint(disk: Disk, dir: string): void {
  const path = checkpointPath(dir);
  if (disk.stat(path) === undefined) return;
  disk.unlink(path);
  syncDirectory(disk, dir);
}
