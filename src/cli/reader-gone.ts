// Notices that the reader of our output has left although nothing is written; the system reports it only to a write.
// Used by the verbs log and watch, which may be silent for long (`baton log --follow | head`) and must not outlive
// their reader.

import fs from 'node:fs';

/** Short, because a shell shows its prompt only when all of a pipeline has ended. */
const LOOK_EVERY_MS = 500;

/**
 * Calls `gone` once when the file descriptor has no reader any more, unless the signal is aborted before; never where
 * that cannot be known. Call it before the first write, while the reader is surely there.
 */
export function whenReaderGone(fd: number, signal: AbortSignal, gone: () => void): void {
  const hasLeft = probeOf(fd);
  if (hasLeft === undefined || signal.aborted) return;
  const timer = setInterval(() => {
    if (!hasLeft()) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** A function that tells whether the reader has left; undefined for files, terminals, and systems without /proc. */
function probeOf(fd: number): (() => boolean) | undefined {
  const stat = fs.fstatSync(fd);
  if (stat.isSocket()) return () => refusesNothing(fd);
  if (!stat.isFIFO() || !fs.existsSync('/proc/self/fd')) return undefined;
  const pipe = fs.readlinkSync(`/proc/self/fd/${fd}`);
  let readers = readersOf(pipe, processes());
  return () => {
    // No reader was ever seen: it belongs to another user, or is outside of this container.
    if (readers.length === 0) return false;
    readers = readersOf(pipe, readers);
    // The reader may have passed its end to another process.
    if (readers.length === 0) readers = readersOf(pipe, processes());
    return readers.length === 0;
  };
}

/** Whether a write of no bytes fails. A socket whose other end is closed refuses it; a pipe does not. */
function refusesNothing(fd: number): boolean {
  try {
    fs.writeSync(fd, Buffer.alloc(0));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}

function processes(): string[] {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
}

/** The ids of those processes that have the pipe open for reading, as far as this user may see. */
function readersOf(pipe: string, pids: readonly string[]): string[] {
  return pids.filter((pid) => {
    try {
      return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => reads(pid, fd, pipe));
    } catch {
      return false;
    }
  });
}

const ACCESS_MODE = 0o3;

function reads(pid: string, fd: string, pipe: string): boolean {
  try {
    if (fs.readlinkSync(`/proc/${pid}/fd/${fd}`) !== pipe) return false;
    const [, flags = ''] = /^flags:\s+([0-7]+)$/m.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & ACCESS_MODE) !== fs.constants.O_WRONLY;
  } catch {
    // The descriptor was closed in the meantime.
    return false;
  }
}
