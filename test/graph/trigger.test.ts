// The table of triggers: what each makes of how the needs of a node ended. Counts are good, passed, bad, open.

import { expect, test } from 'vitest';
import { TRIGGERS, type Trigger, triggerOf, type Verdict, verdictOf } from '../../src/graph/trigger.ts';

type Counts = [good: number, passed: number, bad: number, open: number];

const TABLE: [Trigger, number | undefined, [Counts, Verdict][]][] = [
  [
    'all_success',
    undefined,
    [
      [[0, 0, 0, 0], 'starts'],
      [[2, 0, 0, 0], 'starts'],
      [[1, 0, 0, 1], 'waits'],
      [[1, 1, 0, 1], 'waits'],
      [[1, 1, 0, 0], 'skipped'],
      [[1, 1, 1, 1], 'dead'],
      [[1, 0, 1, 0], 'dead'],
    ],
  ],
  [
    'none_failed',
    undefined,
    [
      [[1, 1, 0, 0], 'starts'],
      [[0, 2, 0, 0], 'skipped'],
      [[0, 1, 0, 1], 'waits'],
      [[1, 0, 1, 1], 'dead'],
    ],
  ],
  [
    'any_success',
    undefined,
    [
      [[1, 0, 1, 1], 'starts'],
      [[0, 1, 1, 1], 'waits'],
      [[0, 1, 1, 0], 'dead'],
      [[0, 2, 0, 0], 'skipped'],
    ],
  ],
  [
    'n_of',
    2,
    [
      [[2, 0, 1, 1], 'starts'],
      [[1, 0, 1, 1], 'waits'],
      [[0, 1, 0, 2], 'waits'],
      [[1, 0, 2, 0], 'dead'],
      [[0, 0, 2, 1], 'dead'],
      [[0, 2, 0, 1], 'waits'],
      [[1, 2, 0, 0], 'skipped'],
    ],
  ],
  [
    'all_done',
    undefined,
    [
      [[1, 1, 1, 1], 'waits'],
      [[1, 1, 1, 0], 'starts'],
      [[0, 2, 0, 0], 'starts'],
    ],
  ],
  [
    'any_failed',
    undefined,
    [
      [[0, 0, 1, 1], 'waits'],
      [[1, 1, 1, 0], 'starts'],
      [[1, 1, 0, 0], 'skipped'],
    ],
  ],
  [
    'all_failed',
    undefined,
    [
      [[1, 0, 0, 1], 'skipped'],
      [[0, 1, 1, 1], 'skipped'],
      [[0, 0, 1, 1], 'waits'],
      [[0, 0, 2, 0], 'starts'],
    ],
  ],
];

test.each(TABLE)('%s', (trigger, n, rows) => {
  const rule = triggerOf(n === undefined ? { trigger } : { trigger, n });
  const found = rows.map(([[good, passed, bad, open]]) => verdictOf(rule, { good, passed, bad, open }));
  expect(found).toEqual(rows.map(([, verdict]) => verdict));
});

test('every trigger is in the table', () => {
  expect(TABLE.map(([trigger]) => trigger)).toEqual([...TRIGGERS]);
});
