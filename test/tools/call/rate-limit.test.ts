// The bound on calls of a connection: bursts wait, floods are refused, and patience is rewarded.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateLimit } from '../../../src/tools/call/rate-limit.ts';

function limited(perSecond: number) {
  let at = 0;
  const take = rateLimit(perSecond, () => at);
  const pass = (ms: number): void => {
    at += ms;
  };
  return { take, pass };
}

test('a burst of a second goes through at once, what follows waits its turn, and beyond two seconds it is refused', () => {
  const { take, pass } = limited(10);
  for (let call = 0; call < 10; call++) expect(take()).toEqual({ ok: true, value: 0 });
  for (let call = 1; call <= 20; call++) expect(take()).toEqual({ ok: true, value: call * 100 });
  expect(take()).toMatchObject({ ok: false, failure: { code: 'rate-limited', limit: 10, retryAfterMs: 100 } });
  pass(100);
  expect(take()).toEqual({ ok: true, value: 2_000 });
  pass(60_000);
  expect(take()).toEqual({ ok: true, value: 0 });
});

test('whoever waits as told is let in; nobody gets more than the rate', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(50), { maxLength: 400 }), (perSecond, gaps) => {
      const { take, pass } = limited(perSecond);
      let now = 0;
      const answeredAt: number[] = [];
      for (const gap of gaps) {
        pass(gap);
        now += gap;
        const taken = take();
        if (taken.ok) answeredAt.push(now + taken.value);
        else if (taken.failure.code === 'rate-limited') {
          pass(taken.failure.retryAfterMs);
          now += taken.failure.retryAfterMs;
          expect(take().ok).toBe(true);
        }
      }
      expect(answeredAt.length).toBeLessThanOrEqual(perSecond * (3 + now / 1000) + 1);
      expect(answeredAt).toEqual([...answeredAt].sort((a, b) => a - b));
    }),
  );
});

test('0 is no limit', () => {
  const { take } = limited(0);
  for (let call = 0; call < 10_000; call++) expect(take()).toEqual({ ok: true, value: 0 });
});
