// Values against JSON Schemas: what the checker says is what ajv says, for every schema that a project may have; faults
// name the place, the keyword and what stands there; no text takes long.

import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSchema } from '../../src/domain/project/schema-rules.ts';
import type { Json, JsonObject } from '../../src/json/json.ts';
import { schemaChecker } from '../../src/tools/json-schema.ts';

const check = schemaChecker();
const KEYS = ['a', 'b', 'long name'];

const value = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>('', 'a', 'abc', '2026-01-02', 'TSK-17', null, true, false, 0, 1, 2, -3, 1.5, 10),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS, 'toString'), tie('any'), { maxKeys: 3 }),
  ),
})).any;

const small = fc.integer({ min: 0, max: 3 });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const schema = fc.letrec<{ any: Json }>((tie) => {
  const one = fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.boolean(), tie('any')) as fc.Arbitrary<Json>;
  const string = fc.record({
    type: fc.constant('string'),
    minLength: some(small),
    maxLength: fc.integer({ min: 1, max: 20 }),
    pattern: some(fc.constantFrom('^a', 'b', '^[A-Z]{3}-\\d+$', '^(a|b)?c?$')),
  });
  const number = fc.record({
    type: fc.constantFrom('number', 'integer'),
    minimum: some(small),
    maximum: some(small),
    exclusiveMinimum: some(small),
    exclusiveMaximum: some(small),
    multipleOf: some(fc.integer({ min: 1, max: 3 })),
  });
  const object = fc.record({
    type: fc.constant('object'),
    properties: some(fc.dictionary(fc.constantFrom(...KEYS), one, { maxKeys: 3 })),
    required: some(fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 2 })),
    additionalProperties: some(one),
    minProperties: some(small),
    maxProperties: some(small),
  });
  const array = fc.record({
    type: fc.constant('array'),
    items: some(one),
    minItems: some(small),
    maxItems: some(small),
    uniqueItems: some(fc.boolean()),
  });
  const several = fc.record({
    type: fc.constant(['object', 'array', 'null', 'string'] as Json),
    minItems: some(small),
    minProperties: some(small),
    maxLength: fc.constant(5),
  });
  const choice = fc.oneof(
    fc.record({ anyOf: fc.array(one, { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(one, { minLength: 1, maxLength: 3 }) }),
    fc.record({ enum: fc.array(fc.constantFrom<Json>('a', 1, null, true), { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: fc.constantFrom<Json>('a', 1, null, false) }),
    fc.constantFrom<Json>({ $ref: '#/$defs/x' }, {}),
  );
  const kinds = [string, number, object, array, several, choice].map((kind) =>
    (kind as fc.Arbitrary<JsonObject>).map((made): Json => JSON.parse(JSON.stringify(made))),
  );
  return { any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, ...kinds) };
}).any;

describe('the checker', () => {
  test('says what ajv says', () => {
    const ajv = new AjvJsonSchemaValidator();
    let accepted = 0;
    let differing = 0;
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 1, maxLength: 6 }), (made, values) => {
        const whole: Json =
          typeof made === 'object' && made !== null && !Array.isArray(made)
            ? { ...made, $defs: { x: { type: 'integer', minimum: 1 } } }
            : made;
        if (readSchema(whole, '').issues.length > 0) return;
        accepted += 1;
        const theirs = ajv.getValidator(whole as never);
        for (const one of values) {
          const { valid } = theirs(one);
          if (!valid) differing += 1;
          expect({ whole, one, valid: check(whole, one) === undefined }).toEqual({ whole, one, valid });
        }
      }),
      { numRuns: 1_500 },
    );
    expect(accepted).toBeGreaterThan(700);
    expect(differing).toBeGreaterThan(500);
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
    ['a type', { ...good, points: 'x' }, { at: ['points'], rule: 'type number or type null', found: '"x"' }],
    ['a bound', { ...good, points: -1 }, { at: ['points'], rule: 'minimum 0', found: '-1' }],
    ['a length', { ...good, title: 'far too long a title' }, { at: ['title'], rule: 'maxLength 12' }],
    ['a pattern', { ...good, title: 'NO' }, { at: ['title'], rule: 'pattern ^[a-z ]+$', found: '"NO"' }],
    ['an element', { ...good, labels: ['a', 3] }, { at: ['labels', 1], rule: 'type string', found: '3' }],
    ['too many', { ...good, labels: ['a', 'b', 'c'] }, { at: ['labels'], rule: 'maxItems 2', found: 'array of 3' }],
    ['a date', { ...good, due: '2026-13-01' }, { at: ['due'], rule: 'format date' }],
    [
      'another key',
      { ...good, colour: 1 },
      { at: [], rule: 'additionalProperties false, without colour', found: 'an object' },
    ],
    ['no alternative', { ...good, owner: 3 }, { at: ['owner'], rule: 'type string or type object', found: '3' }],
    ['another type', [], { at: [], rule: 'type object', found: 'array of 0' }],
  ];
  test.each(faults)('names %s', (_, given, expected) => {
    const found = check(task, given);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected as object);
  });

  test('matches no text that is longer than maxLength, and says its pattern as it was written', () => {
    const slow = { type: 'string', maxLength: 40, pattern: '^a*a*a*b$' };
    expect(readSchema(slow, '').issues).toEqual([]);
    const startedAt = performance.now();
    expect(check(slow, 'a'.repeat(200_000))).toMatchObject({ rule: 'maxLength 40' });
    expect(check(slow, 'a'.repeat(40))).toMatchObject({ rule: 'pattern ^a*a*a*b$' });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('writes no code', () => {
    const made = globalThis.Function;
    let written = 0;
    globalThis.Function = new Proxy(made, {
      construct: (target, args) => {
        written += 1;
        return Reflect.construct(target, args);
      },
    });
    try {
      expect(check({ type: 'object', properties: { fresh: { type: 'string' } } }, { fresh: 'x' })).toBeUndefined();
    } finally {
      globalThis.Function = made;
    }
    expect(written).toBe(0);
  });
});
