// A consistent copy of a store while others write to it: the log up to the last line that counted when it was read,
// then the blobs, which are there before the line that names them. Correct without any lock. Used by rotation.ts and
// cli/verbs/backup.ts.

import path from 'node:path';
import { type Failure, FailureError, fail, ok, type Result } from '../../failure/failure.ts';
import { type Disk, errnoOf } from '../../store/file/disk.ts';
import { LogReader, type SegmentNote } from '../../store/file/past/log-reader.ts';
import { readSegment, segmentName, segmentPath } from '../../store/file/segments.ts';
import type { Durability } from '../../store/port.ts';
import { checkFiles, describeFile, MANIFEST, type Manifest, type ManifestFile, unsound } from './manifest.ts';
import { isInside, NewDirectory, whatStands, whyNotWritten } from './new-directory.ts';

export interface BackupOptions {
  disk: Disk;
  /** The store. */
  dir: string;
  /** The directory to be made. */
  target: string;
  durability: Durability;
  /** Copies what comes before the damage of a damaged log, instead of refusing. */
  beforeDamage?: boolean;
  /** An earlier backup on the same file system: files that are the same are links to its own. */
  linkTo?: string;
}

export interface BackupResult {
  target: string;
  manifest: Manifest;
  sizeBytes: number;
  /** What of it takes no room of its own: links to an earlier backup. */
  linkedBytes: number;
  /** True if the store's disk refuses to sync: then the copy may know lines that the store loses with the power. */
  unsynced: boolean;
  /** What was left out because the log is damaged there. */
  leftOut?: Failure;
}

/** Makes a backup, verifies it and answers what it holds. Nothing is left behind if it fails. */
export function backupStore(options: BackupOptions): Result<BackupResult> {
  const { disk, dir, target } = options;
  const refused = refuseTarget(options);
  if (refused !== undefined) return fail(refused);
  const reader = new LogReader(disk, `${dir}/log`).readAll();
  const fault = reader.fault();
  const stopped = reader.stopped?.code === 'store-newer' ? reader.stopped : undefined;
  if (stopped !== undefined) return fail(stopped);
  if (fault !== undefined && (options.beforeDamage !== true || reader.fold.seq === 0)) return fail(fault);
  let copy: NewDirectory | undefined;
  try {
    const unsynced = options.durability === 'fsync' && !settled(reader);
    copy = new NewDirectory(disk, target);
    const { manifest, linkedBytes } = fill(copy, options, reader);
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

/** The files against the manifest, and the log read again from its first line: the same seq and chain must come out. */
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
 * What is not durable yet could be taken back by a power loss, and then the backup would know more than the store. A
 * disk that refuses is no reason to refuse: that is when a copy is wanted most.
 */
function settled(reader: LogReader): boolean {
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
  reader: LogReader,
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
  for (const segment of reader.segments) {
    // An empty successor of a seal is made again by whoever opens the copy.
    if (segment.end > 0) add(...segmentFile(disk, `${dir}/log`, segment));
  }
  for (const name of disk.stat(`${dir}/blobs`) === undefined ? [] : disk.readdir(`${dir}/blobs`)) {
    const bytes = /^[0-9a-f]{64}$/.test(name) ? readWhole(disk, `${dir}/blobs/${name}`) : undefined;
    // One that is damaged already is no gain in a backup: doctor says so of the store.
    if (bytes !== undefined && describeFile(bytes).sha256 === name) add(`blobs/${name}`, bytes, 0o400);
  }
  const { seq, chain } = reader.fold;
  const manifest: Manifest = { format: reader.format, seq, chain, made_at: new Date().toISOString(), files };
  copy.write(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return { manifest, linkedBytes };
}

/** Whether the file is there as it should be: its own bytes are looked at, not what a manifest says of them. */
function holds(disk: Disk, file: string, { bytes, sha256 }: ManifestFile): boolean {
  try {
    const stat = disk.stat(file);
    return stat?.isFile === true && stat.size === bytes && describeFile(disk.readFile(file)).sha256 === sha256;
  } catch (error) {
    // Somebody removes that backup meanwhile, or its disk has gone bad: then it is copied.
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** A sealed segment in the form that it has; the last one cut after its last line that counts. */
function segmentFile(disk: Disk, logDir: string, segment: SegmentNote): [string, Buffer] {
  const name = `log/${segmentName(segment.firstSeq)}`;
  const compressed = `${segmentPath(logDir, segment.firstSeq)}.gz`;
  if (segment.sealed && disk.stat(compressed) !== undefined) return [`${name}.gz`, disk.readFile(compressed)];
  return [name, readSegment(disk, logDir, segment.firstSeq).subarray(0, segment.end)];
}

function readWhole(disk: Disk, file: string): Buffer | undefined {
  return disk.stat(file)?.isFile ? disk.readFile(file) : undefined;
}
