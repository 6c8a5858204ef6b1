// Tasks as columns: every line has the given width whatever the cards hold, and no part of a card is hidden if it fits.

import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { type KanbanCard, renderKanban } from '../../src/dashboard/formats/kanban.ts';
import { NASTY } from './boards.ts';

const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 40 }));
const card: fc.Arbitrary<KanbanCard> = fc.record({
  id: fc.constantFrom('TSK-1', 'TSK-12345'),
  title: text,
  assignee: fc.option(text, { nil: undefined }),
  points: fc.option(fc.nat(100), { nil: undefined }),
  why: fc.option(text, { nil: undefined }),
});
const column = fc.record({
  status: fc.constantFrom('todo', 'active', 'cancelled'),
  count: fc.nat(9),
  points: fc.nat(1_000),
  cards: fc.array(card, { maxLength: 4 }),
});

test('every line of any board is as wide as asked, and harmless', () => {
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 40, max: 160 }),
      (columns, width) => {
        const screen = renderKanban([NASTY[0]], columns, { width });
        expect(screen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        for (const line of screen.split('\n')) expect(stringWidth(line), line).toBe(width);
      },
    ),
    { seed: 20260304, numRuns: 300 },
  );
});

test('counts, points and whose it is are whole in narrow columns', () => {
  const cards = [{ id: 'TSK-24', title: 'Dashboard', assignee: 'builder', points: 6 }];
  const one = { status: 'blocked', count: 11, points: 31, cards };
  const screen = renderKanban(['SPR-4'], [one, one, one, one, one], { width: 80 });
  for (const whole of ['blocked 11 ', '─ 31 pt ──', 'TSK-24 (6) ', '  builder ']) expect(screen).toContain(whole);
  expect(screen).toContain('… 10 more');
  // Where there is room, on one line.
  expect(renderKanban(['SPR-4'], [one], { width: 80 })).toContain('TSK-24 (6) builder');
});
