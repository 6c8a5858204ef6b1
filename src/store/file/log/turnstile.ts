// Courtesy among writers: one who keeps losing takes the turnstile, and every writer looks for it before writing, so
// that nobody starves. Never needed for safety: patience is bounded, and then everybody races without it. No stale
// times.

import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, quickStart } from '../../../base/process-start.ts';
import { type Disk, errnoOf, type FileStat } from '../disk.ts';

/** How long a live holder is waited for before racing without it. Far above what one command takes. */
const PATIENCE_MS = 100;
const LOOK_AGAIN_MS = 1;

interface Holder {
  ino: number;
  mtimeMs: number;
}

export class Turnstile {
  private readonly disk: Disk;
  private readonly path: string;
  /** The holder that outlasted our patience: looked at once, then ignored for as long as it stands there. */
  private ignored: Holder | undefined;
  private held = false;

  constructor(disk: Disk, path: string) {
    this.disk = disk;
    this.path = path;
  }

  /** Waits for another holder within patience; undefined if there is none to wait for. One look at a name when free. */
  pass(): Promise<void> | undefined {
    if (this.held || !this.disk.exists(this.path) || this.holder() === undefined) return undefined;
    return this.wait();
  }

  /**
   * Takes the turnstile, waiting within patience; the returned function gives it back. Never fails: it is a courtesy.
   */
  async take(): Promise<() => void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.held && performance.now() < deadline) {
      if (this.tryTake()) return () => this.release();
      // Nobody to wait for, and yet it cannot be had: a holder that is ignored, or a directory that takes no file.
      if (this.holder() === undefined) await sleep(LOOK_AGAIN_MS);
      if (this.holder() === undefined && this.stands()) break;
      await this.wait();
    }
    return () => undefined;
  }

  private holder(): Holder | undefined {
    const stat = this.look();
    if (stat === undefined) return undefined;
    if (this.ignored?.ino === stat.ino && this.ignored.mtimeMs === stat.mtimeMs) return undefined;
    return { ino: stat.ino, mtimeMs: stat.mtimeMs };
  }

  private stands(): boolean {
    return this.look() !== undefined;
  }

  private look(): FileStat | undefined {
    try {
      return this.disk.stat(this.path);
    } catch {
      // What cannot be looked at is not waited for: courtesy never fails a call.
      return undefined;
    }
  }

  private async wait(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    let holder = this.holder();
    while (holder !== undefined) {
      if (!this.holderLives()) {
        this.remove();
        return;
      }
      if (performance.now() >= deadline) {
        this.ignored = holder;
        return;
      }
      await sleep(LOOK_AGAIN_MS);
      holder = this.holder();
    }
  }

  /**
   * The file appears with its content at once (link of a written file): an empty one could not be attributed to
   * anybody.
   */
  private tryTake(): boolean {
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      const fd = this.disk.open(temporary, 'create-new');
      try {
        this.disk.write(fd, Buffer.from(`${process.pid} ${quickStart(process.pid) ?? ''}\n`));
      } finally {
        this.disk.close(fd);
      }
      this.disk.link(temporary, this.path);
      this.held = true;
    } catch {
      // Taken by another, or the directory cannot be written: then there is no courtesy, and the race decides.
    }
    try {
      this.disk.unlink(temporary);
    } catch {
      // Was not made.
    }
    return this.held;
  }

  private holderLives(): boolean {
    try {
      const [pid = '', startTime = ''] = this.disk.readFile(this.path).toString('latin1').trim().split(' ');
      const number = Number(pid);
      // A file that names nobody cannot be waited for; a host that shares the directory from afar looks dead too, and
      // loses only courtesy.
      return Number.isInteger(number) && number > 0 && isAlive(number, startTime === '' ? undefined : startTime);
    } catch (error) {
      return errnoOf(error) !== 'ENOENT';
    }
  }

  private release(): void {
    this.held = false;
    this.remove();
  }

  private remove(): void {
    try {
      this.disk.unlink(this.path);
    } catch {
      // Somebody else removed it: courtesy has no owner.
    }
  }
}
