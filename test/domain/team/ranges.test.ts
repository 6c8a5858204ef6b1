// Sets of message numbers: a set that must not forget becomes coarser instead.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coarser, inRanges, newest, type Range, withNumber, withoutNumber } from '../../../src/domain/team/ranges.ts';

const setOf = (numbers: readonly number[]) => numbers.reduce((set, n) => withNumber(set, n), [] as Range[]);

test('a set holds what was added and not removed', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }));
  fc.assert(
    fc.property(numbers, numbers, (added, removed) => {
      const set = removed.reduce((left, n) => withoutNumber(left, n), setOf(added));
      for (let n = 1; n <= 60; n += 1) expect(inRanges(set, n)).toBe(added.includes(n) && !removed.includes(n));
    }),
  );
});

test('with too many ranges one kind of set forgets the oldest numbers, the other none', () => {
  const numbers = Array.from({ length: 620 }, (_, at) => 3 * at + 1 + (at % 2));
  const set = setOf(numbers);
  expect(set).toHaveLength(620);
  expect(newest(set)).toEqual(set.slice(-500));
  const joined = coarser(set);
  expect(joined).toHaveLength(500);
  expect(numbers.filter((n) => !inRanges(joined, n))).toEqual([]);
  expect(set[0]).toEqual([1, 1]);
});
