// Values against JSON Schemas: every answer equals ajv's, for every schema that a project may have; faults name the
// place, the keyword and the value; no value takes long.

import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../../src/json/json.ts';
import { faultIn } from '../../../src/json/schema/schema-check.ts';
import { SCHEMA_TYPES, schemaFaults } from '../../../src/json/schema/schema-rules.ts';
import { counting } from '../../counting.ts';

const KEYS = ['a', 'b', 'long name'];

/** Through JSON, as values come: plain objects all. */
const value = fc
  .letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Json>('', 'a', 'abc', '2026-01-02', 'TSK-17', null, true, false, 0, 1, 2, -3, 1.5, 10),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...KEYS, 'hasOwnProperty'), tie('any'), { maxKeys: 3 }),
    ),
  }))
  .any.map((made): Json => JSON.parse(JSON.stringify(made)));

const small = fc.integer({ min: 0, max: 3 });
/** A keyword that is there every other time. */
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const rare = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 4 }, { arbitrary, weight: 1 });

const schema = fc.letrec<{ any: Json }>((tie) => {
  const one = fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.boolean(), tie('any')) as fc.Arbitrary<Json>;
  const list = fc.array(one, { minLength: 1, maxLength: 3 });
  const strings = {
    minLength: some(small),
    maxLength: fc.integer({ min: 1, max: 20 }),
    pattern: some(fc.constantFrom('^a', 'b', '^[A-Z]{3}-\\d+$', '^(a|b)?c?$')),
  };
  const numbers = {
    minimum: some(small),
    maximum: some(small),
    exclusiveMinimum: rare(small),
    exclusiveMaximum: rare(small),
    multipleOf: some(fc.integer({ min: 1, max: 3 })),
  };
  const objects = {
    properties: some(fc.dictionary(fc.constantFrom(...KEYS), one, { maxKeys: 3 })),
    required: some(fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 2 })),
    additionalProperties: some(one),
    minProperties: rare(small),
    maxProperties: some(small),
  };
  const arrays = { items: some(one), minItems: some(small), maxItems: some(small), uniqueItems: some(fc.boolean()) };
  const values = {
    enum: rare(fc.uniqueArray(fc.constantFrom<Json>('a', 1, null, true, [], { a: 1 }), { minLength: 1, maxLength: 3 })),
    const: rare(fc.constantFrom<Json>('a', 1, false, { a: 1 })),
  };
  const combined = {
    anyOf: rare(list),
    oneOf: rare(list),
    allOf: rare(list),
    not: rare(one),
    $ref: rare(fc.constant('#/$defs/x')),
  };
  const type = some(
    fc.oneof(fc.constantFrom(...SCHEMA_TYPES), fc.uniqueArray(fc.constantFrom(...SCHEMA_TYPES), { minLength: 1 })),
  );
  const kinds = [
    { type: fc.constant('string'), ...strings },
    { type: fc.constantFrom('number', 'integer'), ...numbers },
    { type: fc.constant('object'), ...objects },
    { type: fc.constant('array'), ...arrays },
    { ...values, type },
    { ...combined, type: rare(fc.constantFrom(...SCHEMA_TYPES)) },
    { ...arrays, ...objects, ...combined, maxLength: fc.constant(5), minimum: some(small) },
  ].map((keywords) =>
    (fc.record(keywords as Record<string, fc.Arbitrary<Json>>) as fc.Arbitrary<JsonObject>).map(
      (made): Json => JSON.parse(JSON.stringify(made)),
    ),
  );
  return { any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, ...kinds) };
}).any;

