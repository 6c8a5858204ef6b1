// Opens a log: creates the first file if there is none, finds the place to start folding, folds to the end, and refuses
// a log that is unsafe. Every opener does all of it, whoever created the store. Used by file-store.ts.

import { v7 } from 'uuid';
import { type Failure, FailureError } from '../../../failure/failure.ts';
import { encodeCommit } from '../../commit.ts';
import { Fold } from '../../fold.ts';
import { FIRST_FORMAT } from '../../formats.ts';
import type { CommitListener, Durability } from '../../port.ts';
import { type Checkpoint, fitsLog, readCheckpoint } from '../caches/checkpoint.ts';
import { type Disk, errnoOf, syncDirectory } from '../disk.ts';
import { listSegments, type SegmentFile, segmentPath } from '../segments.ts';
import { FileLog } from './log.ts';
import { readMarker } from './marker.ts';
import { unsafeOwner } from './safe-place.ts';
import { userName } from './user-name.ts';
import { LogWriter } from './writer.ts';

/** File systems, by statfs type, on which O_APPEND, links or fdatasync may not work as on a local disk. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x6a656a63, 'virtiofs'],
]);

export interface OpenLogOptions {
  disk: Disk;
  dir: string;
  durability: Durability;
  forceNetworkFs: boolean;
  onCommits: CommitListener;
}

/**
 * Opens and folds the log of a store. Throws FailureError: store-unwritable, store-unsafe, store-damaged (no first
 * segment). A log that is otherwise damaged, poisoned or newer opens with `stopped` set, for reading.
 */
export function openLog(options: OpenLogOptions): FileLog {
  const { disk, dir } = options;
  const logDir = `${dir}/log`;
  try {
    const above = missingAbove(disk, dir);
    const [top = dir] = above.slice(-1).map(parentOf);
    if (!options.forceNetworkFs) refuseNetwork(disk, top);
    makeDirectories(disk, dir, logDir);
    // Modes mean nothing on some network file systems: who forces one takes that on.
    const unsafe =
      options.forceNetworkFs && networkFileSystem(disk, dir) !== undefined ? undefined : unsafeOwner(disk, dir);
    if (unsafe !== undefined) throw new FailureError(unsafe);
    ensureFirstSegment(options, logDir, above);
    return foldLog(options, logDir);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new FailureError(cannotOpen(errno));
  }
}

/** File errors of opening, in words for the person who has to fix them. */
const ERRNO_WORDS: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'there is no room left',
  EDQUOT: 'there is no room left',
  ENOTDIR: 'a part of its path is no directory',
  ENOENT: 'a part of its path is missing, or a link that leads nowhere',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

function cannotOpen(errno: string): Failure {
  if (errno === 'ELOOP') return linked('a file of its log is a symbolic link');
  const words = ERRNO_WORDS[errno];
  const why = `the store cannot be opened for writing${words === undefined ? '' : `: ${words}`} (${errno})`;
  return { code: 'store-unwritable', why };
}

/** The refusal of a symbolic link, which could lead two stores to one file, or out of the store. */
export function linked(why: string): Failure {
  return { code: 'store-unsafe', why, how: 'put the real thing in its place, or name the real store with --state-dir' };
}

/** The name of the network file system that a path is on; undefined on a local one. */
export function networkFileSystem(disk: Disk, path: string): string | undefined {
  return NETWORK_FILE_SYSTEMS.get(disk.fsType(path) >>> 0);
}

