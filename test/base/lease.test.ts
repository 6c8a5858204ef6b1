// The end of a lease: given a stored end and a sign of life, the later of the two counts; times that a clock wrote
// which was ahead do not.

import { expect, test } from 'vitest';
import { endOfLease, isBeyond } from '../../src/base/lease.ts';

test.each([
  ['never seen', 100, 50, undefined, 100],
  ['seen long before', 100, 50, 10, 100],
  ['seen late enough to last longer', 100, 50, 80, 130],
  ['seen by a clock that is behind', 100, 50, -1_000, 100],
  ['without a stored end', Number.POSITIVE_INFINITY, 50, 80, Number.POSITIVE_INFINITY],
  ['seen a little ahead: as if now', 100, 50, 120, 140],
  ['seen far ahead: as if never', 100, 50, 9_000, 100],
  ['promised a little ahead', 180, 50, undefined, 180],
  ['promised far ahead: just over', 9_000, 50, undefined, 89],
  ['promised far ahead, but seen', 9_000, 50, 80, 130],
  ['promised and seen far ahead', 9_000, 50, 9_000, 89],
  ['a record that does not say its span', 9_000, 0, undefined, 9_000],
])('%s', (_, stored, span, seen, end) => {
  expect(endOfLease(stored, span, seen, 90)).toBe(end);
});

test('what lies beyond a span from now was written by a clock that was ahead', () => {
  expect([139, 140, 141].map((written) => isBeyond(written, 50, 90))).toEqual([false, false, true]);
  expect([isBeyond(Number.NaN, 50, 90), isBeyond(Number.POSITIVE_INFINITY, 50, 90)]).toEqual([false, false]);
});
