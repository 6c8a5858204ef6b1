// Who is alive: the times of empty files, not commits. Losing them ends leases early or late and never grants two.

import type { Presence } from '../port.ts';
import { isId } from '../stream.ts';
import type { Disk } from './disk.ts';

/** A session or agent is touched at most this often: presence is only ever compared with minutes. */
const TOUCH_EVERY_MS = 10_000;

export class FilePresence implements Presence {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly touched = new Map<string, number>();

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.folder = `${dir}/alive`;
  }

  touch(who: string): void {
    const now = Date.now();
    if (!isId(who) || now - (this.touched.get(who) ?? 0) < TOUCH_EVERY_MS) return;
    this.touched.set(who, now);
    const path = `${this.folder}/${who}`;
    try {
      if (this.disk.stat(path) === undefined) this.create(path);
      this.disk.utimes(path, now);
    } catch {
      // Expendable: a full or read-only disk must not fail a call for the sake of a timestamp.
    }
  }

  lastSeen(who: string): number | undefined {
    if (!isId(who)) return undefined;
    return this.disk.stat(`${this.folder}/${who}`)?.mtimeMs;
  }

  private create(path: string): void {
    if (this.disk.stat(this.folder) === undefined) this.disk.mkdir(this.folder);
    this.disk.close(this.disk.open(path, 'append-create'));
  }
}
