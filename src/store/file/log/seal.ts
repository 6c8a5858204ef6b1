// Ending a segment: hash what it holds, sync it, and let a seal line compete like any other. Used by maintenance.

import { createHash, type Hash } from 'node:crypto';
import { v7 } from 'uuid';
import { encodeSeal } from '../../commit.ts';
import { type Disk, replaceFile, syncDirectory } from '../disk.ts';
import { gzipMembers } from '../gzip-members.ts';
import { listSegments, readCompressed, segmentPath } from '../segments.ts';
import type { FileLog } from './log.ts';
import { userName } from './user-name.ts';
import type { LogWriter } from './writer.ts';

const SLICE_BYTES = 4 * 1024 * 1024;

/** Hashes the file from where the last call stopped up to its present end. */
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

  /** One slice; false at the end of the file. */
  slice(): boolean {
    const count = this.disk.read(this.fd, this.buffer, 0, this.buffer.length, this.done);
    if (count === 0) return false;
    this.hash.update(this.buffer.subarray(0, count));
    this.done += count;
    return true;
  }

  /** The size hashed and the digest of it plus the newline that the seal's write begins with. */
  withNewline(): { bytes: number; sha256: string } {
    return { bytes: this.done + 1, sha256: this.hash.copy().update('\n').digest('hex') };
  }
}

/**
 * Seals the log's current segment. Contract: the caller holds the turnstile or does not mind losing the race;
 * everything hashed is synced before the seal is written, so a seal never stands over bytes that power loss can take
 * back.
 */
export async function sealSegment(
  disk: Disk,
  log: FileLog,
  writer: LogWriter,
  turn: () => Promise<() => void>,
): Promise<boolean> {
  const { fd, segment } = log;
  // By segment, not by descriptor: its number may be the next segment's by the time we look again.
  const isOurs = () => log.fd === fd && log.segment === segment && log.stopped === undefined;
  if (fd < 0 || !isOurs()) return false;
  const hash = new GrowingHash(disk, fd);
  while (isOurs() && hash.slice()) await new Promise((resolve) => setImmediate(resolve));
  if (!isOurs()) return false;
  const release = await turn();
  try {
    log.tail();
    if (!isOurs()) return false;
    // From here to the write nothing is awaited: what others append meanwhile moves the end and voids the seal.
    log.keeper.flushNow();
    while (hash.slice());
    const { line } = encodeSeal({
      id: v7(),
      at: new Date().toISOString(),
      by: { user: userName(), tool: 'store' },
      seen: log.keeper.seen(),
      seal: { ...hash.withNewline(), previous: log.fold.sealedSha },
    });
    return writer.writeSeal(line);
  } finally {
    release();
  }
}

/**
 * Compresses every plain segment at least two behind the current one: by then every process that writes has followed
 * two seals. The compressed form is durable under its name before the plain one goes.
 */
export async function compressSegments(disk: Disk, logDir: string, currentSegment: number): Promise<number> {
  const older = listSegments(disk, logDir).filter((file) => file.firstSeq < currentSegment);
  let count = 0;
  for (const file of older.slice(0, -1)) {
    const plain = segmentPath(logDir, file.firstSeq);
    if (!file.plain) continue;
    const bytes = disk.readFile(plain);
    if (!file.compressed) {
      replaceFile(disk, `${plain}.gz`, await gzipMembers(bytes), { durable: true, nameLater: true });
      count += 1;
    }
    // Read back, since the plain form is the truth until it goes; an empty one was made by a process that had stalled.
    const compressed = readCompressed(disk, logDir, file.firstSeq);
    if (compressed === undefined || (bytes.length > 0 && !compressed.equals(bytes))) continue;
    // Made here or by somebody who died since: its name is durable before the other goes.
    syncDirectory(disk, logDir);
    disk.unlink(plain);
  }
  return count;
}
