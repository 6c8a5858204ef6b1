// The end of a lease: given a stored end and a sign of life, the later of the two counts.

import { expect, test } from 'vitest';
import { endOfLease } from '../../src/base/lease.ts';

test.each([
  ['never seen', 100, 50, undefined, 100],
  ['seen long before', 100, 50, 10, 100],
  ['seen late enough to last longer', 100, 50, 80, 130],
  ['seen by a clock that is behind', 100, 50, -1_000, 100],
  ['without a stored end', Number.POSITIVE_INFINITY, 50, 80, Number.POSITIVE_INFINITY],
])('%s', (_, stored, span, seen, end) => {
  expect(endOfLease(stored, span, seen)).toBe(end);
});
