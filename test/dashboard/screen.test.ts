// Views on a terminal: never more lines than it has, no unused lines while rows are hidden, and sessions shown by name.

import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { boardOf, cutOf } from '../../src/dashboard/board.ts';
import { type Board, columns, type Section } from '../../src/dashboard/define.ts';
import { renderMarkdown } from '../../src/dashboard/formats/markdown.ts';
import { renderText } from '../../src/dashboard/formats/text.ts';
import { fillScreen } from '../../src/dashboard/screen.ts';
import { board, NOW, sectionArbitrary, taken } from './boards.ts';

const SEED = 20260303;

function listOf(name: string, rows: number, more: Partial<Section> = {}): Section {
  const columns = [{ key: 'n', title: 'n', kind: 'count' as const }];
  return { name, title: name, columns, rows: Array.from({ length: rows }, (_, n) => ({ n })), ...more };
}

/** How many rows of each section a screen shows, and how many lines it has. */
function shown(sections: Section[], lines: number, width = 80): { rows: Record<string, number>; height: number } {
  let last: Board | undefined;
  const text = fillScreen(
    taken(sections),
    (made) => {
      last = made;
      return renderText(made, { width, now: NOW });
    },
    lines,
  );
  const rows = Object.fromEntries((last?.sections ?? []).map((one) => [one.name, one.rows.length]));
  return { rows, height: text.split('\n').length };
}

test('any view fits into any number of lines that has room for one section, and wastes none while rows are hidden', () => {
  const sections = fc
    .integer({ min: 1, max: 6 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => sectionArbitrary(`s${index}`))));
  fc.assert(
    fc.property(sections, fc.integer({ min: 12, max: 60 }), fc.constantFrom(60, 80, 120), (any, lines, width) => {
      const { rows, height } = shown(any, lines, width);
      // One section of facts may be higher than any screen.
      if (Object.keys(rows).length > 1) expect(height).toBeLessThanOrEqual(lines);
      const hidden = any.some(({ name, rows: all }) => (rows[name] ?? all.length) < all.length);
      if (hidden && Object.keys(rows).length === any.length) expect(height).toBeGreaterThanOrEqual(lines - 1);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('every section gets a few rows before any gets many, the first ones what is left', () => {
  const sections = [listOf('a', 50), listOf('b', 2), listOf('c', 50), listOf('d', 0)];
  // Two lines of frame, four of rules, three of titles, two that tell of more: what is left are rows.
  expect(shown(sections, 30)).toEqual({ rows: { a: 9, b: 2, c: 8, d: 0 }, height: 30 });
  expect(shown(sections, 16)).toEqual({ rows: { a: 2, b: 2, c: 1, d: 0 }, height: 16 });
  expect(shown(sections, 200).rows).toEqual({ a: 50, b: 2, c: 50, d: 0 });
});

test('where not even one row of each fits, empty sections go first, then the last', () => {
  const sections = [listOf('a', 5), listOf('b', 0), listOf('c', 5), listOf('d', 5)];
  expect(shown(sections, 14).rows).toEqual({ a: 1, c: 1, d: 1 });
  expect(Object.keys(shown(sections, 10).rows)).toEqual(['a', 'c']);
  expect(Object.keys(shown(sections, 3).rows)).toEqual(['a']);
});

test('people read the names of sessions, programs their ids; a name that two have is no name', () => {
  const columns = [
    { key: 'who', title: 'who', kind: 'who' as const },
    { key: 'level', title: 'level', kind: 'count' as const, quiet: true },
  ];
  const rows = ['ses-1', 'ses-2', 'ses-4', 'ses-5/critic', 'ses-9'].map((who) => ({ who, level: 1 }));
  const any = board([{ name: 'who', title: 'Who', columns, rows }]);
  const text = renderText(any, { width: 80, now: NOW });
  expect(text).toContain('会議/critic');
  expect(text).not.toContain('level');
  for (const id of ['ses-2', 'ses-4', 'ses-9']) expect(text).toContain(id);
  expect(text).not.toMatch(/ses-1|ses-5/);
  for (const line of text.split('\n')) expect(stringWidth(line)).toBe(80);
  expect(renderMarkdown(any, { width: 80, now: NOW })).toContain('会議/critic');
  expect(any.sections[0]?.rows[0]).toEqual({ who: 'ses-1', level: 1 });
});

test('an empty section is one line that says so, and one without titles has none', () => {
  const text = renderText(board([listOf('empty', 0), listOf('bare', 1, { bare: true })]), { width: 40, now: NOW });
  expect(text.split('\n').map((line) => line.replaceAll('─', '').trim())).toEqual([
    expect.stringContaining('Baton · Test'),
    '├ empty: none ┤',
    '├ bare (1) ┤',
    expect.stringMatching(/^│ 0 +│$/),
    '╰╯',
  ]);
});

test('a section with the first of its rows says how many there are in all', () => {
  const rows = Array.from({ length: 30 }, (_, index) => ({ id: `r-${index}` }));
  const section: Section = { name: 'many', title: 'Many', columns: columns({ id: 'id' }), rows, total: 10_000 };
  const board = boardOf(taken([section]), 10);
  expect(board.sections.at(-1)).toMatchObject({ total: 10_000 });
  expect(cutOf(board, undefined)).toBe('many: 10 of 10000');
});
