// A screen cuts nothing that answers its question: reasons and goals are broken into lines, days are days.

import { expect, test } from 'vitest';
import { columns, type ShownSection } from '../../src/dashboard/define.ts';
import { renderKanban } from '../../src/dashboard/formats/kanban.ts';
import { renderMarkdown } from '../../src/dashboard/formats/markdown.ts';
import { renderText } from '../../src/dashboard/formats/text.ts';
import { widthOf } from '../../src/dashboard/measure.ts';
import { fillScreen } from '../../src/dashboard/screen.ts';

const now = Date.parse('2026-01-10T12:00:00Z');
const reason = `${'waits for the key of the bank '.repeat(12)}END`;
const goal = `${'everybody can pay '.repeat(20)}GOAL`;

const work: ShownSection = {
  name: 'work',
  title: 'In work',
  columns: columns({ task: 'id', title: 'prose', status: 'status', why: { kind: 'prose', wraps: true } }),
  rows: [
    { task: 'TSK-1', title: 'Form', status: 'blocked', why: reason },
    { task: 'TSK-2', title: 'API', status: 'active' },
  ],
  total: 2,
};
const facts: ShownSection = {
  name: 'sprint',
  title: 'Sprint',
  columns: columns({
    sprint: 'id',
    starts_at: { kind: 'date', title: 'starts' },
    ends_at: { kind: 'date', title: 'ends' },
    goal: { kind: 'prose', wraps: true },
  }),
  rows: [{ sprint: 'SPR-1', starts_at: '2026-01-05', ends_at: '2026-01-14', goal }],
  facts: true,
  total: 1,
};
const head = { view: 'sprint', title: 'Sprint', project: 'p', at: '2026-01-10T12:00:00Z', seq: 1, names: new Map() };

test.each([60, 80, 140])('a screen of %i columns shows reason and goal to their ends', (width) => {
  const text = renderText({ ...head, sections: [facts, work] }, { width, now });
  for (const line of text.split('\n')) expect(widthOf(line)).toBe(width);
  const words = text.replace(/[│\s]+/g, ' ');
  expect(words).toContain(reason.replace(/\s+/g, ' '));
  expect(words).toContain(goal.replace(/\s+/g, ' '));
  expect(words).toContain('2026-01-05 (5d ago)');
  expect(words).toContain('2026-01-14 (in 4d)');
});

test('a short reason stays in the line of its row', () => {
  const short = { ...work, rows: [{ task: 'TSK-1', title: 'Form', status: 'blocked', why: 'no key' }], total: 1 };
  expect(renderText({ ...head, sections: [short] }, { width: 80, now })).toMatch(/TSK-1 +Form +blocked +no key/);
});

test('Markdown and the board of columns show the whole reason too', () => {
  expect(renderMarkdown({ ...head, sections: [work] }, { width: 80, now })).toContain('END');
  const column = { status: 'blocked', count: 1, points: 0, cards: [{ id: 'TSK-1', title: 'Form', why: reason }] };
  expect(renderKanban([], [column], { width: 40 })).toContain('END');
});

test('a screen with rows of several lines stays within its lines', () => {
  const rows = Array.from({ length: 30 }, (_, at) => ({
    task: `TSK-${at}`,
    title: 't',
    status: 'blocked',
    why: reason,
  }));
  const view = { name: 'sprint', title: 'Sprint', sections: () => [] };
  const sections = [facts, { ...work, rows, total: 30 }];
  const taken = {
    view,
    source: { now, project: { id: 'p', name: 'p' } },
    seq: 1,
    sections,
    names: new Map(),
    hint: undefined,
  };
  for (const lines of [24, 40, 60]) {
    const text = fillScreen(taken, (board) => renderText(board, { width: 80, now }), lines);
    expect(text.split('\n').length).toBeLessThanOrEqual(lines);
  }
});
