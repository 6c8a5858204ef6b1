// Reads of the history, while several processes seal and compress segments under the reader.

import { afterEach, describe, expect, it } from 'vitest';
import { verifyStore } from '../../src/admin/file/verify.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { put, stateOf } from './commits.ts';
import { openStore, temporaryPlace } from './places.ts';

const removals: (() => void)[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const remove of removals.splice(0)) remove();
});

function rig(count: number): { dir: string; opened: FileStore[] } {
  const place = temporaryPlace();
  removals.push(place.remove);
  const opened = Array.from({ length: count }, () => openStore(place.dir, { segmentBytes: 1 }));
  stores.push(...opened);
  return { dir: place.dir, opened };
}

/** What `verify` finds wrong with the log: sums, seals, chain. */
function damageOf(dir: string): string[] {
  const { findings } = verifyStore({ disk: realDisk, dir, durability: 'fsync', forceNetworkFs: false }).report;
  return findings.filter(({ level }) => level === 'damage').map(({ what }) => what);
}

describe('history', () => {
  it('grows with new segments and compressed ones, for a reader that began long before', async () => {
    const { dir, opened } = rig(2);
    const [writer, reader] = opened;
    if (writer === undefined || reader === undefined) throw new Error('no stores');
    const seqs: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      await put(writer, `task/t-${n % 3}`, n);
      if (n % 3 === 2) await writer.upkeep.seal();
      if (n % 4 === 3) await writer.upkeep.compress();
      for (const { seq } of await reader.readAll(seqs.at(-1) ?? 0, 100)) seqs.push(seq);
      await reader.refresh();
      expect(reader.read(`task/t-${n % 3}`, 1)).toHaveLength(reader.expected(`task/t-${n % 3}`)[0]);
    }
    const cold = openStore(dir);
    stores.push(cold);
    expect(seqs).toEqual((await cold.readAll(0, 100)).map(({ seq }) => seq));
    expect(stateOf(reader)).toEqual(stateOf(cold));
    expect(damageOf(dir)).toEqual([]);
  });

  it('holds sound seals, whoever seals and compresses at the same time', async () => {
    const { dir, opened } = rig(4);
    let value = 0;
    const busy = opened.map(async (store, at) => {
      for (let n = 0; n < 25; n += 1) {
        value += 1;
        await put(store, `task/t-${at}`, value);
        if (n % 4 === at) await store.upkeep.seal();
        if (n % 7 === at) await store.upkeep.compress();
      }
    });
    await Promise.all(busy);
    for (const store of opened) {
      await store.refresh();
      expect(store.info().stopped).toBeUndefined();
    }
    expect(damageOf(dir)).toEqual([]);
    const cold = openStore(dir);
    stores.push(cold);
    for (const store of opened) expect(stateOf(store)).toEqual(stateOf(cold));
    expect(Object.keys(stateOf(cold))).toHaveLength(4);
    expect(opened.reduce((sum, store) => sum + store.log.sealsFollowed, 0)).toBeGreaterThan(20);
  });
});
