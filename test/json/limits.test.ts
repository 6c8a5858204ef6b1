// checkValue: a value that passes reads back the same, and every other value is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkValue, parseJson } from '../../src/json/limits.ts';
import { counting } from '../counting.ts';
import { json } from './arbitraries.ts';

function refusal(value: unknown): { at: string; why: string } | undefined {
  const result = checkValue(value);
  return !result.ok && result.failure.code === 'value-refused' ? result.failure : undefined;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { k: value };
  return value;
}

class Point {
  x = 1;
}

describe('values from outside', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['NaN', { a: [1, Number.NaN] }, '/a/1', /not a JSON number/],
    ['infinity', JSON.parse('{"a":1e400}'), '/a', /Infinity/],
    ['a long integer', JSON.parse('[12345678901234567890]'), '/0', /string/],
    ['a long negative integer', -(2 ** 53), '', /string/],
    ['undefined', { a: undefined }, '/a', /undefined/],
    ['a hole', new Array(2), '/0', /undefined/],
    ['a function', [() => 1], '/0', /function/],
    ['a symbol', Symbol('s'), '', /symbol/],
    ['a symbol key', { [Symbol('s')]: 1 }, '', /symbol/],
    ['a bigint', { 'a/b': 1n }, '/a~1b', /bigint/],
    ['a date', { at: new Date(0) }, '/at', /plain/],
    ['an instance', new Point(), '', /plain/],
    ['a map', new Map(), '', /plain/],
    ['own __proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), '/a/0/__proto__', /__proto__/],
    ['own constructor', JSON.parse('{"constructor":1}'), '/constructor', /constructor/],
    ['own prototype', [{ prototype: null }], '/0/prototype', /prototype/],
  ])('refuses %s', (_name, value, at, why) => {
    expect(refusal(value)).toMatchObject({ at, why: expect.stringMatching(why) });
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  test('depth 100 passes, 101 and 200,000 and a cycle do not', () => {
    expect(checkValue(nested(100)).ok).toBe(true);
    expect(refusal(nested(101))?.why).toMatch(/deeper than 100/);
    expect(refusal(nested(200_000))?.why).toMatch(/deeper than 100/);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusal(cycle)?.why).toMatch(/deeper than 100/);
  });

  test('the size is that of the serialised text, to the byte', () => {
    const texts = ['é', '\u2028', '😀', '\ud800', '\udc00x', '\ud800\ud800\udc00', '"\\\b\t\n\f\r\v\u0000\u001f\u007f'];
    for (const text of texts) expectExactSize({ [text]: [text, 1.5e-7, -12, true, false, null, {}, []] });
    fc.assert(fc.property(json, expectExactSize));
  });

  test('a megabyte passes, one byte more does not, and a huge one is refused at once', () => {
    expect(checkValue('x'.repeat(1_048_574)).ok).toBe(true);
    const result = checkValue('x'.repeat(1_048_575));
    expect(result.ok ? undefined : result.failure).toMatchObject({ code: 'too-large', limit: 1_048_576 });
    expect(checkValue(new Array(4_000_000_000)).ok).toBe(false);
    const huge = counting(new Array(200_000).fill('x'.repeat(100)));
    expect(checkValue(huge.value).ok).toBe(false);
    // So many texts of 100 characters fit, with what is read of the array itself beside each.
    expect(huge.reads()).toBeLessThan(10 * (1_048_576 / 100));
  });

  test('what passes is what a replay gives', () => {
    fc.assert(
      fc.property(json, (value) => {
        const result = checkValue(value);
        expect(result).toEqual({ ok: true, value });
        expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
      }),
    );
    for (const text of ['\ud800', '\udfffx', 'a\u0000b']) expect(JSON.parse(JSON.stringify(text))).toBe(text);
  });

  test('minus zero becomes zero where it stands', () => {
    expect(checkValue(-0)).toStrictEqual({ ok: true, value: 0 });
    expect(checkValue({ a: [-0, { b: -0 }] })).toStrictEqual({ ok: true, value: { a: [0, { b: 0 }] } });
  });

  test('a long place is cut in the answer', () => {
    expect(refusal({ ['k'.repeat(10_000)]: Number.NaN })?.at).toHaveLength(201);
  });
});

function expectExactSize(value: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  expect(checkValue(value, { depth: 100, bytes }).ok).toBe(true);
  expect(checkValue(value, { depth: 100, bytes: bytes - 1 })).toMatchObject({ failure: { code: 'too-large' } });
}

describe('parseJson', () => {
  const long = JSON.stringify('x'.repeat(70_000));

  test('is JSON.parse for whatever is no deeper than a thousand levels', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = `[${long},${JSON.stringify(value)}]`;
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    const deep = `${'['.repeat(1_000)}${' '.repeat(70_000)}${']'.repeat(1_000)}`;
    expect(parseJson(deep)).toEqual(JSON.parse(deep));
  });

  test('counts no bracket within a string', () => {
    const tricky = [`${'['.repeat(2_000)}`, '\\', '"', '\\"[[', `\\\\${'{'.repeat(2_000)}`];
    const text = JSON.stringify([long, tricky, { [`"${'['.repeat(2_000)}`]: tricky }]);
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test.each([
    ['[', '['.repeat(8_000_000)],
    ['mixed', '{"a":['.repeat(700_000)],
  ])('refuses megabytes of %s before V8 sees them', (_, text) => {
    expect(() => parseJson(text)).toThrow(/nested deeper than 1000 levels/);
  });
});
