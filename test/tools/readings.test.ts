// Inputs that do not fit a schema, read as the one input that does, and those of which no single reading fits.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { statusesMeant } from '../../src/domain/status-words.ts';
import { tools } from '../../src/tools/index.ts';
import { inputIssues } from '../../src/tools/shared/issues.ts';
import { readingOf } from '../../src/tools/shared/readings.ts';

const schema = z.strictObject({
  title: z.string(),
  limit: z.number().int().min(1).max(50).optional(),
  points: z.number().optional(),
  force: z.boolean().optional(),
  labels: z.array(z.string()).optional(),
  tasks: z.array(z.strictObject({ key: z.string(), needs: z.array(z.string()).optional() })).optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  parallel: z.union([z.number().int(), z.literal('auto')]).optional(),
  status: z.enum(['todo', 'active', 'done']).optional(),
  owner: z.string().nullable().optional(),
  resume: z.enum(['auto', 'new']).optional(),
});

function read(given: object) {
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) throw new Error('it fits as it is');
  const reading = readingOf(schema, given, parsed.error);
  return 'taken' in reading ? reading.input : undefined;
}

test.each<[string, object, object]>([
  ['a number as text', { limit: '5', points: ' 2.5 ' }, { limit: 5, points: 2.5 }],
  ['a truth value as text', { force: 'True' }, { force: true }],
  ['a list as text', { labels: '["x","y"]' }, { labels: ['x', 'y'] }],
  ['a single element for a list', { labels: 'x' }, { labels: ['x'] }],
  ['an object as text', { config: '{"a":1}' }, { config: { a: 1 } }],
  [
    'lists in a list in a text',
    { tasks: '[{"key":"a"},{"key":"b","needs":"[\\"a\\"]"}]' },
    { tasks: [{ key: 'a' }, { key: 'b', needs: ['a'] }] },
  ],
  ['null for what is absent', { limit: null, status: null, parallel: null }, {}],
  ['one of several types', { parallel: '4' }, { parallel: 4 }],
  ['a number for a text', { title: 5 }, { title: '5' }],
  ['another case, with space', { status: ' Done ' }, { status: 'done' }],
  ['the word of other programs', { status: 'in-progress' }, { status: 'active' }],
])('%s', (_, given, wanted) => {
  expect(read({ title: 't', ...given })).toEqual({ title: 't', ...wanted });
});

test.each<[string, object]>([
  ['no number', { limit: 'five' }],
  ['a number beyond its bounds', { limit: '500' }],
  ['a text that is no JSON', { config: '{a: 1}' }],
  ['words that may be one element or several', { labels: 'x, y' }],
  ['an unknown word', { status: 'purple' }],
  ['a word for a status where none is meant', { resume: 'pending' }],
  ['one of two faults', { limit: '5', labels: 'x, y' }],
  ['an unknown key beside a text', { limit: '5', limits: 5 }],
  ['null where something is required', { title: null }],
])('%s is not read as anything', (_, given) => {
  expect(read({ title: 't', ...given })).toBeUndefined();
});

test('what fits is left alone, also a text that is JSON', () => {
  expect(schema.parse({ title: '[draft] "T"', owner: null })).toEqual({ title: '[draft] "T"', owner: null });
});

test('the refusal of a word names what it may mean', () => {
  const status = z.strictObject({ status: z.enum(['todo', 'planned', 'done']) });
  const refused = status.safeParse({ status: 'pending' }, { reportInput: true });
  if (refused.success) throw new Error('it fits');
  const reading = readingOf(status, { status: 'pending' }, refused.error);
  if ('taken' in reading) throw new Error('one of two was taken');
  expect(inputIssues(reading, status).issues[0]?.why).toContain('did you mean "todo" or "planned"?');
});

test('the refusal names the faults that are left, not what could be read', () => {
  const given = { title: 't', limit: '500', points: '2', tasks: '[{"needs":"a"}]', force: 'yes' };
  const parsed = schema.safeParse(given, { reportInput: true });
  if (parsed.success) throw new Error('it fits as it is');
  const reading = readingOf(schema, given, parsed.error);
  if ('taken' in reading) throw new Error('it was taken');
  expect(
    inputIssues(reading, schema)
      .issues.map(({ at }) => at)
      .sort(),
  ).toEqual(['/tasks/0/key', 'force', 'limit']);
  expect(JSON.stringify(inputIssues(reading, schema).issues)).toContain('<=50');
});

test('a status in its own word means itself, wherever it stands', () => {
  const words = new Set(tools.flatMap(({ input }) => enumsIn(z.toJSONSchema(input, { unrepresentable: 'any' }))));
  expect(words.size).toBeGreaterThan(20);
  for (const word of words) expect(statusesMeant(word.toUpperCase(), [...words]), word).toEqual([word]);
});

test('any input is read as one that fits, or not at all', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(schema.shape)), fc.jsonValue()), (given) => {
      const parsed = schema.safeParse(given, { reportInput: true });
      if (parsed.success) return;
      const before = structuredClone(given);
      const reading = readingOf(schema, given, parsed.error);
      expect(given).toEqual(before);
      if (!('taken' in reading)) return;
      expect(schema.safeParse(reading.input).success).toBe(true);
      expect(reading.taken.length).toBeGreaterThan(0);
    }),
  );
});

function enumsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'enum' in schema && Array.isArray(schema.enum) ? schema.enum.filter((one) => typeof one === 'string') : [];
  return [...own, ...Object.values(schema).flatMap(enumsIn)];
}
