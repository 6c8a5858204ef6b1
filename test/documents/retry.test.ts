// When a writer that lost a race tries again, and when it asks the others to wait.

import { expect, test } from 'vitest';
import { retryDelayMs, wantsTurn } from '../../src/documents/retry.ts';

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
