// Queries beyond simple paths: right places, bounded work, nothing run.

import fc from 'fast-check';
import { JSONPath } from 'jsonpath-plus';
import { describe, expect, test, vi } from 'vitest';
import { copyJson, type Json } from '../../src/json/json.ts';
import { escapeToken, formatPointer, getAt, parsePointer } from '../../src/json/pointer.ts';
import { passes } from '../../src/path/match.ts';
import { parsePath, type StatePath } from '../../src/path/path.ts';
import { selectPointers } from '../../src/path/query.ts';
import type { Selector } from '../../src/path/syntax.ts';
import { resolveSimple } from '../../src/path/walk.ts';
import { json, KEYS, places } from '../json/arbitraries.ts';

function parsed(text: string): StatePath {
  const result = parsePath(text);
  if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.failure)}`);
  return result.value;
}

function select(root: Json, text: string) {
  const path = parsed(text);
  if (path.kind !== 'query') throw new Error(`${text} is no query`);
  return selectPointers(root, path);
}

function found(root: Json, text: string): string[] {
  const result = select(root, text);
  if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.failure)}`);
  return result.value;
}

describe('queries', () => {
  const root: Json = {
    tasks: {
      'task-1': { status: 'open', points: 5, tags: ['a', 'b'] },
      'task-2': { status: 'done', points: 1, tags: [], note: 'fix (it)], "now"' },
      'a/b': { status: 'open', points: 2 },
    },
    list: [10, 20, 30, 40],
    text: 'abc',
    nothing: null,
  };

  test.each<[string, string[]]>([
    ['tasks.*.status', ['/tasks/task-1/status', '/tasks/task-2/status', '/tasks/a~1b/status']],
    ['$..points', ['/tasks/task-1/points', '/tasks/task-2/points', '/tasks/a~1b/points']],
    ["$.tasks[?(@.status == 'open' && @.points > 3)]", ['/tasks/task-1']],
    ['$.tasks[?@.points<3].status', ['/tasks/task-2/status', '/tasks/a~1b/status']],
    ['$.tasks[?(@.note == \'fix (it)], "now"\')].points', ['/tasks/task-2/points']],
    ['$.tasks[?(@.tags.length > 0)]', ['/tasks/task-1']],
    ['$.tasks[?(!@.note)]', ['/tasks/task-1', '/tasks/a~1b']],
    ['$.tasks[?(@.status.deeper.x)]', []],
    ['$.list[1:3]', ['/list/1', '/list/2']],
    ['$.list[-1:]', ['/list/3']],
    ['$.list[::-2]', ['/list/3', '/list/1']],
    ['$.list[10:20]', []],
    ['$.list[3,0,9]', ['/list/0', '/list/3']],
    ['$.list[0,-1]', ['/list/0', '/list/3']],
    ['$.list[-9,-2,3:]', ['/list/2', '/list/3']],
    ["$['text','list'][0,?@ > 30]", ['/list/0', '/list/3']],
    ['$[?@[?@ == 20]]', ['/list']],
    ['$.tasks[?@.points == $.list.length]', []],
    ["$.tasks[?@.tags[*] == 'b'].points", ['/tasks/task-1/points']],
    ["$.tasks.['a/b'].*", ['/tasks/a~1b/status', '/tasks/a~1b/points']],
    ['$..tasks..points', ['/tasks/task-1/points', '/tasks/task-2/points', '/tasks/a~1b/points']],
    ['$..*..*..[1]', ['/tasks/task-1/tags/1']],
    ['$.list[::0]', []],
    ['$.list[?(@ >= 30)]', ['/list/2', '/list/3']],
    ["$['list','text','gone']", ['/list', '/text']],
    ["$.tasks.*['tags'][0]", ['/tasks/task-1/tags/0']],
    ['$.tasks.*.tags[-1]', ['/tasks/task-1/tags/1']],
    ['$..tags[*]', ['/tasks/task-1/tags/0', '/tasks/task-1/tags/1']],
    ['$.*.length', []],
    ['$..length', []],
    ['$.*[0]', ['/list/0']],
    ["$.*['0']", ['/list/0']],
    ['$.text.*', []],
    ['$.nothing.*', []],
    ['$.gone.*', []],
    ['$.text..x', []],
  ])('%s', (text, pointers) => {
    const before = copyJson(root);
    expect(found(root, text)).toEqual(pointers);
    expect(root).toEqual(before);
  });

  test('keys that are operators elsewhere are keys', () => {
    const odd: Json = {
      a: { '*': 1, '..': { x: 1 }, '^': { x: 2 }, '~': { x: 3 }, '@s()': { x: 4 }, '`q': { x: 5 } },
      '?(0)': 1,
    };
    expect(found(odd, '$.a.*').toSorted()).toEqual(['/a/*', '/a/..', '/a/@s()', '/a/^', '/a/`q', '/a/~0'].toSorted());
    expect(found(odd, '$..x').toSorted()).toEqual(['/a/../x', '/a/@s()/x', '/a/^/x', '/a/`q/x', '/a/~0/x'].toSorted());
    expect(found(odd, "$.*['^'].x")).toEqual(['/a/^/x']);
    expect(found(odd, "$.*['..','~']")).toEqual(['/a/..', '/a/~0']);
    expect(found(odd, "$..['`q']")).toEqual(['/a/`q']);
  });

  test('a key spelt like the operator behind a name does not hide what the operator selects', () => {
    expect(found({ a: { b: { '1:2:1': 5, c: [6, 7] } } }, '$.*.b[1:2]')).toEqual([]);
    expect(found([{ b: { '?(0)': 1, '?(1)': 2, '*': 3 } }], '$[*].b.*')).toHaveLength(3);
    expect(found([{ b: { '..': 1, x: { c: 2 } } }], '$[*].b..c')).toEqual(['/0/b/x/c']);
    expect(found([{ b: { '?(0)': { x: 1 }, '^': { x: 2 } } }], "$[*].b['^'].x")).toEqual(['/0/b/^/x']);
    expect(found([{ b: { '?(1)': { x: 1 }, '^': { x: 2 } } }], "$[*].b['^'].x")).toEqual(['/0/b/^/x']);
  });

  test('numbers are indexes of arrays only, digits in names are either', () => {
    const both: Json = { a: [{ x: 1 }], b: { '0': { x: 2 } } };
    expect(found(both, '$.*[0].x')).toEqual(['/a/0/x']);
    expect(found(both, '$.*.0.x')).toEqual(['/a/0/x', '/b/0/x']);
  });

  test('jsonpath-plus keeps nothing between calls, not even after it threw', () => {
    const clear = vi.spyOn(JSONPath, 'clearCache');
    found({ a: [1] }, '$.*[0]');
    expect(clear).toHaveBeenCalledTimes(1);
    vi.spyOn(JSONPath, 'toPathArray').mockReturnValueOnce(['$', 'a']);
    expect(() => found({ a: [1] }, '$.*[0]')).toThrow(/misreads/);
    expect(clear).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
  });
});

