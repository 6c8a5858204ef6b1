// Figures of the log: a caller never gets figures older than the seq that it knows.

import { afterEach, expect, test, vi } from 'vitest';
import { LogStats } from '../../src/telemetry/log-stats.ts';
import { commitOf, put } from '../store/commits.ts';
import { openStore, temporaryPlace } from '../store/places.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a caller that joins a read under way gets figures up to the seq that it knows', async () => {
  const place = temporaryPlace();
  const store = openStore(place.dir);
  for (let n = 0; n < 5; n += 1) await put(store, 'task/tsk-1', n);
  // Every look at the clock is later than a slice takes, so that a read yields after each line.
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    clock += 1_000;
    return clock;
  });
  const stats = new LogStats(`${place.dir}/log`, () => undefined);
  const first = stats.facts(store.seq());
  store.refresh();
  const { durable } = store.append([commitOf(store, [{ stream: 'task/tsk-1', value: 'later' }])]);
  const late = await Promise.all([stats.facts(store.seq()), stats.facts(store.seq())]);
  expect(late.map(({ commits }) => commits)).toEqual([7, 7]);
  expect((await first).commits).toBeGreaterThanOrEqual(6);
  await durable;
  await store.close();
  place.remove();
});
