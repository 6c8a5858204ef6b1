// Etags: the same value has the same one in every process, another value another one, and lengths are those of the
// text.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { etagOf, jsonLength } from '../../../src/domain/state/etag.ts';
import type { Json } from '../../../src/json/json.ts';
import { counting } from '../../counting.ts';
import { json } from '../../json/arbitraries.ts';

describe('etags', () => {
  test('nothing is absent; null is a value', () => {
    expect(etagOf(undefined, 3)).toBe('absent');
    expect(etagOf(null, 3)).toMatch(/^[0-9a-f]{16}$/);
  });

  test('up to 64 KiB the value counts and not the version, above it the version', () => {
    const fits = 'x'.repeat(64 * 1024 - 2);
    expect(etagOf(fits, 1)).toBe(etagOf(fits, 2));
    expect(etagOf(`${fits}x`, 7)).toBe('v7');
    expect(etagOf('"'.repeat(40_000), 7)).toBe('v7');
  });

  test('the order of keys is no part of a value: a lost race may change it in one process only', () => {
    expect(etagOf({ a: 1, b: [{ c: 1, d: 2 }] }, 1)).toBe(etagOf({ b: [{ d: 2, c: 1 }], a: 1 }, 9));
    expect(etagOf([1, 2], 1)).not.toBe(etagOf([2, 1], 1));
  });

  test('different values have different etags', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        return (etagOf(a, 1) === etagOf(b, 1)) === same;
      }),
    );
  });
});

describe('lengths', () => {
  test('are those of JSON.stringify, escapes included', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonLength(value, 1e9)).toBe(JSON.stringify(value).length);
      }),
    );
    for (const text of ['\u0000', '"', '\\', '\ud800', '\n']) {
      expect(jsonLength({ [text]: [text, {}, []] }, 1e9)).toBe(JSON.stringify({ [text]: [text, {}, []] }).length);
    }
  });

  test('above the limit counting stops, with some number above it', () => {
    fc.assert(
      fc.property(json, fc.nat(50), (value, enough) => {
        expect(jsonLength(value, enough) > enough).toBe(JSON.stringify(value).length > enough);
      }),
    );
    // Not a member is looked at where their count alone says enough; else only so many as fit.
    const wide = counting(Array.from({ length: 100_000 }, () => 'x'));
    expect(jsonLength(wide.value, 1_000)).toBeGreaterThan(1_000);
    expect(wide.reads()).toBeLessThan(10);
    const long = counting(Array.from({ length: 900 }, () => 'x'.repeat(500)));
    expect(jsonLength(long.value, 1_000)).toBeGreaterThan(1_000);
    expect(long.reads()).toBeLessThan(2_000);
  });
});

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
