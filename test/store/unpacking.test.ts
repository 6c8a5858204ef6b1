// Compressed segments that would fill the memory: no reader unpacks more than the seal says, or than a log can hold.

import fs from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realDisk } from '../../src/store/file/disk.ts';
import { LogReader } from '../../src/store/file/past/log-reader.ts';
import { SegmentReader } from '../../src/store/file/past/segment-reader.ts';
import { put } from './commits.ts';
import { openStore, segmentFile, temporaryPlace } from './places.ts';

const MIB = 1024 * 1024;
const place = temporaryPlace();
const { dir } = place;
const file = `${segmentFile(dir)}.gz`;
let sound: Buffer;
let zeros: Buffer;

beforeAll(async () => {
  const store = openStore(dir, { segmentBytes: 1 });
  for (let n = 0; n < 3; n += 1) {
    await put(store, 'task/t-1', n);
    await store.upkeep.seal();
    store.refresh();
  }
  await store.upkeep.compress();
  await store.close();
  sound = fs.readFileSync(file);
  const part = gzipSync(Buffer.alloc(16 * MIB));
  zeros = Buffer.concat(Array.from({ length: 32 }, () => part));
});
afterAll(() => place.remove());

/** The most memory that was held for bytes while `work` ran, in MiB. */
function heldBy(work: () => unknown): number {
  const before = process.resourceUsage().maxRSS;
  work();
  return (process.resourceUsage().maxRSS - before) / 1024;
}

/** Some of it may be readable: here only the memory counts. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ failure: { code: 'store-damaged' } });
  }
}

describe('hundreds of megabytes in less than one', () => {
  const places: [string, () => Buffer][] = [
    ['before the seal', () => Buffer.concat([zeros, sound])],
    ['after the seal', () => Buffer.concat([sound, zeros])],
    ['alone', () => zeros],
    ['in one member', () => gzipSync(Buffer.alloc(192 * MIB), { level: 1 })],
  ];
  it.each(places)('%s is damage, and is not unpacked', (_what, made) => {
    const bytes = made();
    expect(bytes.length).toBeLessThan(MIB);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes);
    const damaged = expect.objectContaining({
      failure: expect.objectContaining({ code: 'store-damaged', why: 'it decompresses to more than its seal says' }),
    });
    const held = heldBy(() => {
      expect(() => openStore(dir)).toThrow(damaged);
      for (const offset of [0, 600 * MIB])
        attempt(() => new SegmentReader(realDisk, `${dir}/log`).textFrom(1, offset, 1));
      expect(new LogReader(realDisk, `${dir}/log`).readAll().fault()).toMatchObject({ code: 'store-damaged' });
    });
    expect(held).toBeLessThan(400);
  });
});

it('what Baton compressed, and what another tool compressed as one member, is read as before', () => {
  fs.writeFileSync(file, sound);
  const text = new LogReader(realDisk, `${dir}/log`).readAll();
  expect(text.fault()).toBeUndefined();
  fs.writeFileSync(file, gzipSync(gunzipSync(sound)));
  const again = new LogReader(realDisk, `${dir}/log`).readAll();
  expect([again.fault(), again.fold.chain]).toEqual([undefined, text.fold.chain]);
});

it('a seal that a stopped process wrote late, behind the one that counts, is no damage', () => {
  const text = gunzipSync(sound);
  const seal = text.subarray(text.lastIndexOf(10, text.length - 2) + 1);
  expect(seal.toString()).toContain('"seal"');
  const truth = new LogReader(realDisk, `${dir}/log`).readAll().fold.chain;
  // In one member with the seal that counts, and in a member of its own.
  for (const made of [gzipSync(Buffer.concat([text, seal])), Buffer.concat([sound, gzipSync(seal)])]) {
    fs.writeFileSync(file, made);
    const read = new LogReader(realDisk, `${dir}/log`).readAll();
    expect([read.fault(), read.fold.chain]).toEqual([undefined, truth]);
  }
});
