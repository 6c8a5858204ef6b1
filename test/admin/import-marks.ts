// Values for generated files of other programs: each leaf is a word of its own, so that a test can count in the source
// what an import took and what it noted. Used by the tests of imports.

import fc from 'fast-check';

/** All words that begin with `mark` in a text. */
export const marksOf = (text: string): Set<string> => new Set(text.match(/mark\d+x/g) ?? []);

let count = 0;
export const mark = fc.constant(null).map(() => `mark${count++}x`);

/** A value of a shape that a reader may not expect. */
export const odd = fc.oneof(
  mark,
  fc.array(mark, { minLength: 1, maxLength: 2 }),
  fc.record({ deep: mark }),
  fc.array(fc.record({ id: mark, name: mark }), { minLength: 1, maxLength: 2 }),
);

/** Fields that no reader knows. */
export const extras = fc.dictionary(
  fc.constantFrom(
    'close_reason',
    'complexity',
    'acceptanceCriteria',
    'files',
    'due',
    'metadata',
    'mystery',
    'labels',
    'comments',
  ),
  odd,
);

export const statusWord = fc.constantFrom(
  ...['todo', 'open', 'pending', 'in_progress', 'In-Progress', 'done', 'closed', 'completed', 'blocked', 'review'],
  ...['cancelled', 'canceled', 'deferred', 'mystery', 'on hold', '', 'tombstone', 'pinned'],
);

/** The field with the usual value, or with an odd one, or without it. */
export const field = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: fc.constant(null) });
