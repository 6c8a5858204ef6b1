// Courtesy among writers, so that none starves: a writer that keeps losing takes the turnstile (a file), and every
// other writer waits for it before writing. Never needed for safety: waiting is bounded, and then all race without it.
// A holder is judged by whether its process lives; one of another place, of which nobody here can tell, by how long it
// has stood there, on this process's own clock and not by the age of the file. Used by file-store.ts.

import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../../base/process-start.ts';
import { type Disk, errnoOf, type FileStat } from '../disk.ts';
import { isOwnFolder } from '../own-folder.ts';
import { makerMark, readMark } from '../temporary-name.ts';

/** How long to wait for a live holder before racing without the turnstile. One command takes far less. */
const PATIENCE_MS = 100;
const LOOK_AGAIN_MS = 1;
/** How long a holder of another place may stand before it counts as gone: its turn takes milliseconds. */
const ELSEWHERE_MS = 10_000;

interface Holder {
  ino: number;
  mtimeMs: number;
}

export class Turnstile {
  private readonly disk: Disk;
  private readonly path: string;
  /** A holder that has outlasted PATIENCE_MS once: it is ignored as long as its file stands there. */
  private ignored: (Holder & { since: number }) | undefined;
  private held = false;

  constructor(disk: Disk, path: string) {
    this.disk = disk;
    this.path = path;
  }

  /**
   * Waits, at most PATIENCE_MS, for another holder; undefined if there is none. Costs one look at the file's name when
   * free.
   */
  pass(): Promise<void> | undefined {
    if (this.held || !this.disk.exists(this.path) || this.holder() === undefined) return undefined;
    return this.wait();
  }

  /**
   * Takes the turnstile, waiting less than twice PATIENCE_MS; the returned function gives it back. Never fails: without
   * the turnstile the caller goes on.
   */
  async take(): Promise<() => void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.held && performance.now() < deadline) {
      if (this.tryTake()) return () => this.release();
      // It cannot be taken although there is no holder to wait for: the holder is ignored, or the directory takes no
      // file.
      if (this.holder() === undefined) await sleep(LOOK_AGAIN_MS);
      if (this.holder() === undefined && this.stands()) break;
      await this.wait();
    }
    return () => undefined;
  }

  private holder(): Holder | undefined {
    const stat = this.look();
    if (stat === undefined) return undefined;
    const { ignored } = this;
    if (ignored?.ino === stat.ino && ignored.mtimeMs === stat.mtimeMs) {
      if (performance.now() - ignored.since > ELSEWHERE_MS && !this.holderLives(false)) this.remove();
      return undefined;
    }
    return { ino: stat.ino, mtimeMs: stat.mtimeMs };
  }

  private stands(): boolean {
    return this.look() !== undefined;
  }

  private look(): FileStat | undefined {
    try {
      return this.isPlaced() ? this.disk.stat(this.path) : undefined;
    } catch {
      // Do not wait for a file that cannot be read: the turnstile must never fail a call.
      return undefined;
    }
  }

  private async wait(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    let holder = this.holder();
    while (holder !== undefined) {
      if (!this.holderLives(true)) {
        this.remove();
        return;
      }
      if (performance.now() >= deadline) {
        this.ignored = { ...holder, since: performance.now() };
        return;
      }
      await sleep(LOOK_AGAIN_MS);
      holder = this.holder();
    }
  }

  /** Links a finished file to the name, so that the turnstile never exists without its holder's pid in it. */
  private tryTake(): boolean {
    const temporary = `${this.path}.${makerMark()}.tmp`;
    try {
      if (!this.isPlaced()) return false;
      const fd = this.disk.open(temporary, 'create-new');
      try {
        this.disk.write(fd, Buffer.from(`${makerMark().replaceAll('-', ' ')}\n`));
      } finally {
        this.disk.close(fd);
      }
      this.disk.link(temporary, this.path);
      this.held = true;
    } catch {
      // Another writer has it, or the directory cannot be written to; then the race decides.
    }
    try {
      this.disk.unlink(temporary);
    } catch {
      // The temporary file was not created.
    }
    return this.held;
  }

  /** `elsewhere`: the answer for a holder of another place. */
  private holderLives(elsewhere: boolean): boolean {
    try {
      const holder = readMark(this.disk.readFile(this.path).toString('latin1').trim().replaceAll(' ', '-'));
      // A file without a pid has no holder to wait for.
      if (holder === undefined || holder.pid === 0) return false;
      return holder.elsewhere === true ? elsewhere : isAlive(holder.pid, holder.start);
    } catch (error) {
      return errnoOf(error) !== 'ENOENT';
    }
  }

  /** False where a link has taken the place of the log's folder: nothing is made or removed through it. */
  private isPlaced(): boolean {
    return isOwnFolder(this.disk, dirname(this.path));
  }

  private release(): void {
    this.held = false;
    this.remove();
  }

  private remove(): void {
    try {
      if (this.isPlaced()) this.disk.unlink(this.path);
    } catch {
      // Another process has removed it already.
    }
  }
}
