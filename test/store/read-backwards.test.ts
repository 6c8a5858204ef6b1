// Reading the events of a stream backwards gives the same events as a fold from the first line, for logs with every
// kind of line.

import { afterEach, expect, test } from 'vitest';
import type { FileStore } from '../../src/store/file/file-store.ts';
import type { PastEvent } from '../../src/store/port.ts';
import { commitOf, put } from './commits.ts';
import { writeLongLog } from './long-log.ts';
import { openStore, temporaryPlace } from './places.ts';
import { randomFrom } from './random.ts';

const SEED = Number(process.env.NEWEST_SEED ?? 20_261_122);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function place(): string {
  const made = temporaryPlace();
  ends.push(made.remove);
  return made.dir;
}

function open(dir: string): FileStore {
  const store = openStore(dir);
  ends.push(() => store.close());
  return store;
}

async function told(store: FileStore, stream: string, wanted = Number.POSITIVE_INFINITY): Promise<PastEvent[]> {
  const events: PastEvent[] = [];
  await store.readBackwards(stream, ({ at, by, patch }) => events.push({ at, by, patch }) < wanted);
  return events;
}

function folded(store: FileStore, stream: string): PastEvent[] {
  return store
    .read(stream, 1)
    .map(({ at, by, patch }) => ({ at, by, patch }))
    .reverse();
}

test('of logs with void, torn, late and second lines, over several segments, some of them compressed', async () => {
  for (let run = 0; run < 8; run += 1) {
    const random = randomFrom(SEED + run);
    const dir = place();
    await writeLongLog(dir, random);
    const store = open(dir);
    for (const stream of store.streams('')) {
      if (stream.startsWith('request/')) continue;
      const all = folded(store, stream);
      expect(await told(store, stream), `seed ${SEED + run}, ${stream}`).toEqual(all);
      const wanted = 1 + Math.floor(random() * all.length);
      expect(await told(store, stream, wanted), `seed ${SEED + run}, ${stream}`).toEqual(all.slice(0, wanted));
    }
  }
});

test('of lines longer than what is searched at once, among many short ones', async () => {
  const store = open(place());
  for (let n = 0; n < 40; n += 1) {
    await put(store, 'task/t-1', n % 9 === 4 ? 'x'.repeat(150_000 * (n % 4)) : n);
    for (let other = 0; other < 60; other += 1) await put(store, 'task/t-2', 'é'.repeat(other * 20));
  }
  const all = folded(store, 'task/t-1');
  expect(all).toHaveLength(40);
  expect(await told(store, 'task/t-1')).toEqual(all);
});

test('what names a stream without changing it is no event of it', async () => {
  const store = open(place());
  await put(store, 'task/t-1', 1);
  await put(store, 'task/t-2', { text: '"stream":"task/t-1"', stream: 'task/t-1' });
  const all = folded(store, 'task/t-1');
  store.refresh();
  store.append([commitOf(store, [{ stream: 'task/t-2', value: 3 }])]);
  expect(await told(store, 'task/t-1')).toEqual(all);
});

test('ends with the signal', async () => {
  const store = open(place());
  for (let n = 0; n < 30; n += 1) await put(store, 'task/t-1', 'x'.repeat(100_000));
  const slow = (): boolean => {
    for (const until = performance.now() + 12; performance.now() < until; );
    return true;
  };
  await expect(store.readBackwards('task/t-1', slow, AbortSignal.abort())).rejects.toThrow('deadline-exceeded');
});
