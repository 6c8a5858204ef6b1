// Several backups in one directory: which stay, what they share, and that a kill at any moment leaves whole ones only.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { verifyBackup } from '../../src/admin/file/backup.ts';
import { MANIFEST, readManifest } from '../../src/admin/file/manifest.ts';
import { restoreBackup } from '../../src/admin/file/restore.ts';
import { type Keep, kept, readKeep, rotateBackups } from '../../src/admin/file/rotation.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import { bundleFixtures } from '../mcp/process.ts';
import { alter, makeStore, newPlace, openDocuments, type Place, segments, set, verify } from './made-store.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-05T22:30:00Z');
let place: Place;
let dir: string;
let target: string;
const rotate = (keep: Keep, now: number) =>
  rotateBackups({ disk: realDisk, dir, target, durability: 'fsync' }, keep, now);

async function write(key: string): Promise<void> {
  const documents = openDocuments(dir);
  await set(documents, 'session/s-1', key, 1);
  await documents.close();
}

/** Every name of a backup, each of which must be a whole one. */
function sound(): string[] {
  const names = fs.existsSync(target) ? fs.readdirSync(target).filter((name) => !name.endsWith('.tmp')) : [];
  for (const name of names) {
    const manifest = readManifest(realDisk, join(target, name));
    expect(manifest.ok && verifyBackup(realDisk, join(target, name), manifest.value), name).toBeUndefined();
  }
  return names.sort();
}

beforeEach(() => {
  place = newPlace();
  dir = place.dir;
  target = join(place.parent, 'backups');
});
afterEach(() => place.remove());

describe('which are kept', () => {
  const nameAt = (ms: number) => `backup-${new Date(ms).toISOString().replace(/[:.]/g, '-')}`;

  test('the newest of each hour and of each day, as many as asked', () => {
    // Every 20 minutes for four days.
    const names = Array.from({ length: 288 }, (_, index) => nameAt(START + index * 1_200_000));
    const stay = [...kept(names, { hourly: 3, daily: 2 })].sort();
    expect(stay).toEqual([
      'backup-2026-01-08T23-50-00-000Z',
      'backup-2026-01-09T20-50-00-000Z',
      'backup-2026-01-09T21-50-00-000Z',
      'backup-2026-01-09T22-10-00-000Z',
    ]);
    expect([...kept(['other', ...names.slice(0, 1)], { hourly: 0, daily: 0 })]).toEqual(names.slice(0, 1));
  });

  test('a rotation each hour never loses what a rotation of all would keep', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 30 * HOUR }), { minLength: 1, maxLength: 80 });
    const counts = fc.record({ hourly: fc.integer({ min: 0, max: 5 }), daily: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(steps, counts, (gaps, keep) => {
        let now = START;
        const all: string[] = [];
        let left: string[] = [];
        for (const gap of gaps) {
          now += gap;
          all.push(nameAt(now));
          left = [...kept([...left, nameAt(now)], keep)];
        }
        expect(left.sort()).toEqual([...kept(all, keep)].sort());
        expect(left).toContain(nameAt(now));
        expect(left.length).toBeLessThanOrEqual(Math.max(1, keep.hourly + keep.daily));
      }),
    );
  });

  test.each(['', 'hourly', 'hourly=0', 'daily=x', 'weekly=3', 'hourly=24,,daily=7', 'hourly=10000'])(
    '%j is refused',
    (text) => {
      expect(readKeep(text)).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
    },
  );
  test('both, or one of them', () => {
    expect(readKeep('hourly=24, daily=7')).toEqual({ ok: true, value: { hourly: 24, daily: 7 } });
    expect(readKeep('daily=7')).toEqual({ ok: true, value: { hourly: 0, daily: 7 } });
  });
});

