// A disk over the real one that fails, shortens or dies at a chosen call, and that knows what was synced, so that it
// can lay out what a power loss would leave. Used by the fault tests in this folder.

import fs from 'node:fs';
import { join } from 'node:path';
import { type Disk, type FileStat, type OpenFor, realDisk } from '../../src/store/file/disk.ts';

export type Operation = Exclude<keyof Disk, 'fsType' | 'utimes'>;

export interface Fault {
  /** Which call, counting from 1 over the matching ones. */
  at: number;
  /** Only calls of this name count; any, if absent. */
  operation?: Operation;
  /** Only calls on a path with this in it count. */
  path?: string;
  /** Every matching call from `at` on, until `heal`. */
  lasting?: boolean;
  /** `kill`: the process ends before the call. `tear`: it ends within a write of which so many bytes are taken. */
  action: { errno: string } | { short: number } | { tear: number } | 'kill';
}

export interface Call {
  operation: Operation;
  path: string;
  bytes: number;
}

export class Killed extends Error {}

/** How much of what was not synced a power loss leaves. `new-names`: of names only the new ones go, removals stay. */
export type Loss = 'all-unsynced' | 'new-names' | 'some-unsynced' | 'nul-in-unsynced' | 'nothing';

interface OpenFile {
  path: string;
  ino: number;
}

