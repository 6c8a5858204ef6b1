// A store that is swapped for another one, of which files have the same names, under a running process: noticed by the
// own descriptor's seal and by device and inode, and nothing of this store is written into the other.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/failure/failure.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { commitOf, put, stateOf } from './commits.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const place of places.splice(0)) place.remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  places.push(place);
  return place.dir;
}

function open(dir: string, options: Parameters<typeof openStore>[1] = {}): FileStore {
  const store = openStore(dir, options);
  stores.push(store);
  return store;
}

/** Writes on until the first segment is compressed. */
async function compressed(dir: string): Promise<string> {
  const store = open(dir, { segmentBytes: 1 });
  for (let n = 0; n < 3; n += 1) {
    await put(store, 'task/t-9', n);
    expect(await store.upkeep.seal()).toBe(true);
    store.refresh();
  }
  expect(await store.upkeep.compress()).toBeGreaterThan(0);
  expect(fs.existsSync(segmentFile(dir))).toBe(false);
  await store.close();
  return dir;
}

function swap(dir: string, other: string): void {
  fs.renameSync(dir, `${dir}-away`);
  fs.renameSync(other, dir);
}

/** All files of a directory, with their text. */
function content(dir: string): Record<string, string> {
  const names = fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('alive'));
  const files = names.filter((name) => fs.statSync(join(dir, name)).isFile()).sort();
  return Object.fromEntries(files.map((name) => [name, fs.readFileSync(join(dir, name), 'latin1')]));
}

describe('a store swapped for one with a compressed first segment', () => {
  it('takes no write of a server of the first, and none of its caches', async () => {
    const [dir, other] = [newPlace(), await compressed(newPlace())];
    const [store, reader, keeper, finder] = [open(dir), open(dir), open(dir), open(dir)];
    for (let n = 0; n < 3; n += 1) await put(store, 'task/t-1', n);
    for (const one of [reader, keeper, finder]) one.refresh();
    const [version, head] = keeper.expected('task/t-1');
    const snapshot = { stream: 'task/t-1', seq: keeper.lastSeq('task/t-1'), version, head, doc: 2 };
    const mark = await keeper.upkeep.mark();
    const before = content(other);
    swap(dir, other);
    const moved = expect.objectContaining({ failure: expect.objectContaining({ code: 'store-moved' }) });
    expect(() => store.append([commitOf(store, [{ stream: 'task/t-1', value: 4 }])])).toThrow(moved);
    expect(store.info().stopped).toMatchObject({ code: 'store-moved' });
    expect(() => reader.refresh()).toThrow(moved);
    await expect(keeper.putSnapshot(snapshot)).rejects.toThrow(FailureError);
    await expect(mark.save()).rejects.toThrow(FailureError);
    await expect(keeper.upkeep.index()).rejects.toThrow(moved);
    await expect(keeper.upkeep.compress()).rejects.toThrow(moved);
    // A reader by name finds a log that contradicts its own: that is no damage of the other store.
    await finder.readAll(0, 10).catch(() => undefined);
    finder.note({ code: 'store-damaged', file: segmentFile(dir), offset: 0, why: 'other lines' });
    expect(finder.info().stopped).toMatchObject({ code: 'store-moved' });
    expect(content(dir)).toEqual(before);
    expect(open(dir).info().stopped).toBeUndefined();
  });

  it('is noticed by a server that stands at an unfollowed seal of its own', async () => {
    const [dir, other] = [newPlace(), await compressed(newPlace())];
    const [store, sealer] = [open(dir), open(dir, { segmentBytes: 1 })];
    await put(store, 'task/t-1', 1);
    sealer.refresh();
    expect(await sealer.upkeep.seal()).toBe(true);
    swap(dir, other);
    expect(() => store.refresh()).toThrow(FailureError);
    expect(store.info().stopped).toMatchObject({ code: 'store-moved' });
  });
});

describe('the same store', () => {
  it('is still ours once others have sealed and compressed the segment in which this process stands', async () => {
    const dir = newPlace();
    const [writing, reading] = [open(dir), open(dir)];
    await put(writing, 'task/t-1', 1);
    reading.refresh();
    await compressed(dir);
    const late = writing.append([commitOf(writing, [{ stream: 'task/t-1', value: 2 }])]);
    expect(late.outcomes).toMatchObject([{ kind: 'won' }]);
    await late.durable;
    expect(await put(writing, 'task/t-1', 3)).toMatchObject({ kind: 'won' });
    reading.refresh();
    expect(stateOf(reading)).toEqual(stateOf(writing));
  });

  it('is not the file with its inode number on another device', async () => {
    const dir = newPlace();
    let device = 0;
    const mounted = {
      ...realDisk,
      stat: (path: string) => {
        const stat = realDisk.stat(path);
        return stat === undefined ? undefined : { ...stat, dev: stat.dev + device };
      },
    };
    const store = open(dir, { disk: mounted });
    await put(store, 'task/t-1', 1);
    device = 1;
    expect(() => store.refresh()).toThrow(FailureError);
    expect(store.info().stopped).toMatchObject({ code: 'store-moved' });
  });
});