describe('what is said of a value', () => {
  test('is what ajv says', () => {
    const ajv = new AjvJsonSchemaValidator();
    const counts = { accepted: 0, fits: 0, not: 0 };
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 1, maxLength: 6 }), (made, values) => {
        const whole: Json = isObject(made) ? { ...made, $defs: { x: { type: 'integer', minimum: 1 } } } : made;
        if (schemaFaults(whole, '').length > 0) return;
        counts.accepted += 1;
        const theirs = ajv.getValidator(whole as never);
        for (const one of values) {
          const { valid } = theirs(one);
          counts[valid ? 'fits' : 'not'] += 1;
          expect({ whole, one, valid: faultIn(whole, one) === undefined }).toEqual({ whole, one, valid });
        }
      }),
      { numRuns: 3_000 },
    );
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(800);
  });

  const task = {
    type: 'object',
    required: ['status', 'title'],
    properties: {
      status: { enum: ['todo', 'done'] },
      points: { type: ['integer', 'null'], minimum: 0 },
      title: { type: 'string', maxLength: 12, pattern: '^[a-z ]+$' },
      labels: { type: 'array', items: { type: 'string' }, maxItems: 2, uniqueItems: true },
      due: { type: 'string', format: 'date' },
      owner: { oneOf: [{ type: 'string' }, { type: 'object', required: ['team'] }] },
    },
    additionalProperties: false,
  };
  const good = { status: 'todo', title: 'a title' };
  const faults: [string, Json, unknown][] = [
    ['nothing', good, undefined],
    ['a missing key', { title: 'x' }, { at: ['status'], rule: 'required', found: 'nothing' }],
    [
      'a value that is no choice',
      { ...good, status: 'later' },
      { at: ['status'], rule: 'enum ["todo","done"]', found: '"later"' },
    ],
    ['a type', { ...good, points: 'x' }, { at: ['points'], rule: 'type integer or null', found: '"x"' }],
    ['a bound', { ...good, points: -1 }, { at: ['points'], rule: 'minimum 0', found: '-1' }],
    ['a length', { ...good, title: 'far too long a title' }, { at: ['title'], rule: 'maxLength 12' }],
    ['a pattern', { ...good, title: 'NO' }, { at: ['title'], rule: 'pattern ^[a-z ]+$', found: '"NO"' }],
    ['an element', { ...good, labels: ['a', 3] }, { at: ['labels', 1], rule: 'type string', found: '3' }],
    ['too many', { ...good, labels: ['a', 'b', 'c'] }, { at: ['labels'], rule: 'maxItems 2', found: 'array of 3' }],
    ['a date', { ...good, due: '2026-13-01' }, { at: ['due'], rule: 'format date' }],
    ['another key', { ...good, colour: 1 }, { at: ['colour'], rule: 'additionalProperties false', found: '1' }],
    ['no alternative', { ...good, owner: 3 }, { at: ['owner'], rule: 'type string or type object', found: '3' }],
    ['another type', [], { at: [], rule: 'type object', found: 'array of 0' }],
  ];
  test.each(faults)('names %s', (_, given, expected) => {
    const found = faultIn(task, given);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected as object);
  });

  test('goes by keys of its own, not by what every object has', () => {
    expect(faultIn({ required: ['valueOf'] }, {})).toMatchObject({ at: ['valueOf'], rule: 'required' });
    expect(faultIn({ properties: { toString: { type: 'string' } } }, {})).toBeUndefined();
    expect(faultIn({ additionalProperties: false }, { valueOf: 1 })).toMatchObject({ at: ['valueOf'] });
    expect(faultIn({ uniqueItems: true }, [{}, { valueOf: '' }])).toBeUndefined();
  });

  test('takes work in proportion to the value, however long it is', () => {
    const slow = { type: 'string', maxLength: 40, pattern: '^a*a*a*b$' };
    expect(schemaFaults(slow, '')).toEqual([]);
    const choices = Array.from({ length: 9 }, (_, at) => ({ type: 'object', required: [`k${at}`] }));
    const wide = { type: 'array', items: { anyOf: choices }, uniqueItems: true };
    expect(schemaFaults(wide, '')).toEqual([]);
    // A text that is too long is never given to the pattern, which was let through for 40 characters.
    const tried = vi.spyOn(RegExp.prototype, 'test');
    expect(faultIn(slow, 'a'.repeat(200_000))).toMatchObject({ rule: 'maxLength 40' });
    expect(tried.mock.calls.filter(([text]) => text.length > 40)).toEqual([]);
    tried.mockRestore();
    expect(faultIn(slow, 'a'.repeat(40))).toMatchObject({ rule: 'pattern ^a*a*a*b$' });
    const work = (length: number): number => {
      const many = counting(Array.from({ length }, (_, at) => ({ k8: at })));
      expect(faultIn(wide, many.value)).toBeUndefined();
      return many.reads();
    };
    expect(work(4_000) / work(2_000)).toBeLessThan(2.2);
    const many = Array.from({ length: 20_000 }, (_, at) => ({ k8: at }));
    expect(faultIn(wide, [...many, { k9: 1 }])).toMatchObject({ at: [20_000], rule: 'anyOf: none of 9 schemas fits' });
  });

  test.each([
    ['date', ['2024-02-29', '0001-01-01'], ['2023-02-29', '2024-04-31', '2024-1-1', '2024-01-01T00:00:00Z', '']],
    ['time', ['12:00:00Z', '23:59:59.123+02:00'], ['24:00:00Z', '12:00:00', '12:00Z']],
    [
      'date-time',
      ['2024-02-29T12:00:00Z', '2024-02-29t12:00:00.5-09:30'],
      ['2024-02-30T12:00:00Z', '2024-02-29 12:00:00Z'],
    ],
    ['uuid', ['0190b6c0-0000-7000-8000-00000000000a'], ['0190b6c0', '0190b6c0-0000-7000-8000-00000000000g']],
    ['uri', ['https://example.org/a?b#c', 'mailto:a@b.c'], ['example.org', '/a', 'http://', ':x']],
  ])('knows the format %s', (format, right, wrong) => {
    const fits = (text: string) => faultIn({ type: 'string', format }, text) === undefined;
    expect(right.filter((text) => !fits(text))).toEqual([]);
    expect(wrong.filter(fits)).toEqual([]);
    // Of what is no text it says nothing.
    expect(faultIn({ format }, 3)).toBeUndefined();
  });
});
