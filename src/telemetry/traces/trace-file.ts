// The trace file: JSON lines of bounded size, appended by any number of processes. Spans are buffered in memory and
// written by a timer, so a call never waits for the file; spans without room are dropped and counted. Made by
// tracing.ts.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { type Attribute, type Scope, type Span, tracesLine } from './otlp.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY, O_EXCL } = constants;

/** A file of this size is renamed to `<path>.1`, over the previous one. */
const MAX_BYTES = 32 * 1024 * 1024;
const FLUSH_MS = 200;
/** The most spans that are buffered, and the most in one line, which is one write. */
const MAX_WAITING = 4_096;
const SPANS_A_LINE = 32;
/** A rotation takes less than this; an older lock was left behind by a crash, and is removed. */
const STALE_LOCK_MS = 10_000;
/** After an error, the time until the file is tried again; so an error is reported no more often. */
const PAUSE_MS = 10_000;
/** A process that finds the file full opens it, rotates it, opens the new one and measures that. */
const MOST_LOOKS = 4;

export interface TraceFileParts {
  path: string;
  resource: Readonly<Record<string, Attribute>>;
  scope: Scope;
  /** Called at most once in ten seconds. */
  onTrouble(error: unknown): void;
  maxBytes?: number;
}

export class TraceFile {
  private readonly parts: TraceFileParts;
  private readonly maxBytes: number;
  private waiting: Span[] = [];
  private written = 0;
  private dropped = 0;
  private file: { handle: FileHandle; ino: number } | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The end of the last write: writes are chained, so that no two run at once. */
  private last: Promise<void> = Promise.resolve();
  private triedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: TraceFileParts) {
    this.parts = parts;
    this.maxBytes = parts.maxBytes ?? MAX_BYTES;
  }

  /** Spans written, and spans dropped because the buffer or file was full or the file failed. */
  counts(): { written: number; dropped: number } {
    return { written: this.written, dropped: this.dropped };
  }

  /** Buffers a span; does no I/O. */
  add(span: Span): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(span);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes the buffer. Resolves when each span is written or dropped; never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = this.last.then(() => this.drain());
    return this.last;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.file?.handle.close().catch(() => undefined);
    this.file = undefined;
  }

  private async drain(): Promise<void> {
    if (this.waiting.length === 0) return;
    const spans = this.waiting;
    this.waiting = [];
    let done = 0;
    try {
      while (done < spans.length) {
        const some = spans.slice(done, done + SPANS_A_LINE);
        if (!(await this.append(some))) break;
        done += some.length;
      }
    } catch (error) {
      this.triedAt = performance.now();
      this.parts.onTrouble(error);
      await this.file?.handle.close().catch(() => undefined);
      this.file = undefined;
    }
    this.written += done;
    this.dropped += spans.length - done;
  }

  /**
   * Appends one line in one write, so that lines of several processes never mix. False if the file is full, or failed
   * less than PAUSE_MS ago. Throws if the file cannot be opened or written.
   */
  private async append(spans: readonly Span[]): Promise<boolean> {
    if (performance.now() - this.triedAt < PAUSE_MS) return false;
    const size = await this.opened();
    const handle = this.file?.handle;
    if (handle === undefined || size === undefined) return false;
    const { resource, scope } = this.parts;
    // A writer was killed, or met a full disk, in the middle of a line: end that line, so that ours is whole.
    const gap = size > 0 && !(await endsALine(handle, size)) ? '\n' : '';
    const bytes = Buffer.from(`${gap}${tracesLine(resource, scope, spans)}\n`);
    const { bytesWritten } = await handle.write(bytes);
    // The rest of a short write is not sent: another process may have written in between.
    if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    return true;
  }

  /**
   * Reopens the file if its path now names another one, and rotates it if it is full. Returns its size in bytes;
   * undefined if it is still too full.
   */
  private async opened(): Promise<number | undefined> {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const found = await lstat(this.parts.path).catch(() => undefined);
      if (this.file === undefined || found?.ino !== this.file.ino) await this.reopen();
      else if (found.size < this.maxBytes) return found.size;
      else if (!(await this.rotate(found.ino))) return found.size < 2 * this.maxBytes ? found.size : undefined;
    }
    return undefined;
  }

  private async reopen(): Promise<void> {
    await this.file?.handle.close().catch(() => undefined);
    this.file = undefined;
    // Do not follow a symbolic link, and do not block on a pipe without a reader.
    const flags = O_RDWR | O_APPEND | O_CREAT | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);
    const handle = await open(this.parts.path, flags, 0o600);
    const found = await handle.stat();
    if (found.isFile()) this.file = { handle, ino: found.ino };
    else {
      await handle.close();
      throw new Error('the trace file is no regular file');
    }
  }

  /**
   * Renames the full file, whose inode is `full`. Under a lock and by inode, so that a process that saw it full late
   * does not rename the new file. False if another process holds the lock.
   */
  private async rotate(full: number): Promise<boolean> {
    const { path } = this.parts;
    const lock = `${path}.lock`;
    const held = await open(lock, O_WRONLY | O_CREAT | O_EXCL, 0o600).catch(() => undefined);
    if (held === undefined) {
      const left = await stat(lock).catch(() => undefined);
      // A lock from the future is as little of now as one of long ago.
      if (left !== undefined && Math.abs(Date.now() - left.mtimeMs) > STALE_LOCK_MS)
        await unlink(lock).catch(() => undefined);
      return false;
    }
    try {
      const found = await lstat(path).catch(() => undefined);
      if (found?.ino === full) await rename(path, `${path}.1`);
      return true;
    } finally {
      await held.close();
      await unlink(lock).catch(() => undefined);
    }
  }
}

async function endsALine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 0 || buffer[0] === 0x0a;
}
