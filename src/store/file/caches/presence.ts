// Presence: which sessions and agents are alive, as the times of empty files in `alive/`, and which process serves a
// session (`<session>~<pid>-<place>`). Not commits: losing the files ends leases early or late, but never grants a
// claim twice. Opened by store/open.ts.

import { type ProcessPlace, placeTag, thisPlace, whereIs } from '../../../base/process-place.ts';
import { isAlive, isBelow, quickStart } from '../../../base/process-start.ts';
import type { Presence } from '../../port.ts';
import { isId } from '../../stream.ts';
import { type Disk, errnoOf } from '../disk.ts';
import { isOwnFolder, ownFolder } from '../own-folder.ts';

/** Touch the file of a session or agent at most this often: its age is only compared with minutes. */
const TOUCH_EVERY_MS = 10_000;
/** How often a process notes that it still serves its sessions, for processes of other places. */
const SERVING_EVERY_MS = 60_000;
/** How long after that note a process of another place still counts as serving: nobody here can ask for it. */
export const SERVED_MS = 5 * SERVING_EVERY_MS;
/** After so long without a note its file is removed: no session lasts longer without being seen. */
const FORGET_MS = 7 * 24 * 3_600_000;

/** The file of a process that serves a session. `tag` is absent in files of older versions. */
interface Attachment {
  name: string;
  session: string;
  pid: number;
  tag: string | undefined;
}