describe('a rotation', () => {
  test('adds one, shares what has not changed, removes what is not kept, and leaves what is not its own', async () => {
    await makeStore(dir, 3);
    fs.mkdirSync(target);
    fs.writeFileSync(join(target, 'notes.txt'), 'mine');
    const keep = { hourly: 2, daily: 1 };
    const made = [];
    for (let hour = 0; hour < 4; hour += 1) {
      const one = rotate(keep, START + hour * HOUR);
      if (!one.ok) throw new Error(JSON.stringify(one.failure));
      made.push(one.value);
      await write(`k${hour}`);
    }
    expect(made.map(({ removed }) => removed.length)).toEqual([0, 0, 1, 1]);
    expect(fs.readdirSync(target).sort()).toEqual([
      'backup-2026-01-06T00-30-00-000Z',
      'backup-2026-01-06T01-30-00-000Z',
      'notes.txt',
    ]);
    expect(made[0]?.linkedBytes).toBe(0);
    const [last, first] = [made[3], made[2]];
    expect(last?.linkedBytes).toBeGreaterThan((last?.sizeBytes ?? 0) / 2);
    const inode = (of: string | undefined, file: string) => fs.statSync(join(of ?? '', file)).ino;
    const [oldest = ''] = segments(dir);
    const name = oldest.slice(dir.length);
    expect(inode(last?.target, name)).toBe(inode(first?.target, name));
    expect(inode(last?.target, name)).not.toBe(fs.statSync(oldest).ino);
    fs.rmSync(join(target, 'notes.txt'));
    expect(sound()).toHaveLength(2);
    const into = join(place.parent, 'into');
    expect(restoreBackup(realDisk, last?.target ?? '', into)).toMatchObject({ ok: true });
    expect(verify(into).report).toMatchObject({ sound: true });
  });

  test('copies what has gone bad in the one before', async () => {
    await makeStore(dir, 3);
    const first = rotate({ hourly: 9, daily: 1 }, START);
    if (!first.ok) throw new Error(first.failure.code);
    const [oldest = ''] = segments(dir);
    const file = join(first.value.target, oldest.slice(dir.length));
    const bytes = fs.readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    const second = rotate({ hourly: 9, daily: 1 }, START + HOUR);
    if (!second.ok) throw new Error(JSON.stringify(second.failure));
    expect(verifyBackup(realDisk, second.value.target, second.value.manifest)).toBeUndefined();
    expect(fs.statSync(file).nlink).toBe(1);
  });

  test('of a damaged store, or into a wrong place, removes nothing', async () => {
    await makeStore(dir);
    const keep = { hourly: 1, daily: 1 };
    for (const hour of [0, 1]) expect(rotate(keep, START + hour * 24 * HOUR).ok).toBe(true);
    const before = sound();
    alter(segments(dir)[0] ?? '', (text) => text.replace('session/s-2', 'session/s-9'));
    expect(rotate(keep, START + 72 * HOUR)).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    expect(sound()).toEqual(before);
    const refused = (why: string) =>
      expect(rotate(keep, START)).toMatchObject({ failure: { issues: [{ why: expect.stringContaining(why) }] } });
    target = join(target, before[0] ?? '');
    refused('this is a backup');
    target = join(dir, 'inside');
    refused('inside the store');
    target = join(place.parent, 'no/where');
    refused('parent');
  });
});

test('what comes before damage is kept beside the backups from before it, not in their place', async () => {
  await makeStore(dir);
  const keep = { hourly: 1, daily: 1 };
  expect(rotate(keep, START).ok).toBe(true);
  const [whole = ''] = sound();
  alter(segments(dir)[0] ?? '', (text) => text.replace('session/s-2', 'session/s-9'));
  const options = { disk: realDisk, dir, target, durability: 'fsync' as const, beforeDamage: true };
  const made = rotateBackups(options, keep, START + HOUR);
  expect(made).toMatchObject({ ok: true, value: { leftOut: { code: 'store-damaged' }, removed: [] } });
  expect(sound()).toHaveLength(2);
  expect(sound()).toContain(whole);
});

