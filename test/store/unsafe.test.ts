// Stores that other users may write are refused with the command that puts it right; links planted in a store while it
// is open are not followed.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { placeTag } from '../../src/base/process-place.ts';
import { FileBlobs } from '../../src/store/file/caches/blobs.ts';
import { FilePresence } from '../../src/store/file/caches/presence.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { leaveMarker } from '../../src/store/file/log/marker.ts';
import { put } from './commits.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const place of places.splice(0)) place.remove();
});

async function made(): Promise<{ dir: string; store: FileStore }> {
  const place = temporaryPlace();
  places.push(place);
  const store = openStore(place.dir);
  stores.push(store);
  await put(store, 'task/t-1', 1);
  return { dir: place.dir, store };
}

function unsafe(why: string, how: string) {
  const failure = { code: 'store-unsafe', why: expect.stringContaining(why), how: expect.stringContaining(how) };
  return expect.objectContaining({ failure: expect.objectContaining(failure) });
}

describe.skipIf(process.geteuid === undefined)('a store that others may write', () => {
  it.each([
    ['the directory', (dir: string) => fs.chmodSync(dir, 0o777)],
    ['its log', (dir: string) => [fs.chmodSync(dir, 0o755), fs.chmodSync(join(dir, 'log'), 0o777)]],
    ['a segment', (dir: string) => [fs.chmodSync(dir, 0o755), fs.chmodSync(segmentFile(dir), 0o666)]],
  ])('is refused, and the command that is named puts it right: %s', async (_what, loosen) => {
    const { dir } = await made();
    loosen(dir);
    expect(() => openStore(dir)).toThrow(unsafe('every user may write', `chmod -R o-w ${dir}`));
    const { report } = verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false });
    expect(report.findings.map(({ code }) => code)).toContain('unsafe');
    const { execFileSync } = await import('node:child_process');
    execFileSync('chmod', ['-R', 'o-w', dir]);
    await openStore(dir).close();
  });

  it('but can reach nothing in it, or only with a group, is opened', async () => {
    const { dir } = await made();
    fs.chmodSync(join(dir, 'log'), 0o777);
    await openStore(dir).close();
    for (const path of [dir, join(dir, 'log')]) fs.chmodSync(path, 0o775);
    await openStore(dir).close();
  });

  it('as its owner is refused', async () => {
    const { dir } = await made();
    const uid = (process.geteuid?.() ?? 0) + 1_000;
    const foreign = { ...realDisk, fstat: (fd: number) => ({ ...realDisk.fstat(fd), uid }) };
    expect(() => openStore(dir, { disk: foreign })).toThrow(unsafe('belongs to another user', 'chown -R'));
  });
});

describe('a link planted while the store is open', () => {
  it('in place of a folder or a file is not followed', async () => {
    const { dir, store } = await made();
    const outside = join(dir, '..', 'outside');
    fs.mkdirSync(outside);
    const snapshot = (doc: number) => {
      const [version, head] = store.expected('task/t-1');
      return { stream: 'task/t-1', seq: store.lastSeq('task/t-1'), version, head, doc };
    };
    await store.putSnapshot(snapshot(1));
    const blobs = new FileBlobs(realDisk, dir, 'none');
    blobs.put(Buffer.from('first'));
    for (const name of ['shared', 'blobs']) {
      fs.renameSync(join(dir, name), join(dir, `${name}-away`));
      fs.symlinkSync(outside, join(dir, name));
    }
    fs.mkdirSync(join(outside, 'tasks'));
    await expect(store.putSnapshot(snapshot(2))).rejects.toThrow(unsafe('not a directory of its own', 'move it away'));
    expect(() => blobs.put(Buffer.from('second'))).toThrow(unsafe('not a directory of its own', 'move it away'));
    expect(fs.readdirSync(outside, { recursive: true })).toEqual(['tasks']);
    const link = join(dir, 'link');
    fs.symlinkSync(segmentFile(dir), link);
    expect(() => realDisk.readFile(link)).toThrow('ELOOP');
    const { mtimeMs } = fs.statSync(segmentFile(dir));
    realDisk.utimes(link, 0);
    expect(fs.statSync(segmentFile(dir)).mtimeMs).toBe(mtimeMs);
  });
});

/** Moves a folder of the store away and plants a link to a folder outside in its place; returns that folder. */
function planted(dir: string, name: string): string {
  const outside = join(dir, '..', `outside-${name}`);
  fs.mkdirSync(outside);
  if (fs.existsSync(join(dir, name))) fs.renameSync(join(dir, name), join(dir, '..', `${name}-away`));
  fs.symlinkSync(outside, join(dir, name));
  return outside;
}

/** Names and times of all files of a folder. */
function inside(folder: string): object {
  return fs.readdirSync(folder).map((name) => [name, fs.lstatSync(join(folder, name)).mtimeMs]);
}

describe('a link planted in place of the folder of presence', () => {
  it.each([['before anybody was seen'], ['while a process serves']])('takes and gives nothing: %s', async (when) => {
    const { dir } = await made();
    const presence = new FilePresence(realDisk, dir);
    if (when !== 'before anybody was seen') for (const one of ['ses-1', 'ses-2']) presence.attach(one);
    const outside = planted(dir, 'alive');
    fs.writeFileSync(join(outside, 'ses-3'), '');
    // Of a process that is gone: its file would be removed.
    fs.writeFileSync(join(outside, 'ses-3~999999999'), '');
    const own = `ses-1~${process.pid}-${placeTag()}`;
    fs.writeFileSync(join(outside, own), '');
    for (const name of fs.readdirSync(outside)) fs.utimesSync(join(outside, name), 1, 1);
    const before = inside(outside);
    for (const one of ['ses-1', 'ses-3', 'ses-4']) presence.touch(one);
    presence.attach('ses-5');
    presence.detach('ses-1');
    expect([...new FilePresence(realDisk, dir).served()]).toEqual([]);
    expect(new FilePresence(realDisk, dir).servedBelow(process.ppid)).toEqual([]);
    expect(inside(outside)).toEqual(before);
  });

  it('is told by maintenance and by the doctor, and no opener uses the store', async () => {
    const { dir, store } = await made();
    planted(dir, 'alive');
    await expect(store.upkeep.mark()).rejects.toThrow(unsafe('alive in it is a symbolic link', 'the real thing'));
    expect(() => openStore(dir)).toThrow(unsafe('alive in it is a symbolic link', 'the real thing'));
    const { report } = verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false });
    expect(report.sound).toBe(false);
    expect(report.findings).toContainEqual(expect.objectContaining({ level: 'trouble', where: 'alive' }));
  });
});

describe('a link planted in place of the folder of the log', () => {
  it('takes no turnstile, gives none away and gets no marker', async () => {
    const { dir, store } = await made();
    const outside = planted(dir, 'log');
    fs.writeFileSync(join(outside, 'turnstile'), '999999999 1 \n');
    const before = inside(outside);
    for (const turn of [store.takeTurn(true), store.takeTurn(false)]) (await turn)?.();
    store.log.condemn({ code: 'store-damaged', file: segmentFile(dir), offset: 0, why: 'a test' });
    leaveMarker(realDisk, join(dir, 'log'));
    expect(inside(outside)).toEqual(before);
  });

  it('that leads to the real one is refused by every write', async () => {
    const { dir, store } = await made();
    fs.renameSync(join(dir, 'log'), join(dir, '..', 'log-away'));
    fs.symlinkSync(join(dir, '..', 'log-away'), join(dir, 'log'));
    await expect(put(store, 'task/t-1', 2)).rejects.toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'store-moved' }) }),
    );
  });
});
