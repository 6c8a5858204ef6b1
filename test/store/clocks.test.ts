// Clocks that are wrong: no date in the log makes a request be forgotten early, and no file of the future holds
// anything up. What really passes is measured by a clock that nobody sets.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { exclusively } from '../../src/app/maintenance-lock.ts';
import { FilePresence } from '../../src/store/file/caches/presence.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { put } from './commits.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const removals: (() => void)[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  vi.useRealTimers();
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  return place.dir;
}

function open(dir: string): FileStore {
  const store = openStore(dir, { segmentBytes: 1 });
  stores.push(store);
  return store;
}

/** Runs with a clock that is ahead by so much, or behind. */
async function ahead<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const right = Date.now();
  vi.setSystemTime(right + ms);
  try {
    return await work();
  } finally {
    vi.setSystemTime(right);
  }
}

const fakeClocks = () => vi.useFakeTimers({ toFake: ['Date', 'performance'] });
const requests = (store: FileStore) => store.streams('request/').sort();

describe('a request is remembered', () => {
  it.each([
    ['the sealer is 8 days ahead', 0, 8 * DAY],
    ['the sealer is a year ahead', 0, YEAR],
    ['its writer was 8 days behind', -8 * DAY, 0],
    ['its writer was years behind', -9 * YEAR, 0],
    ['one is behind and the other ahead', -8 * DAY, 8 * DAY],
  ])('though %s: a repeat finds it, in every fold', async (_, writer, sealer) => {
    fakeClocks();
    const dir = newPlace();
    const [store, other] = [open(dir), open(dir)];
    await ahead(writer, () => put(store, 'request/r-1', 'done'));
    other.refresh();
    for (let n = 0; n < 3; n += 1) {
      expect(await ahead(sealer, () => other.upkeep.seal())).toBe(true);
      await ahead(sealer, () => put(other, 'task/t-1', n));
    }
    store.refresh();
    await store.upkeep.index();
    for (const one of [store, other, open(dir)]) {
      expect(requests(one)).toEqual(['request/r-1']);
      expect(one.read('request/r-1', 1)).toHaveLength(1);
    }
    // What a repeat would write, had it not seen the first: the store does not take it.
    const { commitOf } = await import('./commits.ts');
    const repeat = commitOf(store, [{ stream: 'request/r-1', value: 'again' }], { expect: { 'request/r-1': [0, ''] } });
    expect(store.append([repeat]).outcomes).toEqual([{ kind: 'lost' }]);
  });

  it('until segments that were sealed after it have lasted seven days, in several processes', async () => {
    fakeClocks();
    const dir = newPlace();
    const first = open(dir);
    await put(first, 'request/old', 1);
    await first.upkeep.seal();
    vi.advanceTimersByTime(1_000);
    const pass = async (store: FileStore, days: number): Promise<void> => {
      await put(store, 'task/t-1', days);
      vi.advanceTimersByTime(days * DAY);
      expect(await store.upkeep.seal()).toBe(true);
      store.refresh();
    };
    await put(first, 'request/new', 1);
    await pass(first, 4);
    await (await first.upkeep.mark()).save();
    // A process that begins later knows only of what it has seen itself, and of what the seals before say.
    vi.advanceTimersByTime(30 * DAY);
    const second = open(dir);
    await pass(second, 2);
    expect(requests(second)).toEqual(['request/new', 'request/old']);
    await pass(second, 1);
    first.refresh();
    fs.rmSync(join(dir, 'checkpoint.json'));
    for (const one of [first, second, open(dir)]) expect(requests(one)).toEqual(['request/new']);
    const { report } = verifyStore({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false });
    expect(report.findings.filter(({ level }) => level !== 'note')).toEqual([]);
  });
});

describe('of processes that come one after the other on one machine', () => {
  it('each counts from the seal before, also the time in which none of them ran', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'] });
    const dir = newPlace();
    const seal = async (stream: string): Promise<FileStore> => {
      const store = open(dir);
      await put(store, stream, 1);
      expect(await store.upkeep.seal()).toBe(true);
      await (await store.upkeep.mark()).save();
      return store;
    };
    await seal('request/old');
    vi.advanceTimersByTime(6 * DAY);
    expect(requests(await seal('request/new'))).toEqual(['request/new', 'request/old']);
    vi.advanceTimersByTime(DAY);
    expect(requests(await seal('task/t-1'))).toEqual(['request/new']);
  });
});

describe('a sign of life from the future', () => {
  it('counts as of the moment it is met, and ends like any other', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const dir = newPlace();
    fs.mkdirSync(dir);
    const holder = new FilePresence(realDisk, dir);
    const right = Date.now();
    vi.setSystemTime(right + YEAR);
    holder.touch('ses-1');
    vi.setSystemTime(right);
    const reader = new FilePresence(realDisk, dir);
    expect(reader.lastSeen('ses-1')).toBe(right);
    vi.advanceTimersByTime(60_000);
    expect(reader.lastSeen('ses-1')).toBe(right);
    holder.touch('ses-1');
    expect(reader.lastSeen('ses-1')).toBeCloseTo(right + 60_000, 0);
  });

  it('is no reason to take a lease away while this clock is behind for a moment', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const dir = newPlace();
    fs.mkdirSync(dir);
    const right = Date.now();
    const presence = new FilePresence(realDisk, dir);
    presence.touch('ses-1');
    vi.setSystemTime(right - YEAR);
    expect(presence.lastSeen('ses-1')).toBeCloseTo(right - YEAR, 0);
    vi.setSystemTime(right);
    expect(presence.lastSeen('ses-1')).toBeCloseTo(right, 0);
  });
});

describe('a file of the future', () => {
  it('is named by doctor, and a lock of maintenance among them is taken over', async () => {
    const dir = newPlace();
    const store = open(dir);
    await put(store, 'task/t-1', 1);
    const at = (Date.now() + YEAR) / 1_000;
    fs.mkdirSync(join(dir, 'maintenance.lock'));
    for (const path of [join(dir, 'maintenance.lock'), segmentFile(dir)]) fs.utimesSync(path, at, at);
    const findings = () =>
      verifyStore({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false }).report.findings.filter(
        ({ code }) => code === 'future-file',
      );
    expect(findings()).toMatchObject([{ level: 'note', what: expect.stringContaining('000000000001.jsonl (') }]);
    let ran = false;
    expect(
      await exclusively(dir, async () => {
        ran = true;
      }),
    ).toBe(true);
    expect(ran).toBe(true);
    fs.utimesSync(segmentFile(dir), 0, 0);
    expect(findings()).toEqual([]);
  });
});
