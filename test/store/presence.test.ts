// Presence on a failing disk: its files can be lost at any time, so a look at them never fails a call.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
