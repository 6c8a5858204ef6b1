// Boards for tests of formats: random ones, and ones full of text that breaks layouts.

import fc from 'fast-check';
import { boardOf, type Taken, takeView } from '../../src/dashboard/board.ts';
import type { Board, Column, ColumnKind, Row, Section } from '../../src/dashboard/define.ts';
import type { Cell, Source } from '../../src/views/source.ts';

export const NOW = Date.parse('2026-01-02T03:04:05Z');

/** Text as hostile as it gets: wide, combining, joined, reordering, controlling, half. */
export const NASTY = [
  '会議の準備を進める',
  '한국어 제목',
  '👩‍💻 pair 👨‍👩‍👧‍👦 🇩🇪 1️⃣ ⚠️',
  'cafe\u0301 a\u0308\u0301\u0323',
  '\u001b[31mred\u001b[0m \u001b]0;title\u0007',
  '\u202eevil\u202c \u2066x\u2069 \u200b\ufeff',
  'two\nlines\r\nand\ttabs',
  'half \ud83d and \udc00',
  '=HYPERLINK("http://x","y")',
  '+1-2@3',
  '"quoted", \\back\\ | pipe',
  '<img src=x onerror=1> [a](b) `c` *d*',
  '｜＝１',
  '',
  'x'.repeat(500),
] as const;

const KINDS: ColumnKind[] = [
  'id',
  'text',
  'prose',
  'who',
  'status',
  'count',
  'number',
  'percent',
  'ms',
  'time',
  'bytes',
  'flag',
];

const anyText = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.constantFrom('ses-1', 'ses-1/critic', 'ses-2', 'ses-4', 'ses-5'),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

const columnArbitrary = (index: number): fc.Arbitrary<Column> =>
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      spare: fc.nat(3),
      bar: fc.boolean(),
      grows: fc.boolean(),
      quiet: fc.boolean(),
    })
    .map(({ kind, ...more }) => {
      const unit = { ms: '_ms', time: '_at', percent: '_percent', bytes: '_bytes' }[kind as string] ?? '';
      return { key: `c${index}${unit}`, title: `column ${index}`, kind, ...more };
    });

function cellArbitrary(kind: ColumnKind): fc.Arbitrary<Cell | undefined> {
  const value: fc.Arbitrary<Cell> =
    kind === 'flag'
      ? fc.boolean()
      : kind === 'time'
        ? fc.integer({ min: NOW - 1e10, max: NOW + 1e10 }).map((ms) => new Date(ms).toISOString())
        : ['id', 'text', 'prose', 'who', 'status'].includes(kind)
          ? anyText
          : fc.double({ min: -1e6, max: 1e9, noNaN: true });
  return fc.option(value, { nil: undefined, freq: 6 });
}

export const sectionArbitrary = (name: string): fc.Arbitrary<Section> =>
  fc
    .nat(7)
    .chain((count) => fc.tuple(...Array.from({ length: count + 1 }, (_, index) => columnArbitrary(index))))
    .chain((columns) => {
      const row: fc.Arbitrary<Row> = fc
        .tuple(...columns.map(({ kind }) => cellArbitrary(kind)))
        .map((cells) => Object.fromEntries(columns.map(({ key }, index) => [key, cells[index]])));
      return fc
        .record({
          rows: fc.array(row, { maxLength: 6 }),
          facts: fc.boolean(),
          half: fc.boolean(),
          more: fc.constantFrom('call {}', NASTY[0], NASTY[5]),
        })
        .map(({ rows, facts, half, more }): Section => {
          const shown = facts ? rows.slice(0, 1) : rows;
          return {
            name,
            title: `Section ${name}`,
            columns,
            rows: shown,
            facts: facts && shown.length === 1,
            half,
            more,
          };
        });
    });

/** Boards of one to four sections. */
export const boardArbitrary: fc.Arbitrary<Board> = fc
  .record({
    sections: fc
      .nat(3)
      .chain((count) => fc.tuple(...Array.from({ length: count + 1 }, (_, index) => sectionArbitrary(`s${index}`)))),
    project: anyText,
    hint: fc.option(anyText, { nil: undefined }),
    most: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ sections, project, hint, most }) => board(sections, { project, hint, most }));

/** Sessions that rows may speak of: one with a hostile name, two of one name, one without. */
const SESSIONS: Record<string, string | undefined> = {
  'ses-1': `${NASTY[2]} ${NASTY[4]} ${NASTY[5]}`,
  'ses-2': 'twin',
  'ses-3': 'twin',
  'ses-4': undefined,
  'ses-5': '会議',
};

/** What a view of these sections would take. */
export function taken(sections: Section[], more: { project?: string; hint?: string | undefined } = {}): Taken {
  const source = {
    now: NOW,
    project: { id: 'prj-1', name: more.project ?? 'demo' },
    presence: { lastSeen: () => undefined },
    view: {
      seq: 7,
      grouped: () => Object.keys(SESSIONS).map((id) => `session/${id}`),
      get: (stream: string) => {
        const id = stream.slice('session/'.length);
        const expires_at = new Date(NOW + 1e6).toISOString();
        return { session: { id, name: SESSIONS[id], project: 'prj-1', status: 'active', handoffs: [], expires_at } };
      },
    },
  } as unknown as Source;
  const view = { name: 'test', title: 'Test', sections: () => sections, hint: () => more.hint };
  return takeView(view, source);
}

/** A board as a view would make it. */
export function board(
  sections: Section[],
  more: { project?: string; hint?: string | undefined; most?: number } = {},
): Board {
  return boardOf(taken(sections, more), more.most ?? 100);
}

/** A board of one section whose rows hold all the nasty texts. */
export function nastyBoard(): Board {
  const columns: Column[] = [
    { key: 'name', title: 'name', kind: 'id' },
    { key: 'title', title: 'title', kind: 'text' },
    { key: 'done', title: 'done', kind: 'count' },
  ];
  const rows = NASTY.map((text, index): Row => ({ name: text, title: text, done: index }));
  return board([{ name: 'nasty', title: 'Nasty', columns, rows }], { project: NASTY[2], hint: NASTY[5] });
}
