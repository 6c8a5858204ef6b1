// The file that spans go to: JSON lines, appended by any number of processes, of bounded size. Spans wait in memory for
// a moment and are written beside the calls, never by them; what there is no room for is dropped and counted.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { type Attribute, type Scope, type Span, tracesLine } from './otlp.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY, O_EXCL } = constants;

/** Above this the file becomes `<path>.1`, in the place of the one before. */
const MAX_BYTES = 32 * 1024 * 1024;
const FLUSH_MS = 200;
/** Spans that wait, and those of one line: a line is one write. */
const MAX_WAITING = 4_096;
const SPANS_A_LINE = 32;
/** How long whoever rotates may take; a lock that is older was left behind by a crash. */
const STALE_LOCK_MS = 10_000;
/** After trouble the file is tried again so often, and reported so often. */
const PAUSE_MS = 10_000;

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
  /** Writes follow one another: the end of the last. */
  private last: Promise<void> = Promise.resolve();
  private triedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: TraceFileParts) {
    this.parts = parts;
    this.maxBytes = parts.maxBytes ?? MAX_BYTES;
  }

  /** Spans written, and those dropped for want of room or of a file. */
  counts(): { written: number; dropped: number } {
    return { written: this.written, dropped: this.dropped };
  }

  /** Takes a span. Touches no file. */
  add(span: Span): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(span);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what waits. Resolves when it is written or dropped; never rejects. */
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
   * One line, whole: one write, so that lines of several processes never mix. False if there is no room or no file now.
   */
  private async append(spans: readonly Span[]): Promise<boolean> {
    if (performance.now() - this.triedAt < PAUSE_MS) return false;
    const size = await this.opened();
    const handle = this.file?.handle;
    if (handle === undefined || size === undefined) return false;
    const { resource, scope } = this.parts;
    // Somebody was killed, or the disk was full, in the middle of a line: it ends here, and ours stays whole.
    const gap = size > 0 && !(await endsALine(handle, size)) ? '\n' : '';
    const bytes = Buffer.from(`${gap}${tracesLine(resource, scope, spans)}\n`);
    const { bytesWritten } = await handle.write(bytes);
    // The rest is never sent after it: another process may have written meanwhile.
    if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    return true;
  }

  /**
   * Opens the file anew where it is not ours any more, and rotates it where it is full. Its size; undefined if it stays
   * full.
   */
  private async opened(): Promise<number | undefined> {
    for (let looks = 0; looks < 3; looks += 1) {
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
    // Not through a symbolic link, and without waiting for the reader of a pipe.
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
   * The full file gives way to a new one. Under a lock: a process that saw it full too late must not move the new one.
   */
  private async rotate(full: number): Promise<boolean> {
    const { path } = this.parts;
    const lock = `${path}.lock`;
    const held = await open(lock, O_WRONLY | O_CREAT | O_EXCL, 0o600).catch(() => undefined);
    if (held === undefined) {
      const left = await stat(lock).catch(() => undefined);
      if (left !== undefined && Date.now() - left.mtimeMs > STALE_LOCK_MS) await unlink(lock).catch(() => undefined);
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
