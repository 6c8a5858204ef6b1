// Notices that whoever reads our output has left while nothing is written: only a write is told of it. For verbs that
// may stay silent for long (`baton log --follow | head`, `baton watch` into a pipe), which must not outlive their
// reader.

import fs from 'node:fs';

/** A shell waits for all of a pipeline: it should get its prompt back at once. */
const LOOK_EVERY_MS = 500;

/**
 * Calls back once, when nobody reads the stream any more; until the signal ends. Where that cannot be known, never.
 * Call it before anything is written, while the reader is surely there.
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

/** A question that can be asked again and again; undefined for files, terminals, and systems that do not tell. */
function probeOf(fd: number): (() => boolean) | undefined {
  const stat = fs.fstatSync(fd);
  if (stat.isSocket()) return () => refusesNothing(fd);
  if (!stat.isFIFO() || !fs.existsSync('/proc/self/fd')) return undefined;
  const pipe = fs.readlinkSync(`/proc/self/fd/${fd}`);
  let readers = readersOf(pipe, processes());
  return () => {
    // Nobody was ever seen: a reader of another user, or beyond this container.
    if (readers.length === 0) return false;
    readers = readersOf(pipe, readers);
    // It may have handed its end on.
    if (readers.length === 0) readers = readersOf(pipe, processes());
    return readers.length === 0;
  };
}

/** A socket tells even a write of nothing that its other end is closed. A pipe does not. */
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

/** Those of the processes that have the pipe open for reading, as far as they let us look. */
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
    // It was closed between two looks.
    return false;
  }
}