/** Longer than a sync in place may take before the next ones run on a thread. */
export function takeLong(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

export class FaultyDisk implements Disk {
  /** Syncs in place take long, so that a process syncs on a thread. */
  slow = false;
  readonly calls: Call[] = [];
  dead = false;
  readonly died: Promise<void>;
  private readonly root: string;
  private fault: Fault | undefined;
  private matched = 0;
  private readonly opened = new Map<number, OpenFile>();
  /** What an inode is known to hold for good. */
  private synced = new Map<number, Buffer>();
  /** Names that are known to stay, by directory. */
  private names = new Map<string, Map<string, number>>();
  private die: () => void = () => undefined;

  constructor(root: string, fault?: Fault) {
    this.root = root;
    this.fault = fault;
    this.died = new Promise((resolve) => {
      this.die = resolve;
    });
  }

  set(fault: Fault | undefined): void {
    this.fault = fault;
    this.matched = 0;
  }

  /** True once the fault was met. */
  get struck(): boolean {
    return this.fault !== undefined && this.matched >= this.fault.at;
  }

  open(path: string, how: OpenFor, mode?: number): number {
    return this.call('open', path, 0, () => {
      const fd = realDisk.open(path, how, mode);
      const { ino, size } = realDisk.fstat(fd);
      // The number of a file that is gone may be given to a new one.
      if (size === 0) this.synced.delete(ino);
      this.opened.set(fd, { path, ino });
      return fd;
    });
  }

  close(fd: number): void {
    this.call('close', this.pathOf(fd), 0, () => {
      this.opened.delete(fd);
      realDisk.close(fd);
    });
  }

  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    return this.call('read', this.pathOf(fd), length, () => realDisk.read(fd, buffer, offset, length, position));
  }

  write(fd: number, bytes: Uint8Array): number {
    const fault = this.next('write', this.pathOf(fd), bytes.length);
    if (fault !== undefined && typeof fault === 'object' && 'tear' in fault) {
      if (fault.tear > 0) realDisk.write(fd, bytes.subarray(0, Math.min(fault.tear, bytes.length)));
      this.kill();
      throw new Killed();
    }
    if (fault !== undefined && typeof fault === 'object' && 'short' in fault) {
      const count = Math.min(fault.short, bytes.length);
      return count > 0 ? realDisk.write(fd, bytes.subarray(0, count)) : 0;
    }
    this.strike(fault);
    return realDisk.write(fd, bytes);
  }

  fdatasync(fd: number): Promise<void> {
    return this.syncLater('fdatasync', fd, () => {
      const content = this.contentOf(fd);
      return () => this.keep(fd, content);
    });
  }

  fsync(fd: number): Promise<void> {
    return this.syncLater('fsync', fd, () => {
      const path = this.pathOf(fd);
      if (!realDisk.fstat(fd).isDirectory) {
        const content = this.contentOf(fd);
        return () => this.keep(fd, content);
      }
      const names = namesIn(path);
      return () => this.names.set(path, names);
    });
  }

  /** Keeps what there was when the sync began, once it has ended. */
  private async syncLater(operation: 'fdatasync' | 'fsync', fd: number, look: () => () => void): Promise<void> {
    const fault = this.next(operation, this.pathOf(fd), 0);
    if (this.dead || fault === 'kill') {
      this.kill();
      // A dead process hears of nothing any more.
      return new Promise(() => undefined);
    }
    this.strike(fault);
    const keep = look();
    await realDisk[operation](fd);
    if (this.dead) return new Promise(() => undefined);
    keep();
  }

  fdatasyncNow(fd: number): void {
    if (this.slow) takeLong();
    this.call('fdatasyncNow', this.pathOf(fd), 0, () => this.keep(fd, this.contentOf(fd)));
  }

  fsyncNow(fd: number): void {
    this.call('fsyncNow', this.pathOf(fd), 0, () => {
      const path = this.pathOf(fd);
      if (realDisk.fstat(fd).isDirectory) this.names.set(path, namesIn(path));
      else this.keep(fd, this.contentOf(fd));
    });
  }

  fstat(fd: number): FileStat {
    return this.call('fstat', this.pathOf(fd), 0, () => realDisk.fstat(fd));
  }

  /** Has no way to fail. */
  exists(path: string): boolean {
    return realDisk.exists(path);
  }

  stat(path: string): FileStat | undefined {
    return this.call('stat', path, 0, () => realDisk.stat(path));
  }

  rename(from: string, to: string): void {
    this.call('rename', to, 0, () => realDisk.rename(from, to));
  }

  link(from: string, to: string): void {
    this.call('link', to, 0, () => realDisk.link(from, to));
  }

  unlink(path: string): void {
    this.call('unlink', path, 0, () => realDisk.unlink(path));
  }

  mkdir(path: string): void {
    this.call('mkdir', path, 0, () => realDisk.mkdir(path));
  }

  readdir(path: string): string[] {
    return this.call('readdir', path, 0, () => realDisk.readdir(path));
  }

  readFile(path: string): Buffer {
    return this.call('readFile', path, 0, () => realDisk.readFile(path));
  }

  fsType(path: string): number {
    return realDisk.fsType(path);
  }

  utimes(path: string, atMs: number): void {
    realDisk.utimes(path, atMs);
  }

  /** What the kernel does for a dead process. */
  closeAll(): void {
    for (const fd of this.opened.keys()) realDisk.close(fd);
    this.opened.clear();
  }

  kill(): void {
    this.dead = true;
    this.die();
  }

  /** The same disk as another process has it. */
  peer(): FaultyDisk {
    const peer = new FaultyDisk(this.root);
    peer.synced = this.synced;
    peer.names = this.names;
    return peer;
  }

  /** Lays out in `to` what a power loss now would leave of the directory. `random` gives numbers in [0, 1). */
  powerLoss(to: string, loss: Loss, random: () => number): void {
    fs.mkdirSync(to, { recursive: true });
    this.layOut(this.root, to, loss, random);
  }

  private layOut(from: string, to: string, loss: Loss, random: () => number): void {
    const current = fs.existsSync(from) ? namesIn(from) : new Map<string, number>();
    const names = this.namesLeft(from, current, loss, random);
    for (const [name, ino] of names) {
      const here = join(from, name);
      const stat = fs.lstatSync(here, { throwIfNoEntry: false });
      if (stat?.isDirectory()) {
        fs.mkdirSync(join(to, name));
        this.layOut(here, join(to, name), loss, random);
        continue;
      }
      const now = stat?.ino === ino ? fs.readFileSync(here) : undefined;
      const kept = this.synced.get(ino) ?? Buffer.alloc(0);
      fs.writeFileSync(join(to, name), now === undefined ? kept : left(kept, now, loss, random));
    }
  }

  private namesLeft(folder: string, current: Map<string, number>, loss: Loss, random: () => number) {
    if (loss === 'nothing') return current;
    const known = this.names.get(folder) ?? new Map<string, number>();
    if (loss === 'new-names') return new Map([...known].filter(([name]) => current.has(name)));
    return loss === 'all-unsynced' || random() < 0.5 ? known : current;
  }

  private call<T>(operation: Operation, path: string, bytes: number, real: () => T): T {
    this.strike(this.next(operation, path, bytes));
    return real();
  }

  private next(operation: Operation, path: string, bytes: number): Fault['action'] | undefined {
    if (this.dead) throw new Killed();
    this.calls.push({ operation, path, bytes });
    const { fault } = this;
    if (fault === undefined) return undefined;
    if (fault.operation !== undefined && fault.operation !== operation) return undefined;
    if (fault.path !== undefined && !path.includes(fault.path)) return undefined;
    this.matched += 1;
    return this.matched === fault.at || (fault.lasting === true && this.matched > fault.at) ? fault.action : undefined;
  }

  private strike(action: Fault['action'] | undefined): void {
    if (action === undefined) return;
    if (typeof action === 'object' && 'errno' in action) {
      throw Object.assign(new Error(`${action.errno}: injected`), { code: action.errno });
    }
    this.kill();
    throw new Killed();
  }

  private pathOf(fd: number): string {
    return this.opened.get(fd)?.path ?? '';
  }

  private contentOf(fd: number): Buffer {
    const path = this.pathOf(fd);
    return fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0);
  }

  private keep(fd: number, content: Buffer): void {
    const file = this.opened.get(fd);
    if (file !== undefined) this.synced.set(file.ino, content);
  }
}

function namesIn(path: string): Map<string, number> {
  const names = new Map<string, number>();
  for (const name of fs.readdirSync(path)) names.set(name, fs.lstatSync(join(path, name)).ino);
  return names;
}

/** What is left of a file whose first bytes were synced and whose last were not. */
function left(kept: Buffer, now: Buffer, loss: Loss, random: () => number): Buffer {
  if (loss === 'nothing') return now;
  if (loss === 'all-unsynced' || loss === 'new-names') return kept;
  const from = kept.length + Math.floor(random() * (now.length - kept.length + 1));
  if (loss === 'some-unsynced') return now.subarray(0, from);
  const holed = Buffer.from(now);
  holed.fill(0, from, from + Math.floor(random() * (now.length - from + 1)));
  return holed;
}
