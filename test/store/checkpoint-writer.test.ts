// The checkpoint of a running server: made and written while commits go on, with nobody kept waiting for it.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { readCheckpoint } from '../../src/store/file/caches/checkpoint.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { maintain } from '../admin/made-store.ts';
import { commitOf, put } from './commits.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { change, noAnswers, openDocuments } from './life.ts';
import { openStore, temporaryPlace } from './places.ts';

const removals: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const remove of removals.splice(0)) remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  removals.push(place.remove);
  fs.mkdirSync(place.dir);
  return place.dir;
}

/** Streams enough that their text is made in several parts. */
function filled(dir: string, streams: number, disk = realDisk): FileStore {
  const store = openStore(dir, { durability: 'none', segmentBytes: 1, disk });
  for (let n = 0; n < streams; n += 1) store.append([commitOf(store, [{ stream: `task/t-${n}`, value: n }])]);
  return store;
}

function checkpointOf(dir: string): string {
  const { report } = verifyStore({ disk: realDisk, dir, durability: 'none', forceNetworkFs: false });
  return report.checkpoint.state;
}

/** Makes every step take longer than a slice. */
function slowly(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 20;
    return now;
  });
}

/** Lets `act` run each time that the work gives way, until that is done. */
async function beside<T>(work: Promise<T>, act: (turn: number) => unknown): Promise<T> {
  let done = false;
  const result = work.finally(() => {
    done = true;
  });
  for (let turn = 0; !done; turn += 1) {
    await act(turn);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return result;
}

describe('a checkpoint', () => {
  it('holds the fold at its place, whatever was committed while it was made', async () => {
    const dir = newPlace();
    const store = filled(dir, 5_000);
    slowly();
    const turns: number[] = [];
    const mark = await beside(store.upkeep.mark(), (turn) => {
      turns.push(turn);
      // An old stream, a new one, and a request.
      for (const stream of [`task/t-${turn}`, 'task/t-4999', `task/new-${turn}`, `request/r-${turn}`])
        store.append([commitOf(store, [{ stream, value: `turn ${turn}` }])]);
    });
    expect(turns.length).toBeGreaterThan(20);
    await put(store, 'task/t-1', 'after the mark');
    await mark.save();
    expect(checkpointOf(dir)).toBe('fits');
    expect(readCheckpoint(realDisk, dir)?.fold.seq).toBe(store.seq() - 1);
    const again = openStore(dir, { durability: 'none' });
    expect([again.seq(), again.expected('task/t-1')]).toEqual([store.seq(), store.expected('task/t-1')]);
  });

  it('holds the fold also if the segment ends while it is made', async () => {
    const dir = newPlace();
    const store = filled(dir, 5_000);
    slowly();
    let seals = 0;
    const mark = await beside(store.upkeep.mark(), async (turn) => {
      if (turn !== 1) return;
      seals += (await store.upkeep.seal()) ? 1 : 0;
      await put(store, 'task/t-1', 'in the next segment');
    });
    expect(seals).toBe(1);
    await mark.save();
    expect(checkpointOf(dir)).toBe('fits');
    expect(readCheckpoint(realDisk, dir)?.segment).toBe(store.log.segment);
  });

  it('is written as often as the log grows in proportion to it, and its text is read once at most', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const store = filled(dir, 1_000, disk);
    await (await store.upkeep.mark()).save();
    const { ino } = fs.statSync(join(dir, 'checkpoint.json'));
    const before = disk.calls.length;
    for (let n = 0; n < 5; n += 1) {
      await put(store, 'task/t-1', n);
      await (await store.upkeep.mark()).save();
    }
    const used = disk.calls.slice(before).filter(({ path }) => path.includes('checkpoint.json'));
    expect(used.filter(({ operation }) => operation !== 'stat')).toEqual([]);
    expect(fs.statSync(join(dir, 'checkpoint.json')).ino).toBe(ino);
    for (let n = 0; n < 20; n += 1) await put(store, 'task/t-1', n);
    await (await store.upkeep.mark()).save();
    expect(readCheckpoint(realDisk, dir)?.fold.seq).toBe(store.seq());
  });

  it('that was altered is not believed', async () => {
    const dir = newPlace();
    const store = filled(dir, 1_000);
    await (await store.upkeep.mark()).save();
    const path = join(dir, 'checkpoint.json');
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/"seq":\d+/, '"seq":9999999'));
    await (await store.upkeep.mark()).save();
    expect(checkpointOf(dir)).toBe('fits');
  });
});

describe('a round of maintenance', () => {
  it('waits for no sync but that of the log in place, so that calls are answered meanwhile', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const documents = openDocuments(dir, disk);
    for (let n = 0; n < 3; n += 1) await change(documents, n, noAnswers(), () => false);
    const before = disk.calls.length;
    await maintain(documents);
    const calls = disk.calls.slice(before);
    const inPlace = calls.filter(({ operation, path }) => operation === 'fsyncNow' && !path.includes('/log'));
    expect(inPlace).toEqual([]);
    expect(calls.filter(({ operation }) => operation === 'fsync').length).toBeGreaterThan(4);
    await documents.close();
  });

  it('writes no document again that another process has written', async () => {
    const dir = newPlace();
    const disk = new FaultyDisk(dir);
    const [one, other] = [openDocuments(dir), openDocuments(dir, disk)];
    for (let n = 0; n < 3; n += 1) await change(one, n, noAnswers(), () => false);
    await other.refresh();
    await maintain(one);
    await maintain(other);
    expect(disk.calls.filter(({ operation, path }) => operation === 'rename' && path.includes('/channels/'))).toEqual(
      [],
    );
    for (const documents of [one, other]) await documents.close();
  });
});
