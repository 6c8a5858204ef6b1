// Applying patches in place, and reverting them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyJson, type Json } from '../../src/json/json.ts';
import { applyOps, type PatchOp, revertOps } from '../../src/json/patch.ts';
import { arrayIndex, formatPointer, getAt, parsePointer } from '../../src/json/pointer.ts';
import { json, key, places } from './arbitraries.ts';

describe('pointers (RFC 6901)', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['/', ['']],
    ['/foo/0', ['foo', '0']],
    ['/a~1b', ['a/b']],
    ['/m~0n', ['m~n']],
    ['/~01', ['~1']],
    ['/ /', [' ', '']],
  ])('%j', (text, tokens) => {
    expect(parsePointer(text)).toEqual(tokens);
    expect(formatPointer(tokens)).toBe(text);
  });

  test.each(['a', 'a/b', '/~', '/~2', '/a~'])('refuses %j', (text) => {
    expect(() => parsePointer(text)).toThrow(/not a JSON Pointer/);
  });

  test('any tokens survive the round trip', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (tokens) => {
        expect(parsePointer(formatPointer(tokens))).toEqual(tokens);
      }),
    );
  });

  test('only own properties and existing elements are found', () => {
    const root: Json = { list: [10, 20], text: 'abc', deep: { x: null } };
    expect(getAt(root, [])).toBe(root);
    expect(getAt(root, ['list', '1'])).toBe(20);
    expect(getAt(root, ['deep', 'x'])).toBeNull();
    for (const miss of ['list/2', 'list/01', 'list/-1', 'list/length', 'list/-', 'text/0', 'text/length', 'toString']) {
      expect(getAt(root, miss.split('/')), miss).toBeUndefined();
    }
    expect(getAt(root, ['constructor', 'prototype'])).toBeUndefined();
    expect(getAt(root, ['__proto__'])).toBeUndefined();
  });

  test.each([
    ['0', 0],
    ['10', 10],
    ['01', -1],
    ['', -1],
    ['-1', -1],
    ['1e1', -1],
    ['9999999999', -1],
  ])('index %j', (token, index) => expect(arrayIndex(token)).toBe(index));
});

