// The schemas that a project may have: every fault with its place; recursive, slow and empty schemas are refused.

import { describe, expect, test } from 'vitest';
import { schemaSteps } from '../../../src/domain/project/schema-path.ts';
import type { Json } from '../../../src/json/json.ts';
import { patternFault } from '../../../src/json/schema/safe-pattern.ts';
import { schemaFaults } from '../../../src/json/schema/schema-rules.ts';

const faults = (schema: Json) => schemaFaults(schema, '').map(({ at, why }) => `${at} ${why}`);

const wide = (levels: number): Json => {
  let schema: Json = { type: 'string' };
  for (let level = 0; level < levels; level += 1) schema = { anyOf: [schema, { type: 'null' }, { type: 'boolean' }] };
  return schema;
};
const deep = (levels: number): Json => {
  let schema: Json = true;
  for (let level = 0; level < levels; level += 1) schema = { type: 'array', items: schema };
  return schema;
};
const doubling: Json = {
  $ref: '#/$defs/a0',
  $defs: Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => {
      const next = { $ref: `#/$defs/a${at + 1}` };
      return [`a${at}`, at === 11 ? true : { type: 'object', properties: { x: next, y: next } }];
    }),
  ),
};

describe('a schema', () => {
  const refused: [string, Json, string][] = [
    ['no schema', 3, 'expected a JSON Schema'],
    ['an unknown keyword', { type: 'string', maxLenght: 3 }, '/maxLenght unknown key, did you mean maxLength?'],
    ['an unknown type', { type: 'text' }, '/type expected one of string'],
    ['a reference to elsewhere', { $ref: 'http://example.org/a' }, '/$ref expected "#/$defs/<name>"'],
    [
      'a reference to itself',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
      'leads back to itself (a → a)',
    ],
    [
      'a reference round a corner',
      { $ref: '#/$defs/a', $defs: { a: { type: 'object', properties: { b: { $ref: '#/$defs/a' } } } } },
      'leads back to itself',
    ],
    ['references that double', doubling, 'more than 200 schemas'],
    ['too many alternatives', wide(5), 'more than 10 schemas'],
    ['too deep', deep(18), 'nested 16 deep'],
    ['an empty choice', { enum: [] }, '/enum expected a list of 1 to 100'],
    ['no number', { multipleOf: 0.1 }, '/multipleOf expected a whole number'],
    ['a pattern for any length', { type: 'string', pattern: 'a' }, '/pattern needs a maxLength'],
    [
      'a slow pattern',
      { type: 'string', maxLength: 40, pattern: '^(a+)+$' },
      '/pattern it could be tried in too many ways',
    ],
    ['what is not known', { dependentRequired: {} }, '/dependentRequired unknown key'],
  ];
  test.each(refused)('is refused with %s', (_, schema, why) => {
    expect(faults(schema).join('\n')).toContain(why);
  });

  test('that is sound has no faults', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'A task',
      type: 'object',
      required: ['id', 'state'],
      properties: {
        state: { $ref: '#/$defs/state' },
        note: { type: ['string', 'null'], maxLength: 9, pattern: '^[a-z]*$' },
        valueOf: { not: { anyOf: [{ minimum: 3 }, { const: 1 }] } },
      },
      $defs: { state: { enum: ['todo', 'done', { any: 'value' }], description: 'how far it is' } },
    };
    expect(faults(schema)).toEqual([]);
  });
});

describe('a pattern', () => {
  const quick: [string, number][] = [
    ['^TSK-\\d+$', 20],
    ['^[a-z][a-z0-9-]*$', 1_000],
    ['^(\\d{1,3}\\.){3}\\d{1,3}$', 15],
    ['^v?\\d+\\.\\d+\\.\\d+$', 30],
    ['foo|bar', 100],
    ['^(feat|fix)(\\(\\w+\\))?: ', 300],
    ['[^\\]x]', 50],
  ];
  test.each(quick)('%s is let through, and quick on %i characters', (pattern, length) => {
    expect(patternFault(pattern, length)).toBeUndefined();
    const startedAt = performance.now();
    for (const piece of ['a', '1', '1.', 'a-', '(', 'TSK-'])
      new RegExp(pattern).test(`${piece.repeat(length).slice(0, length - 1)}!`);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  const slow: [string, string][] = [
    ['^(a+)+$', 'too many ways'],
    ['^(a|a)*b', 'too many ways'],
    ['^(a?){30}a{30}$', 'too many ways'],
    ['^(.*)(.*)(.*)(.*)x', 'too many ways'],
    ['[](a+)+$', 'too many ways'],
    ['((a{999}){999}){999}', 'too many ways'],
    ['^(?=a+)b', 'looking around'],
    ['^(a)\\1', 'escape'],
    ['^(?<n>a)', 'looking around'],
    ['a**', 'repetition'],
    ['(a', 'not closed'],
    ['a)', 'too many'],
    ['[a', 'not closed'],
    ['[b-a]', 'no regular expression'],
    [`${'a?'.repeat(60)}b`, 'too many ways'],
  ];
  test.each(slow)('%s is refused', (pattern, why) => {
    expect(patternFault(pattern, 60)).toContain(why);
  });
});

describe('the path of a schema', () => {
  test.each([
    ['$.tasks', ['tasks']],
    ['tasks.*.status', ['tasks', undefined, 'status']],
    ["$['a b'][*]", ['a b', undefined]],
  ])('%s is made of keys and *', (path, steps) => {
    expect(schemaSteps(path)).toEqual({ ok: true, value: steps });
  });

  test.each(['$', '$.*', '$..a', '$.a[0]', "$.a['0']", '$.a[?(@.x)]', "$['a','b']", '$.session.name', '$.a['])(
    '%s is refused',
    (path) => {
      expect(schemaSteps(path)).toMatchObject({ ok: false, failure: { code: 'path-refused' } });
    },
  );
});
