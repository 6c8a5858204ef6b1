// Seals a segment: hashes its bytes, syncs it, and appends a seal line, which competes with other lines like any
// commit. Also compresses sealed segments. Called by maintenance, through file-store.ts.

import { createHash, type Hash } from 'node:crypto';
import { v7 } from 'uuid';
import { machineClock } from '../../../base/process-place.ts';
import { encodeSeal } from '../../commit.ts';
import { type Disk, replaceFileGently, syncDirectoryGently } from '../disk.ts';
import { gzipMembers } from '../gzip-members.ts';
import { listSegments, readCompressedLater, readPlainLater, segmentPath } from '../segments.ts';
import type { FileLog } from './log.ts';
import { userName } from './user-name.ts';
import type { LogWriter } from './writer.ts';

const SLICE_BYTES = 1024 * 1024;

/** A hash of a file that grows: each call goes on where the last one stopped. */
class GrowingHash {
  private readonly hash: Hash = createHash('sha256');
  private done = 0;
  private readonly buffer = Buffer.allocUnsafe(SLICE_BYTES);
  private readonly disk: Disk;
  private readonly fd: number;

  constructor(disk: Disk, fd: number) {
    this.disk = disk;
    this.fd = fd;
  }

  /** Hashes one more slice and returns its length: 0 at the end of the file, which may grow meanwhile. */
  slice(): number {
    const count = this.disk.read(this.fd, this.buffer, 0, this.buffer.length, this.done);
    this.hash.update(this.buffer.subarray(0, count));
    this.done += count;
    return count;
  }

  /** Size and digest of the bytes hashed so far, and of the newline with which the write of the seal begins. */
  withNewline(): { bytes: number; sha256: string } {
    return { bytes: this.done + 1, sha256: this.hash.copy().update('\n').digest('hex') };
  }
}

/**
 * Seals the log's current segment; resolves to true if the seal won. Hashes slice by slice, then takes the turn
 * (`takeTurn`) for the last bytes. Syncs between the last hash and the write, so that a seal does not cover bytes that
 * power loss can take back.
 */
export async function sealSegment(
  disk: Disk,
  log: FileLog,
  writer: LogWriter,
  takeTurn: () => Promise<() => void>,
): Promise<boolean> {
  const { fd, segment } = log;
  // Compare the segment too, because the next segment's descriptor may get the same number.
  const isOurs = () => log.fd === fd && log.segment === segment && log.stopped === undefined;
  if (fd < 0 || !isOurs()) return false;
  const hash = new GrowingHash(disk, fd);
  // Only whole slices: to run after a file that grows in every tick would never end.
  while (isOurs() && hash.slice() === SLICE_BYTES) await new Promise((resolve) => setImmediate(resolve));
  // On a thread, so that the blocking sync below has only the last bytes to write.
  await log.keeper.flush();
  if (!isOurs()) return false;
  const release = await takeTurn();
  try {
    log.tail();
    if (!isOurs()) return false;
    // Await nothing from here to the write: a line that others append in between moves the end of the file and voids
    // the seal. Hash before the sync, so that every byte that the seal covers is durable before the seal is written.
    while (hash.slice() > 0);
    log.keeper.flushNow();
    const clock = machineClock();
    const lasted_ms = Math.floor(Math.max(performance.now() - log.enteredAt, log.fold.sinceSeal(clock)));
    const { line } = encodeSeal({
      id: v7(),
      at: new Date(log.fold.sealTime(Date.now(), lasted_ms)).toISOString(),
      by: { user: userName(), tool: 'store' },
      seen: log.keeper.seen(),
      seal: { ...hash.withNewline(), previous: log.fold.sealedSha, lasted_ms, ...(clock && { clock }) },
    });
    return writer.writeSeal(line);
  } finally {
    release();
  }
}

/** Compares in slices: calls are answered between two. */
async function areEqual(one: Buffer, other: Buffer): Promise<boolean> {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += SLICE_BYTES) {
    if (!one.subarray(at, at + SLICE_BYTES).equals(other.subarray(at, at + SLICE_BYTES))) return false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
}

/**
 * Compresses every plain segment at least two behind the current one, to which no process can still be writing: every
 * writer has followed the seals. The compressed file and its name are durable before the plain one is deleted. Resolves
 * to the number of segments compressed.
 */
export async function compressSegments(
  disk: Disk,
  logDir: string,
  currentSegment: number,
  checkpointSegment = currentSegment,
): Promise<number> {
  const older = listSegments(disk, logDir).filter((file) => file.firstSeq < currentSegment);
  let count = 0;
  for (const file of older.slice(0, -1)) {
    // Left for later: a checkpoint in a compressed segment is of no use.
    if (file.firstSeq >= checkpointSegment) break;
    const plain = segmentPath(logDir, file.firstSeq);
    if (!file.plain) continue;
    const bytes = await readPlainLater(disk, logDir, file.firstSeq);
    if (bytes === undefined) continue;
    if (!file.compressed) {
      const parts = [await gzipMembers(bytes)];
      await replaceFileGently(disk, `${plain}.gz`, parts, { durable: true, nameLater: true });
      count += 1;
    }
    // Delete the plain form only if the compressed one reads back equal. An empty plain form is no loss: a process that
    // had stalled created it.
    const compressed = await readCompressedLater(disk, logDir, file.firstSeq);
    if (compressed === undefined || (bytes.length > 0 && !(await areEqual(compressed, bytes)))) continue;
    // Sync the name even if another process made the compressed file: that one may have died before its sync.
    await syncDirectoryGently(disk, logDir);
    disk.unlink(plain);
  }
  return count;
}
