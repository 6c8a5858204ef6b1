// Damage that a reader of the past finds behind the place where the store started: from then on nothing is written, by
// this process and by others, and a checkpoint is believed only beside the segments that it knew.

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clearPoison } from '../../src/admin/file/repair.ts';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { FailureError } from '../../src/failure/failure.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { LogStats } from '../../src/telemetry/log-stats.ts';
import { commitOf, put } from './commits.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const place of places.splice(0)) place.remove();
});

function open(dir: string, options: Parameters<typeof openStore>[1] = {}): FileStore {
  const store = openStore(dir, options);
  stores.push(store);
  return store;
}

/** A closed store with a sealed segment, a second one and a checkpoint in that. */
async function twoSegments(mark = 'x'): Promise<string> {
  const place = temporaryPlace();
  places.push(place);
  const store = open(place.dir, { segmentBytes: 1 });
  for (let n = 0; n < 4; n += 1) await put(store, 'task/t-1', `${mark}-${n}`);
  expect(await store.upkeep.seal()).toBe(true);
  await put(store, 'task/t-2', 'second');
  await (await store.upkeep.mark()).save();
  await store.close();
  return place.dir;
}

function rot(dir: string, from = 'x-2', to = 'x-9'): void {
  const text = fs.readFileSync(segmentFile(dir), 'utf8');
  expect(text).toContain(from);
  fs.writeFileSync(segmentFile(dir), text.replace(from, to));
}

const READERS: [string, (store: FileStore, dir: string) => unknown][] = [
  ['events of a stream', (store) => store.read('task/t-1', 1)],
  ['events of a stream in slices', (store) => store.readPast('task/t-1', 1)],
  ['events of a stream backwards', (store) => store.readBackwards('task/t-1', () => true)],
  ['all commits', (store) => store.readAll(0, 100)],
  ['a time', (store) => store.seqAtTime(0)],
  ['index files', (store) => store.upkeep.index()],
  ['figures of the log', (store, dir) => new LogStats(`${dir}/log`, (fault) => store.note(fault)).facts(store.seq())],
];

describe('a reader that finds damage', () => {
  it.each(READERS)('stops all writing: %s', async (_what, read) => {
    const dir = await twoSegments();
    rot(dir);
    const [store, other] = [open(dir), open(dir)];
    for (const one of [store, other]) expect(one.info().stopped).toBeUndefined();
    await Promise.resolve()
      .then(() => read(store, dir))
      .catch((error: unknown) => expect(error).toBeInstanceOf(FailureError));
    const damaged = { code: 'store-damaged', file: segmentFile(dir) };
    expect(store.info().stopped).toMatchObject(damaged);
    expect(() => store.append([commitOf(store, [{ stream: 'task/t-2', value: 1 }])])).toThrow('store-damaged');
    // Processes that start now, and servers that run: the checkpoint lies behind the damage, the marker tells them.
    expect(open(dir).info().stopped).toMatchObject(damaged);
    await other.upkeep.mark();
    expect(other.info().stopped).toMatchObject(damaged);
  });

  it('is told by doctor, and writers enter again once the log reads soundly', async () => {
    const dir = await twoSegments();
    rot(dir);
    await expect(open(dir).readAll(0, 10)).rejects.toBeInstanceOf(FailureError);
    const options = { disk: realDisk, dir, durability: 'fsync' as const, forceNetworkFs: false };
    const found = () => verifyStore(options).report.findings.filter(({ level }) => level !== 'note');
    expect(found().map(({ code }) => code)).toEqual(['log-damaged', 'poisoned']);
    expect(clearPoison(options)).toMatchObject({ ok: false, failure: { code: 'store-damaged' } });
    rot(dir, 'x-9', 'x-2');
    expect(found()).toMatchObject([{ code: 'poisoned', what: expect.stringContaining('the sum differs') }]);
    expect(clearPoison(options)).toEqual({ ok: true, value: true });
    expect(await put(open(dir), 'task/t-2', 'on')).toMatchObject({ kind: 'won' });
  });
});

describe('a checkpoint', () => {
  async function atSegmentStart(mark: string): Promise<string> {
    const place = temporaryPlace();
    places.push(place);
    const store = open(place.dir, { segmentBytes: 1 });
    for (let n = 0; n < 4; n += 1) await put(store, 'task/t-1', `${mark}-${n}`);
    await store.upkeep.seal();
    await (await store.upkeep.mark()).save();
    await store.close();
    return place.dir;
  }

  it('at the start of a segment is believed only after the segment that it knew', async () => {
    const [dir, other] = [await atSegmentStart('x'), await atSegmentStart('y')];
    expect(open(dir).info().stopped).toBeUndefined();
    for (const name of fs.readdirSync(join(other, 'log')))
      fs.copyFileSync(join(other, 'log', name), join(dir, 'log', name));
    expect(open(dir).info().stopped).toMatchObject({ code: 'store-damaged' });
  });

  it('is believed only if its own line is whole', async () => {
    const dir = await twoSegments();
    const second = segmentFile(dir, 7);
    fs.writeFileSync(second, fs.readFileSync(second, 'utf8').replace('"second"', '"sacond"'));
    expect(open(dir).info().stopped).toMatchObject({ code: 'store-damaged', file: second });
  });
});
