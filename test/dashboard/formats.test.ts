// Formats of boards: every line has the given width, no text can control a terminal or reader, and independent parsers
// accept the output.

import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { renderCsv } from '../../src/dashboard/formats/csv.ts';
import { renderJson } from '../../src/dashboard/formats/json.ts';
import { renderMarkdown } from '../../src/dashboard/formats/markdown.ts';
import { renderPrometheus } from '../../src/dashboard/formats/prometheus.ts';
import { renderText } from '../../src/dashboard/formats/text.ts';
import { cut, pad, plain, widthOf } from '../../src/dashboard/measure.ts';
import { board, boardArbitrary, NASTY, NOW, nastyBoard } from './boards.ts';
import { parsePrometheus } from './prometheus-parser.ts';

const SEED = 20260102;
/** What no answer may hold, lines apart: controls, format characters, separators, halves. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

function harmless(text: string, lineEnd = '\n'): boolean {
  return !HARMFUL.test(text.replaceAll(lineEnd, ''));
}

describe('text', () => {
  test.each([40, 80, 100, 120, 200])('every line is %i columns wide, whatever it holds', (width) => {
    for (const line of renderText(nastyBoard(), { width, now: NOW }).split('\n'))
      expect(stringWidth(line), line).toBe(width);
  });

  test('every line of any board is as wide as asked, and harmless', () => {
    fc.assert(
      fc.property(boardArbitrary, fc.integer({ min: 40, max: 160 }), (any, width) => {
        const text = renderText(any, { width, now: NOW });
        expect(harmless(text)).toBe(true);
        for (const line of text.split('\n')) expect(stringWidth(line), line).toBe(width);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  test('colours take no columns, and are there only if asked for', () => {
    fc.assert(
      fc.property(boardArbitrary, (any) => {
        const plainText = renderText(any, { width: 100, now: NOW });
        const painted = renderText(any, {
          width: 100,
          now: NOW,
          paint: (text) => `\ue000${text}\ue001`,
        });
        expect(painted.replaceAll(/[\ue000\ue001]/g, '')).toBe(plainText);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('a screen at 80 and at 120 columns', () => {
    const columns = [
      { key: 'task', title: 'task', kind: 'id' as const },
      { key: 'title', title: 'title', kind: 'text' as const },
      { key: 'status', title: 'status', kind: 'status' as const },
      { key: 'spare', title: 'spare', kind: 'text' as const, spare: 1 },
    ];
    const rows = [
      { task: 'TSK-1', title: '決済APIの設計を書く 🎉', status: 'active', spare: 'x'.repeat(70) },
      { task: 'TSK-2', title: 'Ship it', status: 'blocked', spare: 'y' },
      { task: 'TSK-3', title: 'Rest', status: 'todo', spare: 'z' },
    ];
    const fact = [{ key: 'left', title: 'left', kind: 'count' as const }];
    const any = board(
      [
        { name: 'a', title: 'Left', columns: fact, rows: [{ left: 12345 }], facts: true, half: true },
        { name: 'b', title: 'Right', columns: fact, rows: [{ left: 1 }], facts: true, half: true },
        { name: 'work', title: 'In work', columns, rows, more: 'plan_list {}' },
      ],
      { most: 1, hint: 'do it' },
    );
    expect(renderText(any, { width: 80, now: NOW })).toMatchSnapshot();
    expect(renderText(any, { width: 120, now: NOW })).toMatchSnapshot();
  });
});

describe('measuring', () => {
  test('cut and pad give exactly what was asked, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })),
        fc.nat(40),
        (text, width) => {
          const shown = plain(text);
          expect(widthOf(cut(shown, width))).toBeLessThanOrEqual(width);
          expect(widthOf(pad(shown, width))).toBe(width);
          expect(widthOf(pad(shown, width, 'right'))).toBe(width);
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test('wide characters are never halved', () => {
    expect(cut('会議の準備', 5)).toBe('会議…');
    expect(cut('会議の準備', 6)).toBe('会議…');
    expect(pad('会議の準備', 6)).toBe('会議… ');
    expect(cut('cafe\u0301s', 4)).toBe('caf…');
    expect(widthOf('cafe\u0301')).toBe(4);
  });
});

describe('csv', () => {
  test('reads back field by field, with one count of fields for all lines', () => {
    const lines = parseCsv(renderCsv(nastyBoard()));
    expect(lines[0]).toEqual(['name', 'title', 'done']);
    expect(new Set(lines.map((fields) => fields.length))).toEqual(new Set([3]));
    expect(lines).toHaveLength(NASTY.length + 1);
  });

  test('no field of any board begins a formula, and none is harmful', () => {
    fc.assert(
      fc.property(boardArbitrary, (any) => {
        const text = renderCsv(any);
        expect(harmless(text, '\r\n')).toBe(true);
        const lines = parseCsv(text);
        expect(new Set(lines.map((fields) => fields.length)).size).toBe(1);
        const columns = any.sections.flatMap((section) => section.columns);
        const keys = lines[0] ?? [];
        for (const fields of lines.slice(1)) {
          for (const [index, field] of fields.entries()) {
            const kinds = columns.filter(({ key }) => key === keys[index]).map(({ kind }) => kind);
            if (
              kinds.some((kind) => ['id', 'text', 'prose', 'who', 'status'].includes(kind)) &&
              Number.isNaN(Number(field))
            ) {
              expect(field).not.toMatch(/^\s*[=+\-@]/);
            }
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('prometheus', () => {
  test('a page of any board is taken by a strict parser', () => {
    fc.assert(
      fc.property(boardArbitrary, (any) => {
        const positive = any.sections.map((section) => ({
          ...section,
          columns: section.columns.map((column) => ({ ...column, grows: false })),
        }));
        const page = renderPrometheus({ ...any, sections: positive });
        expect(harmless(page)).toBe(true);
        parsePrometheus(page);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('figures are in base units, counters say so, texts are labels', () => {
    const columns = [
      { key: 'tool', title: 'tool', kind: 'id' as const },
      { key: 'calls', title: 'calls', kind: 'count' as const, grows: true },
      { key: 'p50_ms', title: 'p50', kind: 'ms' as const },
      { key: 'hit_percent', title: 'hits', kind: 'percent' as const },
      { key: 'seen_at', title: 'seen', kind: 'time' as const },
      { key: 'live', title: 'live', kind: 'flag' as const },
    ];
    const row = {
      tool: 'a "b" \\ c',
      calls: 3,
      p50_ms: 1.5,
      hit_percent: 12.5,
      seen_at: '1970-01-01T00:01:40Z',
      live: true,
    };
    const families = parsePrometheus(
      renderPrometheus(board([{ name: 'tools', title: 'Tools', columns, rows: [row] }])),
    );
    const values = [...families].map(([name, { type, samples }]) => [name, type, samples[0]?.value]);
    expect(values).toEqual([
      ['baton_test_tools_calls_total', 'counter', 3],
      ['baton_test_tools_p50_seconds', 'gauge', 0.0015],
      ['baton_test_tools_hit_ratio', 'gauge', 0.125],
      ['baton_test_tools_seen_timestamp_seconds', 'gauge', 100],
      ['baton_test_tools_live', 'gauge', 1],
    ]);
    expect(families.get('baton_test_tools_calls_total')?.samples[0]?.labels).toEqual({ tool: 'a "b" \\ c' });
  });

  test('the parser of these tests refuses what a scraper would', () => {
    for (const page of [
      'a{b="c"} 1',
      'a 1\n',
      '# TYPE a gauge\na{b="\\x"} 1\n',
      '# TYPE a gauge\na 1\na 2\n',
      '# TYPE a gauge\na one\n',
      '# TYPE a gauge\n1a 1\n',
    ]) {
      expect(() => parsePrometheus(page), page).toThrow();
    }
  });
});

describe('markdown and json', () => {
  test('a table of any board keeps its columns, and foreign text stays text', () => {
    fc.assert(
      fc.property(boardArbitrary, (any) => {
        const text = renderMarkdown(any, { width: 80, now: NOW });
        expect(harmless(text)).toBe(true);
        let fields = 0;
        for (const line of text.split('\n')) {
          if (!line.startsWith('|')) {
            fields = 0;
            continue;
          }
          const count = line.replaceAll(/\\./g, '').split('|').length;
          if (fields > 0) expect(count, line).toBe(fields);
          fields = count;
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
    const text = renderMarkdown(nastyBoard(), { width: 80, now: NOW });
    expect(text).not.toMatch(/(?<!\\)<img|(?<!\\)\[a\]|(?<!\\)`c`/);
  });

  test('json says columns and kinds, and is harmless', () => {
    const text = renderJson(nastyBoard());
    expect(harmless(text)).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      view: 'test',
      seq: 7,
      sections: [{ name: 'nasty', columns: [{ key: 'name', kind: 'id' }, {}, {}], total: NASTY.length }],
    });
  });
});

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  for (let at = 0; at < text.length; ) {
    let field = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw new Error('a quote without end');
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') {
          field += '"';
          at += 1;
        } else break;
      }
      at += 1;
    } else {
      for (; at < text.length && text[at] !== ',' && text[at] !== '\r'; at += 1) {
        if (text[at] === '"' || text[at] === '\n') throw new Error('a bare quote or line feed');
        field += text[at];
      }
    }
    fields.push(field);
    if (text[at] === ',') {
      at += 1;
      // A comma at the very end would be one more, empty field.
      if (text.startsWith('\r\n', at)) fields.push('');
      else continue;
    }
    if (!text.startsWith('\r\n', at)) throw new Error('a line must end with CRLF');
    at += 2;
    lines.push(fields);
    fields = [];
  }
  return lines;
}
