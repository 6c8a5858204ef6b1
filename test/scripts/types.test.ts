// JSON Schemas as text in docs/tools.md, and that its tables have no empty cell.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limitText, type Property, propertyOf, typeText } from '../../scripts/types.ts';

const MOST = Number.MAX_SAFE_INTEGER;

test.each<[Property, string, string | undefined]>([
  [{}, 'any', undefined],
  [{ type: 'string' }, 'string', undefined],
  [{ type: 'string', minLength: 1, maxLength: 20 }, 'string', '1–20 characters'],
  [{ type: 'string', pattern: '^a|b$' }, 'string', 'matches `^a|b$`'],
  [{ type: 'integer', minimum: -MOST, maximum: MOST }, 'integer', undefined],
  [{ type: 'integer', minimum: 1, maximum: MOST }, 'integer', 'at least 1'],
  [{ type: 'number', minimum: 0, maximum: 1_000 }, 'number', '0–1,000'],
  [{ type: 'string', enum: ['todo', 'done'] }, 'todo | done', undefined],
  [
    { type: 'array', items: { type: 'string', maxLength: 9 }, maxItems: 3 },
    'string[]',
    'at most 3 items, each at most 9 characters',
  ],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, '(a | b)[]', undefined],
  [{ anyOf: [{ type: 'integer', minimum: 1, maximum: 9 }, { const: 'auto' }] }, 'integer 1–9 | auto', undefined],
  [{ type: 'object' }, '{[name]: any}', undefined],
  [{ type: 'object', additionalProperties: { type: 'string' } }, '{[name]: string}', undefined],
  [
    {
      type: 'array',
      items: {
        type: 'object',
        required: ['key'],
        properties: { key: { type: 'string' }, points: { type: 'number', minimum: 0, maximum: 5 } },
      },
    },
    '{key: string, points?: number 0–5}[]',
    undefined,
  ],
])('%j', (schema, type, limit) => {
  expect([typeText(schema), limitText(schema)]).toEqual([type, limit]);
});

test('fields of nodes read like arguments', () => {
  const fields = { n: { type: 'number', min: 1, max: 9, whole: true, about: 'a count' } } as const;
  expect(typeText(propertyOf({ type: 'group', fields }))).toBe('{n?: integer 1–9}');
  expect(typeText(propertyOf({ type: 'map', of: { type: 'list', of: { type: 'flag' }, max: 2 } }))).toBe(
    '{[name]: boolean[]}',
  );
  expect(typeText(propertyOf({ type: 'json' }))).toBe('any');
});

test('docs/tools.md has a type and words in every row', () => {
  const rows = readFileSync('docs/tools.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '));
  expect(rows.length).toBeGreaterThan(200);
  expect(rows.filter((row) => /\|\s*\|/.test(row) || !/^\| [\w?]+ \| (`.+`|type) \| .+ \|$/.test(row))).toEqual([]);
  expect(rows.filter((row) => /`(array|object|any\[\])`/.test(row))).toEqual([]);
});
