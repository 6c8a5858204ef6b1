// When a writer that lost a race tries again, and when it asks the others to wait.

import { expect, test } from 'vitest';
import { retryDelayMs, wantsTurn } from '../../src/documents/retry.ts';
import type { Decide } from '../../src/domain/command.ts';
import { ok } from '../../src/failure/failure.ts';
import { BY, commitOf, put } from '../store/commits.ts';
import { openDocuments } from '../store/life.ts';
import { temporaryPlace } from '../store/places.ts';

test('given one slow try, then no turn is wanted: it may be a processor that was taken away; after two it is', () => {
  expect([wantsTurn(1, 0), wantsTurn(1, 1), wantsTurn(2, 2)]).toEqual([false, false, true]);
});

test('given slow tries but no lost race, then no turn is wanted; given four lost races, then always', () => {
  expect([wantsTurn(0, 5), wantsTurn(3, 0), wantsTurn(4, 0)]).toEqual([false, false, true]);
});

test('the first retries are at once, later ones after a bounded chance, and there is a last one', () => {
  expect([1, 2, 3].map(retryDelayMs)).toEqual([0, 0, 0]);
  for (const [losses, most] of [
    [4, 2],
    [5, 4],
    [6, 8],
    [20, 20],
    [199, 20],
  ] as const) {
    const delays = Array.from({ length: 400 }, () => retryDelayMs(losses) ?? Number.NaN);
    expect(Math.max(...delays)).toBeLessThanOrEqual(most);
    expect(Math.max(...delays)).toBeGreaterThan(most / 2);
  }
  expect(retryDelayMs(200)).toBeUndefined();
});

test('given a lost race, then what its try had read is still expected by the try that wins', async () => {
  const { dir, remove } = temporaryPlace();
  const [ours, theirs] = [openDocuments(dir), openDocuments(dir)];
  await put(theirs.store, 'task/read', 1);
  await put(theirs.store, 'task/hot', 1);
  const tries: Promise<unknown>[] = [];
  const decide: Decide<number> = (tx) => {
    tx.read('task/hot');
    if (tries.length === 0) {
      tx.read('task/read');
      theirs.store.refresh();
      const { durable } = theirs.store.append([commitOf(theirs.store, [{ stream: 'task/hot', value: 2 }])]);
      tries.push(durable);
    }
    tx.patch('task/hot', { type: 'task.updated' }, [{ op: 'replace', path: '', value: 3 }]);
    return ok(tries.length);
  };
  const changed = await ours.change(decide, { by: BY });
  expect(changed).toMatchObject({ ok: true, value: { seq: 5 } });
  await Promise.all(tries);
  const [won] = await ours.store.readAll(4, 1);
  expect(Object.keys(won?.commit.expect ?? {}).sort()).toEqual(['task/hot', 'task/read']);
  await ours.close();
  await theirs.close();
  remove();
});
