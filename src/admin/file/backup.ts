// Makes a consistent copy of a store while others write to it, without a lock: first the log up to its last valid line,
// then the blobs, each of which was written before the line that names it. Used by restore.ts, rotation.ts and
// cli/verbs/backup.ts.

import path from 'node:path';
import { type Failure, FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { type LogPart, LogReader, type SegmentNote } from '../../store/file/past/log-reader.ts';
import { readSegment, segmentName, segmentPath } from '../../store/file/segments.ts';
import type { Durability } from '../../store/port.ts';
import { checkFiles, describeFile, MANIFEST, type Manifest, type ManifestFile, unsound } from './manifest.ts';
import { isInside, NewDirectory, whatStands, whyNotWritten } from './new-directory.ts';

export interface BackupOptions {
  disk: Disk;
  /** The store's directory. */
  dir: string;
  /** The directory to be created. */
  target: string;
  durability: Durability;
  /** Copies the part of a damaged log before the damage, instead of refusing. */
  beforeDamage?: boolean;
  /** An earlier backup on the same file system: equal files are linked to its files instead of copied. */
  linkTo?: string;
}

export interface BackupResult {
  target: string;
  manifest: Manifest;
  sizeBytes: number;
  /** The part of `sizeBytes` that takes no disk space, because it is linked to an earlier backup. */
  linkedBytes: number;
  /** True if the store's disk cannot sync: then the copy may have lines that the store would lose in a power loss. */
  unsynced: boolean;
  /** The damage behind which the log was left out. */
  leftOut?: Failure;
}

/**
 * Makes a backup, verifies it, and returns its contents. Leaves nothing behind if it fails. Fails with `invalid-input`
 * for an unusable target, `store-damaged`, `store-newer`, `store-full` or `store-unwritable`.
 */
export function backupStore(options: BackupOptions): Result<BackupResult> {
  const { disk, dir, target } = options;
  const refused = refuseTarget(options);
  if (refused !== undefined) return fail(refused);
  const reader = new LogReader(disk, `${dir}/log`).readAll();
  const fault = reader.troubles[0] ?? reader.fault();
  const sound = reader.sound();
  const stopped = reader.stopped?.code === 'store-newer' ? reader.stopped : undefined;
  if (stopped !== undefined) return fail(stopped);
  if (fault !== undefined && (options.beforeDamage !== true || sound.seq === 0)) return fail(fault);
  let copy: NewDirectory | undefined;
  try {
    const unsynced = options.durability === 'fsync' && !flushed(reader);
    copy = new NewDirectory(disk, target);
    const { manifest, linkedBytes } = fill(copy, options, { ...sound, format: reader.format });
    const trouble = verifyBackup(disk, copy.temporary, manifest);
    if (trouble !== undefined) throw new FailureError(trouble);
    copy.publish();
    const sizeBytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    return ok({
      target,
      manifest,
      sizeBytes,
      linkedBytes,
      unsynced,
      ...(fault === undefined ? {} : { leftOut: fault }),
    });
  } catch (error) {
    copy?.discard();
    return fail(whyNotWritten(error, 'the backup cannot be written'));
  }
}

/**
 * Checks the files of a backup against its manifest, and reads its log from the first line: seq and chain must be those
 * of the manifest. Returns the first fault.
 */
export function verifyBackup(disk: Disk, backup: string, manifest: Manifest): Failure | undefined {
  const wrong = checkFiles(disk, backup, manifest);
  if (wrong !== undefined) return wrong;
  const reader = new LogReader(disk, `${backup}/log`).readAll();
  const fault = reader.fault();
  if (fault !== undefined) return fault;
  if (reader.fold.seq === manifest.seq && reader.fold.chain === manifest.chain) return undefined;
  const found = `seq ${reader.fold.seq} with chain ${reader.fold.chain}`;
  return unsound(backup, 'log', `it leads to ${found}, and the manifest says ${manifest.seq} with ${manifest.chain}`);
}

/**
 * Syncs the lines read, or a power loss could take back lines that the backup has; false if the disk cannot. The backup
 * is made all the same, because a failing disk needs it most.
 */
function flushed(reader: LogReader): boolean {
  try {
    reader.flush();
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function refuseTarget({ disk, dir, target }: BackupOptions): Failure | undefined {
  const issue = (why: string): Failure => ({ code: 'invalid-input', issues: [{ at: target, why }] });
  if (isInside(dir, target)) return issue('a backup inside the store is lost with it: choose another place');
  if (whatStands(disk, target) !== 'nothing') return issue('something is there: a backup never overwrites');
  if (disk.stat(path.dirname(target))?.isDirectory !== true) return issue('its parent directory is not there');
  return undefined;
}

function fill(
  copy: NewDirectory,
  { disk, dir, linkTo }: BackupOptions,
  { seq, chain, segments, format }: LogPart & { format: number },
): { manifest: Manifest; linkedBytes: number } {
  const files: Manifest['files'] = {};
  let linkedBytes = 0;
  const add = (relative: string, bytes: Buffer, mode?: number) => {
    const file = describeFile(bytes);
    const earlier = linkTo === undefined ? undefined : `${linkTo}/${relative}`;
    if (earlier !== undefined && holds(disk, earlier, file) && copy.link(relative, earlier)) linkedBytes += file.bytes;
    else copy.write(relative, bytes, mode);
    files[relative] = file;
  };
  for (const segment of segments) {
    // Leave out an empty last segment: opening the copy creates it again.
    if (segment.end > 0) add(...segmentFile(disk, `${dir}/log`, segment));
  }
  for (const name of disk.stat(`${dir}/blobs`) === undefined ? [] : disk.readdir(`${dir}/blobs`)) {
    const bytes = /^[0-9a-f]{64}$/.test(name) ? readWhole(disk, `${dir}/blobs/${name}`) : undefined;
    // Leave out a blob that is damaged already; doctor reports it in the store.
    if (bytes !== undefined && describeFile(bytes).sha256 === name) add(`blobs/${name}`, bytes, 0o400);
  }
  const manifest: Manifest = { format, seq, chain, made_at: new Date().toISOString(), files };
  copy.write(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return { manifest, linkedBytes };
}

/**
 * True if a file has the expected bytes. Reads the file itself, because a manifest cannot tell whether it was altered.
 */
function holds(disk: Disk, file: string, { bytes, sha256 }: ManifestFile): boolean {
  try {
    const stat = disk.stat(file);
    return stat?.isFile === true && stat.size === bytes && describeFile(disk.readFile(file)).sha256 === sha256;
  } catch (error) {
    // False on a file error, so that the file is copied: the earlier backup is being removed, or its disk fails.
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/**
 * Name and bytes of a segment in the backup: a sealed one in the form that it has, the last one cut after its last
 * valid line.
 */
function segmentFile(disk: Disk, logDir: string, segment: SegmentNote): [string, Buffer] {
  const name = `log/${segmentName(segment.firstSeq)}`;
  const compressed = `${segmentPath(logDir, segment.firstSeq)}.gz`;
  if (segment.sealed && disk.stat(compressed) !== undefined) return [`${name}.gz`, disk.readFile(compressed)];
  return [name, readSegment(disk, logDir, segment.firstSeq).subarray(0, segment.end)];
}

function readWhole(disk: Disk, file: string): Buffer | undefined {
  return disk.stat(file)?.isFile ? disk.readFile(file) : undefined;
}