describe('killed', () => {
  let fixtures: Awaited<ReturnType<typeof bundleFixtures>>;
  beforeAll(async () => {
    fixtures = await bundleFixtures({ rotate: 'test/admin/fixtures/rotate.ts' });
  });
  afterAll(() => fixtures.remove());

  test('at any moment, every name is that of a whole backup, and the next rotation clears up', async () => {
    await makeStore(dir, 2);
    const killedAt = (nth: number, now: number) =>
      spawnSync(process.execPath, [join(fixtures.dir, 'out/rotate.js'), dir, target, String(nth), String(now)], {
        encoding: 'utf8',
      });
    let now = START;
    for (const _ of [0, 1]) {
      now += 24 * HOUR;
      expect(rotate({ hourly: 2, daily: 2 }, now).ok).toBe(true);
    }
    let kills = 0;
    for (let nth = 1; ; nth += 1) {
      await write(`k${nth}`);
      now += 24 * HOUR;
      const before = sound();
      const ran = killedAt(nth, now);
      const after = sound();
      // The two newest stay whatever happens, and with the new one the newest of before.
      expect(after.slice(-3)).toContain(before.at(-1));
      expect(after.length).toBeGreaterThanOrEqual(2);
      if (ran.signal === null) {
        expect(JSON.parse(ran.stdout)).toMatchObject({ removed: expect.arrayContaining([expect.any(String)]) });
        break;
      }
      expect(ran.signal).toBe('SIGKILL');
      kills += 1;
    }
    expect(kills).toBeGreaterThan(15);
    expect(fs.readdirSync(target).some((name) => name.endsWith('.tmp'))).toBe(true);
    expect(rotate({ hourly: 2, daily: 2 }, Date.now() + 24 * HOUR).ok).toBe(true);
    expect(fs.readdirSync(target)).toEqual(sound());
    expect(verify(dir).report.sound).toBe(true);
  });
});

test('baton backup --keep', async () => {
  await makeStore(dir);
  const baton = (...args: string[]) =>
    spawnSync(process.execPath, [inject('program'), '--state-dir', dir, ...args], { encoding: 'utf8' });
  const first = baton('backup', target, '--keep', 'hourly=24,daily=7');
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout).toMatch(/^backup .*backups\/backup-.*\nverified: seq 7, .*\nkept: 1 backup; removed: 0\n$/);
  const second = JSON.parse(baton('backup', target, '--keep', 'hourly=1', '--json').stdout);
  expect(second).toMatchObject({ seq: 7, linked_bytes: expect.any(Number), kept: [expect.any(String)] });
  expect(fs.existsSync(join(second.backup, MANIFEST))).toBe(true);
  expect(baton('restore', second.backup, '--drill').status).toBe(0);
  expect(baton('backup', target, '--keep', 'weekly=1')).toMatchObject({ status: 1 });
});

test('backups of a clock that was ahead take no place of another, and stay', async () => {
  await makeStore(dir, 1);
  const future = START + 365 * 24 * HOUR;
  for (const now of [future, future + HOUR, START, START + HOUR, START + 2 * HOUR])
    expect(rotate({ hourly: 2, daily: 0 }, now).ok).toBe(true);
  expect(sound().map((name) => name.slice('backup-'.length, 'backup-2026-01-06T00'.length))).toEqual([
    '2026-01-05T23',
    '2026-01-06T00',
    '2027-01-05T22',
    '2027-01-05T23',
  ]);
});

test('a link on the way is followed: to another disk, and to the inside of the store, which is refused', async () => {
  await makeStore(dir);
  fs.mkdirSync(target);
  const link = join(place.parent, 'link');
  const baton = (...args: string[]) =>
    spawnSync(process.execPath, [inject('program'), '--state-dir', dir, ...args], { encoding: 'utf8' });
  fs.symlinkSync(target, link);
  expect(baton('backup', join(link, 'one'))).toMatchObject({ status: 0, stderr: '' });
  expect(baton('redact', join(link, 'new'), '--text', 'tester')).toMatchObject({ status: 0, stderr: '' });
  expect(fs.readdirSync(target).sort()).toEqual(['new', 'one']);
  const kept = JSON.parse(baton('backup', link, '--keep', 'daily=9', '--json').stdout);
  expect(fs.readdirSync(target).sort()).toEqual([...kept.kept, 'new', 'one']);
  fs.rmSync(link);
  fs.symlinkSync(dir, link);
  expect(baton('backup', join(link, 'one')).stderr).toContain('inside the store');
});
