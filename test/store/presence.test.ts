// Presence: on a failing disk, where its files can be lost at any time, so that a look at them never fails a call; and
// of processes of which nobody here can tell.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisPlace } from '../../src/base/process-place.ts';
import { quickStart } from '../../src/base/process-start.ts';
import { FilePresence } from '../../src/store/file/caches/presence.ts';
import { type Fault, FaultyDisk } from './faulty-disk.ts';
import { temporaryPlace } from './places.ts';

let place: ReturnType<typeof temporaryPlace>;
let disk: FaultyDisk;
let presence: FilePresence;

beforeEach(() => {
  place = temporaryPlace();
  fs.mkdirSync(place.dir);
  disk = new FaultyDisk(place.dir);
  presence = new FilePresence(disk, place.dir);
});
afterEach(() => place.remove());

/** What a process that serves nothing itself sees. */
function seen() {
  const other = new FilePresence(disk, place.dir);
  const [lastSeen, attached] = [other.lastSeen('ses-1') !== undefined, other.attached('ses-1')];
  return { lastSeen, attached, served: [...other.served()], below: other.servedBelow(process.ppid) };
}

const UNKNOWN = { lastSeen: false, attached: false, served: [], below: [] };

describe('presence', () => {
  it('is seen by other processes', () => {
    presence.touch('ses-1');
    presence.attach('ses-1');
    expect(seen()).toMatchObject({ lastSeen: true, attached: true, served: ['ses-1'] });
  });

  it('tells what another process announces from what this one does', () => {
    presence.attach('ses-1');
    expect(presence.attachedElsewhere('ses-1')).toBe(false);
    const { ppid } = process;
    fs.writeFileSync(join(place.dir, 'alive', `ses-1~${ppid}`), quickStart(ppid) ?? '');
    expect(presence.attachedElsewhere('ses-1')).toBe(true);
    expect(presence.attachedElsewhere('ses')).toBe(false);
    fs.writeFileSync(join(place.dir, 'alive', `ses-1~${ppid}`), 'of an earlier process');
    expect(presence.attachedElsewhere('ses-1')).toBe(false);
  });

  it.each<[string, Omit<Fault, 'at'>]>([
    ['a folder that cannot be looked at', { lasting: true, action: { errno: 'EACCES' } }],
    ['a path through a file', { lasting: true, action: { errno: 'ENOTDIR' } }],
    ['a folder deleted between two calls', { operation: 'readdir', lasting: true, action: { errno: 'ENOENT' } }],
    ['a failing disk', { lasting: true, action: { errno: 'EIO' } }],
  ])('is unknown in %s', (_, fault) => {
    presence.attach('ses-1');
    disk.set({ at: 1, ...fault });
    expect(seen()).toEqual(UNKNOWN);
  });

  it('is unknown while a file stands in the place of its folder', () => {
    fs.writeFileSync(join(place.dir, 'alive'), '');
    expect(seen()).toEqual(UNKNOWN);
  });

  it('leaks no descriptor if the write of an attachment fails', () => {
    disk.set({ at: 1, operation: 'write', action: { errno: 'ENOSPC' } });
    presence.attach('ses-1');
    const count = (operation: string) => disk.calls.filter((call) => call.operation === operation).length;
    expect(count('close')).toBe(count('open'));
    expect(count('open')).toBe(1);
  });
});

describe('a process that serves a session', () => {
  const { host, boot, ns = '' } = thisPlace();
  const file = () => join(place.dir, 'alive', 'ses-1~1-aaaaaaaa');
  const age = (ms: number) => fs.utimesSync(file(), 0, (Date.now() - ms) / 1_000);

  function given(...lines: string[]): void {
    fs.mkdirSync(join(place.dir, 'alive'));
    fs.writeFileSync(file(), lines.join('\n'));
  }

  it('of another namespace counts as alive while it notes so, and its file stays for days', () => {
    given('5', host, boot, 'pid:[1]');
    expect(presence.attached('ses-1')).toBe(true);
    age(4 * 60_000);
    expect([...presence.served()]).toEqual(['ses-1']);
    expect(presence.servedBelow(0)).toEqual([]);
    age(6 * 60_000);
    expect(presence.attached('ses-1')).toBe(false);
    expect(fs.existsSync(file())).toBe(true);
    age(8 * 86_400_000);
    expect(presence.attached('ses-1')).toBe(false);
    expect(fs.existsSync(file())).toBe(false);
  });

  it('of this place before a restart is gone', () => {
    given('5', host, 'an earlier boot', ns);
    expect(presence.attached('ses-1')).toBe(false);
    expect(fs.existsSync(file())).toBe(false);
  });

  it('notes every minute that it does, until it does no more', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      presence.attach('ses-1');
      const [name = ''] = fs.readdirSync(join(place.dir, 'alive'));
      const own = join(place.dir, 'alive', name);
      fs.utimesSync(own, 0, 0);
      vi.advanceTimersByTime(60_000);
      expect(Date.now() - fs.statSync(own).mtimeMs).toBeLessThan(60_000);
      presence.detach('ses-1');
      expect(vi.getTimerCount()).toBe(0);
      expect(fs.existsSync(own)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