describe('patches (RFC 6902)', () => {
  test.each<[string, Json | undefined, PatchOp, Json | undefined]>([
    ['adds a key', { a: 1 }, { op: 'add', path: '/b', value: 2 }, { a: 1, b: 2 }],
    ['adds over a key', { a: 1 }, { op: 'add', path: '/a', value: 2 }, { a: 2 }],
    ['replaces a key', { a: 1 }, { op: 'replace', path: '/a', value: null }, { a: null }],
    ['removes a key', { a: 1, b: null }, { op: 'remove', path: '/b' }, { a: 1 }],
    ['inserts', { l: [1, 3] }, { op: 'add', path: '/l/1', value: 2 }, { l: [1, 2, 3] }],
    ['inserts first', [1], { op: 'add', path: '/0', value: 0 }, [0, 1]],
    ['appends by dash', [1], { op: 'add', path: '/-', value: 2 }, [1, 2]],
    ['appends by index', [1], { op: 'add', path: '/1', value: 2 }, [1, 2]],
    ['replaces an element', [1, 2], { op: 'replace', path: '/1', value: 9 }, [1, 9]],
    ['splices out', [1, 2, 3], { op: 'remove', path: '/0' }, [2, 3]],
    ['removes the last', [1, 2, 3], { op: 'remove', path: '/2' }, [1, 2]],
    ['unescapes', { 'a/b': { 'm~n': 1 } }, { op: 'replace', path: '/a~1b/m~0n', value: 2 }, { 'a/b': { 'm~n': 2 } }],
    ['knows empty keys', { '': { '': 1 } }, { op: 'remove', path: '//' }, { '': {} }],
    ['makes a document', undefined, { op: 'add', path: '', value: {} }, {}],
    ['replaces a document', { a: 1 }, { op: 'replace', path: '', value: [] }, []],
    ['unmakes a document', { a: 1 }, { op: 'remove', path: '' }, undefined],
  ])('%s, and back', (_name, before, op, after) => {
    const root = before === undefined ? undefined : copyJson(before);
    const undo: PatchOp[] = [];
    const changed = applyOps(root, [op], undo);
    expect(changed).toEqual(after);
    if (root !== undefined && op.path !== '') expect(changed).toBe(root); // in place
    expect(revertOps(changed, undo)).toEqual(before);
  });

  test.each<[Json | undefined, PatchOp]>([
    [{ a: 1 }, { op: 'replace', path: '/b', value: 1 }],
    [{ a: 1 }, { op: 'remove', path: '/b' }],
    [{ a: 1 }, { op: 'add', path: '/b/c', value: 1 }],
    [{ a: 1 }, { op: 'add', path: '/a/c', value: 1 }],
    [{ a: 'text' }, { op: 'replace', path: '/a/0', value: 'x' }],
    [[1], { op: 'add', path: '/2', value: 1 }],
    [[1], { op: 'add', path: '/01', value: 1 }],
    [[1], { op: 'replace', path: '/1', value: 1 }],
    [[1], { op: 'replace', path: '/-', value: 1 }],
    [[1], { op: 'replace', path: '/length', value: 0 }],
    [[1], { op: 'remove', path: '/-1' }],
    [{}, { op: 'remove', path: '/toString' }],
    [{}, { op: 'add', path: 'a', value: 1 }],
    [undefined, { op: 'replace', path: '', value: 1 }],
    [undefined, { op: 'remove', path: '' }],
    [undefined, { op: 'add', path: '/a', value: 1 }],
  ])('%j does not take %j', (before, op) => {
    const root = before === undefined ? undefined : copyJson(before);
    const undo: PatchOp[] = [];
    expect(() => applyOps(root, [op], undo)).toThrow(`${op.op} ${JSON.stringify(op.path)}`);
    expect(root).toEqual(before);
    expect(undo).toEqual([]);
  });

  test.each([
    '/__proto__/x',
    '/constructor/prototype/x',
    '/a/__proto__/x',
    '/a/__proto__',
    '/constructor',
    '/a/prototype',
  ])('refuses %s', (path) => {
    const root: Json = { a: {}, constructor: {} };
    expect(() => applyOps(root, [{ op: 'add', path, value: 1 }])).toThrow(/refused/);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    expect(root).toEqual({ a: {}, constructor: {} });
  });

  test('what came before a ineligibleReason can be undone', () => {
    const undo: PatchOp[] = [];
    const ops: PatchOp[] = [
      { op: 'add', path: '/b', value: {} },
      { op: 'add', path: '/b/c', value: 1 },
      { op: 'remove', path: '/z' },
    ];
    const root: Json = { a: 1 };
    expect(() => applyOps(root, ops, undo)).toThrow(/z/);
    expect(root).toEqual({ a: 1, b: { c: 1 } });
    expect(revertOps(root, undo)).toEqual({ a: 1 });
  });

  test('random operations apply and revert', () => {
    const step = fc.record({ pick: fc.nat(), op: fc.constantFrom('add', 'replace', 'remove'), key, value: json });
    fc.assert(
      fc.property(json, fc.array(step, { maxLength: 12 }), (before, steps) => {
        let root: Json | undefined = copyJson(before);
        const undo: PatchOp[] = [];
        for (const { pick, op, key: name, value } of steps) {
          const all: (string | number)[][] = root === undefined ? [[]] : places(root);
          const place = all[pick % all.length] ?? [];
          const path = formatPointer(op === 'add' ? [...place, name] : place);
          const next = op === 'remove' ? { op, path } : { op, path, value: copyJson(value) };
          try {
            root = applyOps(root, [next as PatchOp], undo);
          } catch (error) {
            expect(String(error)).toContain('patch does not fit');
          }
        }
        expect(revertOps(root, undo)).toEqual(before);
      }),
    );
  });
});
