// Presence: which sessions and agents are alive, as the times of empty files in `alive/`, and which process serves a
// session (`<session>~<pid>`). Not commits: losing the files ends leases early or late, but never grants a claim twice.
// Opened by store/open.ts.

import { isAlive, isBelow, quickStart } from '../../../base/process-start.ts';
import type { Presence } from '../../port.ts';
import { isId } from '../../stream.ts';
import { type Disk, errnoOf } from '../disk.ts';

/** Touch the file of a session or agent at most this often: its age is only compared with minutes. */
const TOUCH_EVERY_MS = 10_000;

export class FilePresence implements Presence {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly touched = new Map<string, number>();
  private readonly serving = new Set<string>();

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.folder = `${dir}/alive`;
  }

  touch(who: string): void {
    const now = Date.now();
    if (now - (this.touched.get(who) ?? 0) < TOUCH_EVERY_MS || !isId(who)) return;
    this.touched.set(who, now);
    const path = `${this.folder}/${who}`;
    try {
      if (this.disk.stat(path) === undefined) this.disk.close(this.create(path));
      this.disk.utimes(path, now);
    } catch {
      // Ignore file errors: a full or read-only disk must not fail a call because of a timestamp.
    }
  }

  lastSeen(who: string): number | undefined {
    if (!isId(who)) return undefined;
    return unless(undefined, () => this.disk.stat(`${this.folder}/${who}`)?.mtimeMs);
  }

  attach(session: string): void {
    if (this.serving.has(session) || !isId(session)) return;
    this.serving.add(session);
    const path = this.attachmentPath(session, process.pid);
    try {
      if (this.disk.stat(path) !== undefined) return;
      const fd = this.create(path);
      try {
        this.disk.write(fd, Buffer.from(quickStart(process.pid) ?? ''));
      } finally {
        this.disk.close(fd);
      }
    } catch {
      // Ignore file errors, as in `touch`.
    }
  }

  detach(session: string): void {
    this.serving.delete(session);
    this.remove(this.attachmentPath(session, process.pid));
  }

  attached(session: string): boolean {
    if (!isId(session)) return false;
    const prefix = `${session}~`;
    return this.names().some(
      (name) => name.startsWith(prefix) && this.lives(session, Number(name.slice(prefix.length))),
    );
  }

  served(): ReadonlySet<string> {
    const found = new Set(this.serving);
    for (const { session, pid } of this.attachments()) {
      if (!found.has(session) && this.lives(session, pid)) found.add(session);
    }
    return found;
  }

  servedBelow(pid: number): string[] {
    const found = new Set<string>();
    for (const { session, pid: server } of this.attachments()) {
      if (isBelow(server, pid) && this.lives(session, server)) found.add(session);
    }
    return [...found];
  }

  private attachments(): { session: string; pid: number }[] {
    return this.names().flatMap((name) => {
      const at = name.lastIndexOf('~');
      return at > 0 ? [{ session: name.slice(0, at), pid: Number(name.slice(at + 1)) }] : [];
    });
  }

  private names(): string[] {
    return unless([], () => (this.disk.stat(this.folder) === undefined ? [] : this.disk.readdir(this.folder)));
  }

  private lives(session: string, pid: number): boolean {
    const path = this.attachmentPath(session, pid);
    try {
      const startTime = this.disk.readFile(path).toString('latin1');
      if (isAlive(pid, startTime === '' ? undefined : startTime)) return true;
    } catch {
      return false;
    }
    this.remove(path);
    return false;
  }

  private attachmentPath(session: string, pid: number): string {
    return `${this.folder}/${session}~${pid}`;
  }

  private remove(path: string): void {
    try {
      this.disk.unlink(path);
    } catch {
      // It is gone already.
    }
  }

  private create(path: string): number {
    if (this.disk.stat(this.folder) === undefined) this.disk.mkdir(this.folder);
    return this.disk.open(path, 'append-create');
  }
}

/**
 * The answer of a look at the folder, or `unknown` on a file error: no call may fail because presence, which can be
 * lost at any time, cannot be read.
 */
function unless<T>(unknown: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return unknown;
  }
}