describe('against other readings', () => {
  test('simple paths agree with jsonpath-plus where it is to be trusted', () => {
    const plain = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd e'), tie('json'), { noNullPrototype: true }),
      ),
    })).json;
    fc.assert(
      fc.property(plain, fc.nat(), (root, pick) => {
        fc.pre(typeof root === 'object' && root !== null); // jsonpath-plus gives nothing for a scalar that is falsy
        const all = places(root);
        const tokens = all[pick % all.length] ?? [];
        const path = `$${tokens.map((token) => (typeof token === 'number' ? `[${token}]` : `['${token}']`)).join('')}`;
        const theirs = JSONPath({ path, json: root, eval: false, resultType: 'pointer' });
        const ours = resolveSimple(root, tokens);
        expect(ours.found && [ours.pointer]).toEqual(theirs);
        expect(ours).toEqual({ found: true, pointer: formatPointer(tokens), value: getAt(root, tokens.map(String)) });
      }),
    );
  });

  test('queries agree with a plain interpreter, on documents full of awkward keys', () => {
    const name = fc.constantFrom(...KEYS).map((key) => `['${key.replaceAll("'", "\\'")}']`);
    const step = fc.oneof(
      name,
      fc.constantFrom(
        '.*',
        '.a',
        '.b',
        '[0]',
        '[-1]',
        '[1:]',
        '[::-1]',
        '[:-1]',
        '[0,1]',
        "['a','*']",
        "[-1,'a',0]",
        '[?@.a,1:]',
        "['0','^','b']",
      ),
      fc.constantFrom('[?(@.a)]', '[?(@ > 0)]', "[?(@['x y'] != 1)]", '[?(@.length == 2)]', '[?(!@[0])]'),
      fc.constantFrom('..*', '..a', '..[0]', "..['~']", '..[1:]', "..['a','0']", '..[?(@.b == null)]'),
    );
    fc.assert(
      fc.property(json, fc.array(step, { minLength: 1, maxLength: 4 }), (root, steps) => {
        const path = parsePath(`$${steps.join('')}`);
        if (!path.ok || path.value.kind !== 'query') return;
        const before = copyJson(root);
        const result = selectPointers(root, path.value);
        if (!result.ok) throw new Error(JSON.stringify(result.failure));
        expect(result.value.toSorted()).toEqual(interpret(root, path.value).toSorted());
        expect(root).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Queries by definition, with no regard to cost: the oracle. */
function interpret(root: Json, path: StatePath): string[] {
  if (path.kind !== 'query') throw new Error('no query');
  let here = [''];
  for (const { deep, selector } of path.segments) {
    const from = deep ? here.flatMap((pointer) => below(root, pointer)) : here;
    here = from.flatMap((pointer) => chosen(root, pointer, selector));
  }
  return [...new Set(here)];
}

function below(root: Json, pointer: string): string[] {
  return [
    pointer,
    ...children(root, pointer).flatMap(([key]) => below(root, `${pointer}/${escapeToken(String(key))}`)),
  ];
}

function children(root: Json, pointer: string): [string | number, Json][] {
  const value = getAt(root, parsePointer(pointer));
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? [...value.entries()] : Object.entries(value);
}

function chosen(root: Json, pointer: string, selector: Selector): string[] {
  const all = children(root, pointer);
  const indexes = slice(all.length, selector);
  return all
    .filter(([key, value]) => {
      switch (selector.select) {
        case 'all':
          return true;
        case 'name':
          return String(key) === selector.name;
        case 'union':
          return selector.parts.some((part) =>
            chosen(root, pointer, part).includes(`${pointer}/${escapeToken(String(key))}`),
          );
        case 'filter':
          return passes(selector.filter, value, { root, spend: () => {} });
        default:
          return typeof key === 'number' && indexes.includes(key);
      }
    })
    .map(([key]) => `${pointer}/${escapeToken(String(key))}`);
}

function slice(length: number, selector: Selector): number[] {
  const all = Array.from({ length }, (_, at) => at);
  if (selector.select === 'index')
    return all
      .slice(selector.index)
      .slice(0, 1)
      .filter((at) => at === selector.index || at === length + selector.index);
  if (selector.select !== 'slice') return [];
  const cut = all.slice(selector.start, selector.end);
  if (selector.step === 1) return cut;
  if (selector.step === -1 && selector.start === undefined && selector.end === undefined) return all;
  throw new Error('the oracle does not know this slice');
}

describe('limits', () => {
  const wide = (count: number): Json =>
    Array.from({ length: count }, (_, at) => ({ at, name: `n${at}`, on: at % 2 === 0 }));

  function nest(depth: number, width: number): Json {
    let value: Json = Array.from({ length: width }, (_, at) => at);
    for (let level = 0; level < depth; level++) value = [value];
    return value;
  }

  test('ten thousand matches are given, one more is refused', () => {
    expect(found(wide(10_000), '$.*')).toHaveLength(10_000);
    expect(found(wide(10_000), '$..at')).toHaveLength(10_000);
    for (const text of ['$.*', '$[:]', '$..at', '$[?(@.at >= 0)]']) {
      expect(select(wide(10_001), text), text).toMatchObject({
        failure: { code: 'too-large', what: 'the number of matches', limit: 10_000 },
      });
    }
  });

  test('a document too large for the query is refused before jsonpath-plus sees it', () => {
    const big: Json = { big: wide(200_000), small: wide(100) };
    for (const text of ['$..at', '$..*', '$.big[?(@.at == 1)].name']) {
      // It is asked for the parts of the query before each run.
      const asked = vi.spyOn(JSONPath, 'toPathArray');
      expect(select(big, text), text).toMatchObject({ failure: { code: 'too-large' } });
      expect(asked).not.toHaveBeenCalled();
      vi.restoreAllMocks();
    }
    expect(found(big, '$.small[?(@.at == 7)].name')).toEqual(['/small/7/name']);
    expect(found(big, '$.*[5].name')).toHaveLength(2);
    expect(found(big, '$.big[7:9].at')).toEqual(['/big/7/at', '/big/8/at']);
  });

  test('several .. cost as much as one each, whatever the depth', () => {
    let value: Json = { end: 1 };
    for (let level = 0; level < 90; level++) value = { a: value, b: level };
    expect(found(value, '$..a..a..a..end')).toHaveLength(1);
    expect(found(value, '$..a..a..b')).toHaveLength(88);
    expect(found({ list: wide(5_000) }, '$..list..name')).toHaveLength(5_000);
  });

  test('the paths within filters share one budget', () => {
    const big: Json = { items: wide(20_000), keys: Array.from({ length: 2_000 }, (_, at) => at) };
    expect(select(big, '$.items[?$.keys[*] == @.at]')).toMatchObject({
      failure: { code: 'too-large', what: 'the work of the filters' },
    });
    expect(select(big, '$.items[?@..x]')).toMatchObject({ ok: true, value: [] });
    expect(select(big, '$.keys[?$ == $]')).toMatchObject({ failure: { code: 'too-large' } });
  });

  test('the costliest accepted queries end soon', () => {
    const costly = [
      '$..*..*..*..*',
      '$..[:]..[:]',
      '$..[?@..x]',
      '$[?@..*..*..x]',
      '$..[?@[?@[?@[?@ == 7]]] && @.* == $..z]',
      '$..[?$ == @ || @ == $[0]]',
      `$..[${'*,'.repeat(3)}${Array.from({ length: 31 }, (_, at) => -at - 1)}]`,
      '$..*',
      '$..[:]',
      '$..*[*][*][*][*][*]',
      '$..[?(@.a || @.b || @.c || @.d)]',
      '$..[:][:][:][:]',
    ];
    const documents = [nest(190, 1400), nest(10, 50_000), nest(2, 90_000), wide(30_000)];
    for (const text of costly) {
      for (const root of documents) {
        const before = performance.now();
        select(root, text);

        expect(performance.now() - before, text).toBeLessThan(10_000); // about 200 ms on an idle machine: a hang guard
      }
    }
  });
});

describe('hostile paths', () => {
  const payloads = [
    "$..[?(@.constructor[( @.getPrototypeOf(@).constructor('globalThis.PWN=1;0')() )])]",
    "$..[?(@.constructor[( @.getPrototypeOf(@).constructor.call(0,'globalThis.PWN=1;0')() )])]",
    "$[(@.constructor.constructor('globalThis.PWN=1')())]",
    '$[?(var _$_root=[].constructor.constructor("globalThis.PWN=1");@root())]',
    "$..[?(p=''[['constructor']][['constructor']]('globalThis.PWN=1');p())]",
    "$..[?(p=@.__lookupGetter__('x'))]",
    "$..[?(@.__defineGetter__('x', 1))]",
    '$.__proto__',
    "$['constructor']['prototype']",
    "$['__proto__']['x']",
    'constructor.prototype.x',
    '$..*^',
    '$..*@function()',
    '`$.a',
    '$[?(@.a=~/(a+)+$/)]',
    '$[?(@.a.match(/(a+)+$/))]',
    "$[?('a'.repeat(1e9))]",
    '$..*..*..*',
    '$.a[?(@.push && @.push(9))]',
    '$[?(@root.a)]',
    '$[?(@parent)]',
    '$[?(@path)]',
    '$[?(globalThis.PWN=1)]',
    '$[?(@.a = 1)]',
    "$['a'][?(0)]",
    "$['?(globalThis.PWN=1)']",
    "$..['?(globalThis.PWN=1)','(globalThis.PWN=1)']",
    "$.*['(globalThis.PWN=1)']",
    '$.a[',
    '$[',
    "$..['#0']",
    '$..["%@%","%%@@%%"]',
    "$..[?(@.a == 'x)](globalThis.PWN=1)')]",
    '$[99999999999999999999:]',
    '$[0:9007199254740991:9007199254740991]',
    '$[-9007199254740991:]',
    `$${"['a','b']".repeat(8)}`,
    `$[${'0,'.repeat(400)}0]`,
    `$[?(${'('.repeat(400)}`,
    `$[?(${'!'.repeat(900)}@)]`,
  ];
  const target: Json = {
    a: ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa!', { b: [1, 2, { a: 'x', '#0': 1 }] }],
    '?(globalThis.PWN=1)': { '(globalThis.PWN=1)': 1 },
    b: { a: { b: { a: { b: null } } }, '%@%': 2 },
  };

  function survive(text: string): void {
    const copy = copyJson(target);
    const before = performance.now();
    const path = parsePath(text);
    if (path.ok && path.value.kind === 'simple') {
      const at = resolveSimple(copy, path.value.tokens);
      if (at.found) expect(getAt(copy, parsePointer(at.pointer))).toBe(at.value);
    } else if (path.ok && path.value.kind === 'query') {
      const result = selectPointers(copy, path.value);
      expect(result.ok).toBe(true);
      for (const pointer of result.ok ? result.value : []) {
        expect(getAt(copy, parsePointer(pointer)), `${text} ${pointer}`).toBeDefined();
      }
    } else if (!path.ok) expect(path.failure.code).toBe('path-refused');
    expect(performance.now() - before).toBeLessThan(5_000); // a hang guard
    expect(copy).toEqual(target);
    expect(Reflect.get(globalThis, 'PWN')).toBeUndefined();
    expect(Reflect.get({}, 'x')).toBeUndefined();
    expect(Reflect.ownKeys(Object.prototype)).toEqual(pristine);
  }

  const pristine = Reflect.ownKeys(Object.prototype);

  test.each(payloads)('%s', survive);

  test('any of them with a few characters changed, and noise', () => {
    const valid = [
      "$.a[0:2].b['x y']",
      '$..[?(@.a == "x" && !(@.b > 1.5))].a',
      "tasks.*['a','b'][-1]",
      '$.a[?@.b].b[*]',
    ];
    const scrap = fc.constantFrom(
      ...'$.@[]()?*\'"`^~,:;!=<>&|/\\ #%ab01-_{}',
      '..',
      '__proto__',
      'constructor',
      '@.',
      '&&',
    );
    const edit = fc.record({ at: fc.nat(200), cut: fc.nat(3), put: fc.array(scrap, { maxLength: 3 }) });
    const mutant = fc
      .tuple(fc.constantFrom(...payloads, ...valid, ...valid, ...valid), fc.array(edit, { minLength: 1, maxLength: 4 }))
      .map(([seed, edits]) =>
        edits.reduce((text, { at, cut, put }) => {
          const from = at % (text.length + 1);
          return text.slice(0, from) + put.join('') + text.slice(from + cut);
        }, seed),
      );
    const noise = fc.array(scrap, { maxLength: 25 }).map((parts) => `$${parts.join('')}`);
    fc.assert(fc.property(fc.oneof(mutant, noise, fc.string({ unit: 'binary' })), survive), { numRuns: 5000 });
  });
});
