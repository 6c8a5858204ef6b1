// Names that a mistyped one may have meant, by example; and against a plain table of edits for random words.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';

test.each([
  ['biuld', ['build', 'test', 'guild'], ['build', 'guild']],
  ['api', ['build-api', 'web'], ['build-api']],
  ['x', ['y', 'abc'], ['y']],
  ['deploy', ['review', 'plan'], []],
  ['Task-01', ['task-001', 'notes'], ['task-001']],
  ['TSK-22', ['tsk-3', 'tsk-2', 'tsk-1', 'tsk-21'], ['tsk-2', 'tsk-21', 'tsk-1']],
  ['state_get', ['get', 'a'], ['get']],
  ['', ['ab', 'abc'], ['ab']],
  ['abc', [`abc${'x'.repeat(300)}`], []],
])('near %j', (wanted, names, expected) => {
  expect(nearest(wanted, names)).toEqual(expected);
});

test('random words: near if and only if a third of the letters differ, or one holds the other', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
  fc.assert(
    fc.property(word, word, (wanted, name) => {
      const part = Math.min(wanted.length, name.length) >= 3 && (wanted.includes(name) || name.includes(wanted));
      const near = edits(wanted, name) <= Math.max(2, Math.floor(wanted.length / 3)) || part;
      expect(nearest(wanted, [name])).toEqual(near ? [name] : []);
    }),
    { numRuns: 3_000 },
  );
});

/** Optimal string alignment by its definition. */
function edits(a: string, b: string): number {
  const known = new Map<string, number>();
  const at = (i: number, j: number): number => {
    if (i === 0 || j === 0) return i + j;
    const key = `${i} ${j}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
    const least = Math.min(
      at(i - 1, j) + 1,
      at(i, j - 1) + 1,
      at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
      swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
    );
    known.set(key, least);
    return least;
  };
  return at(a.length, b.length);
}
