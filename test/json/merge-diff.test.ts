// Merging by RFC 7396 and differences, against naive versions of both.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diff } from '../../src/json/diff.ts';
import { copyJson, isObject, type Json, type JsonObject } from '../../src/json/json.ts';
import { deepEqual, mergeOps } from '../../src/json/merge.ts';
import { applyOps } from '../../src/json/patch.ts';
import { json } from './arbitraries.ts';

/** RFC 7396 section 2, word for word. */
function naiveMerge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = naiveMerge(result[key], value);
  }
  return result;
}

describe('merge (RFC 7396)', () => {
  // Appendix A of the RFC, with the number of operations that each should cost.
  test.each<[Json, Json, Json, number]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }, 1],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }, 1],
    [{ a: 'b' }, { a: null }, {}, 1],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }, 1],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }, 1],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }, 1],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }, 1],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }, 1],
    [['a', 'b'], ['c', 'd'], ['c', 'd'], 1],
    [{ a: 'b' }, ['c'], ['c'], 1],
    [{ a: 'foo' }, null, null, 1],
    [{ a: 'foo' }, 'bar', 'bar', 1],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }, 1],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }, 1],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }, 1],
    [{ a: { x: [1, { y: 2 }] }, b: 1 }, { a: { x: [1, { y: 2 }] }, z: null }, { a: { x: [1, { y: 2 }] }, b: 1 }, 0],
  ])('%j + %j', (target, patch, result, cost) => {
    const ops = mergeOps(target, '', copyJson(patch));
    expect(ops).toHaveLength(cost);
    expect(applyOps(copyJson(target), ops)).toEqual(result);
  });

  test('the base names the place in the document, keys are escaped', () => {
    expect(mergeOps({ 'a/b': 1 }, '/deep~1er/x', { 'a/b': 2 })).toEqual([
      { op: 'replace', path: '/deep~1er/x/a~1b', value: 2 },
    ]);
    expect(mergeOps(undefined, '/new', { a: null, b: { c: null } })).toEqual([
      { op: 'add', path: '/new', value: { b: {} } },
    ]);
  });

  test('keys of the prototype are not there', () => {
    expect(mergeOps({}, '', { toString: 'x' })).toEqual([{ op: 'add', path: '/toString', value: 'x' }]);
    expect(mergeOps({}, '', { toString: null })).toEqual([]);
  });

  test('agrees with the naive algorithm, and a second merge costs nothing', () => {
    fc.assert(
      fc.property(fc.option(json, { nil: undefined }), json, (target, patch) => {
        const wanted = naiveMerge(target === undefined ? undefined : copyJson(target), copyJson(patch));
        const root = target === undefined ? undefined : copyJson(target);
        const merged = applyOps(root, mergeOps(target, '', copyJson(patch)));
        expect(merged).toEqual(wanted);
        expect(mergeOps(merged, '', patch)).toEqual([]);
      }),
    );
  });
});

describe('equality', () => {
  test.each<[Json, Json, boolean]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [{}, [], false],
    [null, {}, false],
    [{ a: 1 }, { a: 1, b: 1 }, false],
    [{ a: 1 }, { b: 1 }, false],
    [{ toString: 1 }, { a: 1 }, false],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, equal) => expect(deepEqual(a, b)).toBe(equal));

  test('a copy is equal', () => {
    fc.assert(fc.property(json, (value) => deepEqual(value, copyJson(value))));
  });
});

describe('difference', () => {
  test.each<[Json | undefined, Json | undefined, unknown[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1, b: 2 }, { b: 3, c: 4 }, ['remove /a', 'replace /b', 'add /c']],
    [[1, 2, 3], [1], ['remove /2', 'remove /1']],
    [[1], [2, 3, 4], ['replace /0', 'add /-', 'add /-']],
    [{ a: [] }, { a: {} }, ['replace /a']],
    [undefined, 1, ['add ']],
    [1, undefined, ['remove ']],
    [undefined, undefined, []],
  ])('%j → %j', (before, after, ops) => {
    expect(diff(before, after, 10).ops.map(({ op, path }) => `${op} ${path}`)).toEqual(ops);
  });

  test('applied to the one it gives the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const { ops, cut } = diff(before, after, 100_000);
        expect(cut).toBe(false);
        expect(applyOps(copyJson(before), structuredClone(ops))).toEqual(after);
        if (deepEqual(before, after)) expect(ops).toEqual([]);
      }),
    );
  });

  test('a bound cuts, and says so only if something is missing', () => {
    const before = Object.fromEntries([...'abcdefgh'].map((name) => [name, 1]));
    const after = Object.fromEntries([...'abcdefgh'].map((name) => [name, 2]));
    expect(diff(before, after, 3)).toMatchObject({ ops: { length: 3 }, cut: true });
    expect(diff(before, after, 8)).toMatchObject({ ops: { length: 8 }, cut: false });
    expect(diff([1, 2, 3, 4], [], 2)).toMatchObject({ ops: { length: 2 }, cut: true });
    expect(diff([], [1, 2, 3, 4], 2)).toMatchObject({ ops: { length: 2 }, cut: true });
  });
});