/** The missing directories from `dir` upwards. */
function missingAbove(disk: Disk, dir: string): string[] {
  const missing: string[] = [];
  for (let path = dir; disk.stat(path) === undefined; path = parentOf(path)) missing.push(path);
  return missing;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function makeDirectories(disk: Disk, dir: string, logDir: string): void {
  if (disk.stat(dir) === undefined) disk.mkdir(dir);
  // A link to the store's directory is allowed; a link inside it is not, because its target would be read and written.
  const link = disk.readdir(dir).find((name) => disk.stat(`${dir}/${name}`)?.isSymbolicLink);
  if (link !== undefined) throw new FailureError(linked(`${link} in it is a symbolic link`));
  if (disk.stat(logDir) === undefined) disk.mkdir(logDir);
}

function refuseNetwork(disk: Disk, dir: string): void {
  const name = networkFileSystem(disk, dir);
  if (name === undefined) return;
  throw new FailureError({
    code: 'store-unsafe',
    why: `it is on a network file system (${name}), where appends of several machines can overwrite each other`,
    how:
      'choose a local directory with BATON_STATE_DIR, or force it with BATON_FORCE_NETWORK_FS=1 for one ' +
      'machine at a time',
  });
}

/**
 * Creates segment 1 if the log has no segment; `FileLog` syncs its name before writing to it. Every opener syncs the
 * names of the directories, because the process that created them may have died first. `made` are those that this
 * opener created.
 */
function ensureFirstSegment(options: OpenLogOptions, logDir: string, made: readonly string[]): void {
  const { disk, dir, durability } = options;
  if (listSegments(disk, logDir).length === 0) disk.close(disk.open(segmentPath(logDir, 1), 'append-create'));
  if (durability === 'none') return;
  for (const path of new Set([dir, parentOf(dir), ...made.map(parentOf)])) syncDirectory(disk, path);
}

function foldLog(options: OpenLogOptions, logDir: string): FileLog {
  const { disk, dir, durability, onCommits } = options;
  // List before folding: a segment that appears later is the new successor of a seal, not a stray.
  const listed = listAll(disk, logDir);
  const kept = readCheckpoint(disk, dir);
  const checkpoint = kept !== undefined && fitsLog(disk, logDir, kept) ? kept : undefined;
  const headless = listed[0]?.firstSeq !== 1;
  if (checkpoint === undefined && headless) throw new FailureError(withoutHead(logDir));
  const fold = new Fold(checkpoint === undefined ? { keepAllChains: kept !== undefined } : { from: checkpoint.fold });
  const log = new FileLog({ disk, logDir, fold, durability, onCommits });
  try {
    if (checkpoint === undefined) log.begin(1, 0, '');
    else {
      log.format = checkpoint.format;
      log.begin(checkpoint.segment, checkpoint.offset, checkpoint.lineSum);
    }
    if (log.stopped === undefined) log.tail();
    if (headless) log.stop(withoutHead(logDir));
    checkFolded(options, log, { logDir, listed, checkpoint, kept });
  } catch (error) {
    log.close();
    throw error;
  }
  return log;
}

interface Findings {
  logDir: string;
  listed: readonly SegmentFile[];
  checkpoint: Checkpoint | undefined;
  kept: Checkpoint | undefined;
}

/**
 * Checks the folded log: stops a log that is inconsistent or poisoned; else creates the store if it is empty, and makes
 * the folded lines durable before anything else is written.
 */
function checkFolded({ disk }: OpenLogOptions, log: FileLog, { logDir, listed, checkpoint, kept }: Findings): void {
  if (checkpoint === undefined && kept !== undefined) checkKnownLines(log, kept, logDir);
  checkStrays(log, listed, checkpoint?.segment ?? 1, logDir);
  const marked = readMarker(disk, logDir);
  if (marked !== undefined) log.stop(marked);
  if (log.stopped === undefined && log.fold.seq === 0) createStore(disk, log);
  if (log.stopped === undefined) log.keeper.flushNow();
}

/**
 * Lists the segments; lists again if the first one seems missing, because a directory that changes while it is read can
 * hide a name.
 */
function listAll(disk: Disk, logDir: string): SegmentFile[] {
  const listed = listSegments(disk, logDir);
  return listed[0]?.firstSeq === 1 ? listed : listSegments(disk, logDir);
}

function withoutHead(logDir: string): Failure {
  return { code: 'store-damaged', file: segmentPath(logDir, 1), offset: 0, why: 'the first segment is missing' };
}

/** Stops the log if a checkpoint that does not fit it knew more lines, or other ones: the log was cut or replaced. */
function checkKnownLines(log: FileLog, kept: Checkpoint, logDir: string): void {
  const chainThen = log.fold.chainAt(kept.fold.seq);
  if (chainThen === kept.fold.chain) return;
  const why = `the checkpoint knew ${kept.fold.seq} lines, and the log does not hold them as they were`;
  log.stop({ code: 'store-damaged', file: segmentPath(logDir, log.segment), offset: log.offset, why });
}

/**
 * Stops the log if no seal leads to a segment: the one before it lost its seal, and the lines of the stray would be
 * silently ignored.
 */
function checkStrays(log: FileLog, listed: readonly SegmentFile[], from: number, logDir: string): void {
  const stray = listed.find((file) => file.firstSeq > from && !log.followed.has(file.firstSeq));
  if (stray === undefined) return;
  const why = `no seal leads to segment ${stray.firstSeq}: the end of the segment before it was changed or lost`;
  log.stop({ code: 'store-damaged', file: segmentPath(logDir, log.segment), offset: log.offset, why });
}

function createStore(disk: Disk, log: FileLog): void {
  const id = v7();
  const at = new Date().toISOString();
  const created = encodeCommit({
    id,
    at,
    by: { user: userName(), tool: 'store' },
    seen: log.keeper.seen(),
    expect: { store: [0, ''] },
    events: [
      {
        stream: 'store',
        type: 'store.created',
        data: { format: FIRST_FORMAT },
        patch: [{ op: 'add', path: '', value: { schema: 1, id, format: FIRST_FORMAT, created_at: at } }],
      },
    ],
  });
  // `lost` is fine: another opener has created the store in the same moment.
  const [outcome] = new LogWriter(disk, log).write([created]);
  if (outcome?.kind === 'failed') throw outcome.error;
  if (outcome?.kind === 'unknown') throw new FailureError({ code: 'outcome-unknown', why: outcome.why });
}