export class FilePresence implements Presence {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly touched = new Map<string, { now: number; steady: number }>();
  private readonly serving = new Set<string>();
  private readonly ahead = new Map<string, { mtimeMs: number; since: number }>();
  private heart: NodeJS.Timeout | undefined;

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.folder = `${dir}/alive`;
  }

  touch(who: string): void {
    const [now, steady] = [Date.now(), performance.now()];
    const last = this.touched.get(who);
    // By the clock that nobody sets too, and by the size of the step: after a moment in the future the date alone would
    // allow no touch until it has come.
    const lately =
      last !== undefined && steady - last.steady < TOUCH_EVERY_MS && Math.abs(now - last.now) < TOUCH_EVERY_MS;
    if (lately || !isId(who)) return;
    this.touched.set(who, { now, steady });
    const path = `${this.folder}/${who}`;
    try {
      if (!this.isPlaced() || this.disk.stat(path) === undefined) this.disk.close(this.create(path));
      this.disk.utimes(path, now);
    } catch {
      // Ignore file errors, and a link in the folder's place, of which maintenance tells: no call fails because of a
      // timestamp.
    }
  }

  lastSeen(who: string): number | undefined {
    if (!isId(who)) return undefined;
    return this.timeOf(who);
  }

  /**
   * The time of a file. One in the future is of a clock that was ahead, or this one is behind: it counts as the moment
   * at which this process first met it, so that it extends a lease once, and not until that future has come.
   */
  private timeOf(name: string): number | undefined {
    const mtimeMs = unless(undefined, () => this.disk.stat(`${this.folder}/${name}`)?.mtimeMs);
    const now = Date.now();
    if (mtimeMs === undefined || mtimeMs <= now) {
      this.ahead.delete(name);
      return mtimeMs;
    }
    const known = this.ahead.get(name);
    const since = known?.mtimeMs === mtimeMs ? known.since : performance.now();
    this.ahead.set(name, { mtimeMs, since });
    return now - (performance.now() - since);
  }

  attach(session: string): void {
    if (this.serving.has(session) || !isId(session)) return;
    this.serving.add(session);
    this.heart ??= setInterval(() => this.beat(), SERVING_EVERY_MS).unref();
    const path = this.ownPath(session);
    try {
      if (this.isPlaced() && this.disk.stat(path) !== undefined) return;
      const fd = this.create(path);
      try {
        const { host, boot, ns = '' } = thisPlace();
        this.disk.write(fd, Buffer.from([quickStart(process.pid) ?? '', host, boot, ns].join('\n')));
      } finally {
        this.disk.close(fd);
      }
    } catch {
      // Ignore file errors, as in `touch`.
    }
  }

  private beat(): void {
    for (const session of this.serving) {
      try {
        if (this.isPlaced()) this.disk.utimes(this.ownPath(session), Date.now());
      } catch {
        // Ignore file errors, as in `touch`.
      }
    }
  }

  detach(session: string): void {
    this.serving.delete(session);
    if (this.serving.size === 0) {
      clearInterval(this.heart);
      this.heart = undefined;
    }
    this.remove(this.ownPath(session));
  }

  attached(session: string): boolean {
    if (!isId(session)) return false;
    const prefix = `${session}~`;
    return this.attachments(prefix).some((one) => one.session === session && this.serves(one));
  }

  attachedElsewhere(session: string): boolean {
    const own = this.ownPath(session);
    return this.attachments(`${session}~`).some(
      (one) => one.session === session && `${this.folder}/${one.name}` !== own && this.serves(one),
    );
  }

  served(): ReadonlySet<string> {
    const found = new Set(this.serving);
    for (const one of this.attachments()) if (!found.has(one.session) && this.serves(one)) found.add(one.session);
    return found;
  }

  servedBelow(pid: number): string[] {
    const found = new Set<string>();
    for (const one of this.attachments()) {
      // A number of another place says nothing of the processes here.
      const here = one.tag === undefined || one.tag === placeTag();
      if (here && isBelow(one.pid, pid) && this.serves(one)) found.add(one.session);
    }
    return [...found];
  }

  /** Those whose names begin so: a list of sessions asks for each of them. */
  private attachments(prefix = ''): Attachment[] {
    return this.names().flatMap((name) => (name.startsWith(prefix) ? (attachmentOf(name) ?? []) : []));
  }

  private names(): string[] {
    return unless([], () => (this.isPlaced() ? this.disk.readdir(this.folder) : []));
  }

  /** Whether the process of an attachment serves now. Removes the file of one that is gone. */
  private serves(one: Attachment): boolean {
    const path = `${this.folder}/${one.name}`;
    const text = unless(undefined, () => this.disk.readFile(path).toString('latin1'));
    if (text === undefined) return false;
    const lives = servesBy(one, text);
    const age = lives === undefined ? Date.now() - (this.timeOf(one.name) ?? 0) : 0;
    if (lives === false || age > FORGET_MS) this.remove(path);
    return lives ?? age < SERVED_MS;
  }

  private ownPath(session: string): string {
    return `${this.folder}/${session}~${process.pid}-${placeTag()}`;
  }

  private remove(path: string): void {
    try {
      if (this.isPlaced()) this.disk.unlink(path);
    } catch {
      // It is gone already.
    }
  }

  /** Throws FailureError `store-unsafe` where a link has taken the folder's place. */
  private create(path: string): number {
    if (ownFolder(this.disk, this.folder) === undefined) this.disk.mkdir(this.folder);
    return this.disk.open(path, 'append-create');
  }

  private isPlaced(): boolean {
    return isOwnFolder(this.disk, this.folder);
  }
}

/** The parts of the name of an attachment; undefined for another file. */
export function attachmentOf(name: string): Attachment | undefined {
  const [, session, pid, tag] = /^([^/~]+)~(\d+)(?:-([0-9a-f]{8}))?$/.exec(name) ?? [];
  return session === undefined ? undefined : { name, session, pid: Number(pid), tag };
}

/** Whether the process of an attachment lives, by the text of its file. Undefined: nobody here can tell. */
export function servesBy({ pid, tag }: Pick<Attachment, 'pid' | 'tag'>, text: string): boolean | undefined {
  const [start = '', host = '', boot = '', ns = ''] = text.split('\n');
  const place: ProcessPlace = { host, boot, ...(ns === '' ? {} : { ns }) };
  const where = tag === undefined ? 'here' : whereIs(place);
  if (where === 'elsewhere') return undefined;
  return where === 'here' && isAlive(pid, start === '' ? undefined : start);
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
