// Where a commit is synced: in place while it waits alone, nobody else writes and syncs are brief, else on a thread.

import { afterEach, expect, test } from 'vitest';
import { commitOf } from './commits.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { openStore, temporaryPlace } from './places.ts';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function begin(slow: boolean) {
  const place = temporaryPlace();
  const disk = new FaultyDisk(place.dir);
  disk.slow = slow;
  const store = openStore(place.dir, { disk });
  ends.push(() => store.close(), place.remove);
  /** The syncs of an append of so many commits. */
  const syncsOf = async (commits: number): Promise<string[]> => {
    const before = disk.calls.length;
    store.refresh();
    const batch = Array.from({ length: commits }, (_, n) =>
      commitOf(store, [{ stream: `task/t-${before}-${n}`, value: n }]),
    );
    await store.append(batch).durable;
    return disk.calls.slice(before).flatMap(({ operation }) => (operation.startsWith('fdatasync') ? operation : []));
  };
  /** Enough writes with nobody between. */
  const calmDown = async (): Promise<void> => {
    for (let n = 0; n < 7; n += 1) expect(await syncsOf(1)).toEqual(['fdatasync']);
  };
  return { syncsOf, calmDown };
}

test('a commit that waits alone is synced in place once nobody else writes, several together on a thread', async () => {
  const { syncsOf, calmDown } = begin(false);
  await calmDown();
  expect([await syncsOf(1), await syncsOf(3), await syncsOf(1)]).toEqual([
    ['fdatasyncNow'],
    ['fdatasync'],
    ['fdatasyncNow'],
  ]);
});

test('after a sync in place that took long, the next hundred run on a thread', async () => {
  const { syncsOf, calmDown } = begin(true);
  await calmDown();
  expect(await syncsOf(1)).toEqual(['fdatasyncNow']);
  for (let n = 0; n < 100; n += 1) expect(await syncsOf(1)).toEqual(['fdatasync']);
  expect(await syncsOf(1)).toEqual(['fdatasyncNow']);
});
