// One line on a terminal that says how far a long verb has come, redrawn in place. Used by the verbs that read a whole
// store or file; into a pipe it says nothing.

import { size } from '../admin/file/report-text.ts';
import type { Disk } from '../store/file/disk.ts';

/** Shorter work needs no line. */
const AFTER_MS = 1_000;
const EVERY_MS = 200;
const CLEAR_LINE = '\r\u001b[K';

export interface ProgressStream {
  isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  private readonly stream: ProgressStream;
  private readonly what: string;
  private readonly now: () => number;
  private readonly startedAt: number;
  private drawnAt = 0;
  private drawn = false;

  constructor(what: string, stream: ProgressStream = process.stderr, now: () => number = () => performance.now()) {
    this.stream = stream;
    this.what = what;
    this.now = now;
    this.startedAt = now();
  }

  /** Draws how far it is, if it is time for that. */
  say(how: () => string): void {
    if (this.stream.isTTY !== true) return;
    const now = this.now();
    if (now - this.startedAt < AFTER_MS || now - this.drawnAt < EVERY_MS) return;
    this.drawnAt = now;
    this.drawn = true;
    const seconds = Math.round((now - this.startedAt) / 1000);
    this.stream.write(`${CLEAR_LINE}${this.what}: ${how()}, ${seconds} s`);
  }

  /** Clears the line, for the result. */
  end(): void {
    if (this.drawn) this.stream.write(CLEAR_LINE);
  }
}

/** A disk that tells how much has been read and written through it. */
export function watchedDisk(disk: Disk, progress: Progress): Disk {
  let bytes = 0;
  const count = (more: number): void => {
    bytes += more;
    progress.say(() => size(bytes));
  };
  return {
    ...disk,
    read(...args) {
      const got = disk.read(...args);
      count(got);
      return got;
    },
    readFile(path) {
      const found = disk.readFile(path);
      count(found.length);
      return found;
    },
    write(...args) {
      const put = disk.write(...args);
      count(put);
      return put;
    },
  };
}
