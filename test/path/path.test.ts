// The grammar of paths: what it takes, what it refuses, and that nothing hostile gets through or hangs.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyJson, type Json } from '../../src/json/json.ts';
import { applyOps } from '../../src/json/patch.ts';
import { getAt, parsePointer } from '../../src/json/pointer.ts';
import { passes } from '../../src/path/match.ts';
import { parsePath, type StatePath } from '../../src/path/path.ts';
import { type PathToken, printPath } from '../../src/path/scan.ts';
import { deleteOps, nearestPlaces, resolveSimple, setOps } from '../../src/path/walk.ts';
import { json, key, places } from '../json/arbitraries.ts';

function accepted(text: string): StatePath {
  const result = parsePath(text);
  if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.failure)}`);
  return result.value;
}

function whyRefused(text: string): string {
  const result = parsePath(text);
  if (result.ok) return `accepted as ${result.value.text}`;
  return result.failure.code === 'path-refused' ? result.failure.why : result.failure.code;
}

describe('simple paths', () => {
  test.each<[string, PathToken[], string]>([
    ['$', [], '$'],
    ['$.a.b', ['a', 'b'], '$.a.b'],
    ["$['a b']", ['a b'], "$['a b']"],
    ['$["x"]', ['x'], '$.x'],
    ['$[ "x" ]', ['x'], '$.x'],
    ['$[x-1]', ['x-1'], "$['x-1']"],
    ['$[0]', [0], '$[0]'],
    ['$.a[-1]', ['a', -1], '$.a[-1]'],
    ['tasks.task-001.status', ['tasks', 'task-001', 'status'], "$.tasks['task-001'].status"],
    ['items.0.id', ['items', '0', 'id'], "$.items['0'].id"],
    ['items[0].id', ['items', 0, 'id'], '$.items[0].id'],
    ['$.$ref', ['$ref'], "$['$ref']"],
    ['größe.名前', ['größe', '名前'], "$['größe']['名前']"],
    ['$[\'it\\\'s\']["q\\""]', ["it's", 'q"'], "$['it\\'s']['q\"']"],
    ["$['\\u0041\\n\\\\\\/']", ['A\n\\/'], "$['A\\u000a\\\\/']"],
    ["$['*']['..']['^']['~']['@x()']['a.b']['']", ['*', '..', '^', '~', '@x()', 'a.b', ''], ''],
  ])('%s', (text, tokens, canonical) => {
    const path = accepted(text);
    expect(path).toMatchObject({ kind: 'simple', tokens });
    if (canonical !== '') expect(path.text).toBe(canonical);
    expect(accepted(path.text)).toEqual(path);
  });

  test('any tokens can be written and read back', () => {
    const token = fc.oneof(key, fc.string({ unit: 'binary', maxLength: 8 }), fc.integer({ min: -1000, max: 1000 }));
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => {
        expect(accepted(printPath(tokens))).toMatchObject({ kind: 'simple', tokens });
      }),
    );
  });
});

describe('query paths', () => {
  test.each<[string, string, boolean]>([
    ['$.*', '$.*', false],
    ['tasks[*].id', '$.tasks.*.id', false],
    ['$..status', '$..status', false],
    ["$..['a b']", "$..['a b']", false],
    ['$..*', '$..*', false],
    ['$..[*]', '$..*', false],
    ['$..[0]', '$..[0]', false],
    ['$.a[1:2]', '$.a[1:2]', false],
    ['$.a[:]', '$.a[:]', false],
    ['$.a[-2:]', '$.a[-2:]', false],
    ['$.a[ ::-1 ]', '$.a[::-1]', false],
    ['$[a, b]', "$['a','b']", false],
    ["$['a','b','a']", "$['a','b']", false],
    ['$[0,2]', '$[0,2]', false],
    ["$[0,-1,'a',1:3,*]", "$[0,-1,'a',1:3,*]", false],
    ['$[0, ?@.a]', '$[0,?(@.a)]', true],
    ['$ .a\n[ * ]\r\t..b', '$.a.*..b', false],
    ['$.a[::0]', '$.a[::0]', false],
    ["$.*.['b']", '$.*.b', false],
    ['$..a..b', '$..a..b', false],
    ["$.a[?@.tags[?@ == 'foo']].id", "$.a[?(@.tags[?(@ == 'foo')])].id", true],
    ["$.a[?@ .x == $ ['y'].z]", '$.a[?(@.x == $.y.z)]', true],
    ["$[?@.name == 'constructor']", "$[?(@.name == 'constructor')]", true],
    ["$.a[?(@.x == 'y' && @.n > 3)]", "$.a[?((@.x == 'y') && (@.n > 3))]", true],
    ['$.a[?@.x==1].b', '$.a[?(@.x == 1)].b', true],
    ["$.a[?(@['x y'][0]!==-1.5e3||!(@.b))]", "$.a[?((@['x y'][0] != -1500) || (!@.b))]", true],
    ['$.a[?(@ >= null)]', '$.a[?(@ >= null)]', true],
    ['$.a[?(@.x == "a)]b\'")]', "$.a[?(@.x == 'a)]b\\'')]", true],
  ])('%s is %s', (text, canonical, filters) => {
    const path = accepted(text);
    expect(path).toMatchObject({ kind: 'query', text: canonical, filters });
    expect(accepted(canonical)).toEqual(path);
  });

  test('members named twice are one', () => {
    expect(accepted("$['a','a']")).toMatchObject({ kind: 'simple', tokens: ['a'] });
    expect(accepted('$[1,1]')).toMatchObject({ kind: 'simple', tokens: [1] });
  });
});

describe('refused paths', () => {
  test.each<[string, RegExp]>([
    ['', /empty/],
    ['.', /begins with/],
    ['/a/b', /begins with/],
    ['[0]', /begins with/],
    ['*', /begins with/],
    ['$a', /expected \. or \[/],
    ['$.', /name or \*/],
    ['$..', /name or \*/],
    ['$...a', /name or \*/],
    ['$.a.', /name or \*/],
    ['$[', /quoted name/],
    ['$.a[', /quoted name/],
    ['$.a[]', /quoted name/],
    ['$.a[0,]', /quoted name/],
    ['$.a ', /white space/],
    [' $.a', /white space/],
    ['$.a. b', /name or/],
    ['$.a[0', /expected \]/],
    ["$['a", /does not end/],
    ["$['a\\x']", /escape/],
    ["$['a\n']", /does not end/],
    ['$.a b', /expected \. or \[/],
    ['$.a;b', /expected \. or \[/],
    ['$[01]', /no index/],
    ['$[-0]', /no index/],
    ['$[99999999999999999999]', /no index/],
    ['$.a^', /way up/],
    ['$.a~', /way up/],
    ['`$.a', /begins with/],
    ['$.`a', /name or \*/],
    ['$..*@function()', /expected \. or \[/],
    ['$.a.@string()', /name or \*/],
    ['$[(@.length-1)]', /scripts.*\[-1\]/],
    ['$[@.length-1]', /scripts.*\[-1\]/],
    ['$[?(@.length-1)]', /scripts.*\[-1\]/],
    ["$[?('foo' in @.tags)]", /membership/],
    ["$[?(@.tags.includes('foo'))]", /membership/],
    ["$[?(@.tags.indexOf('foo') >= 0)]", /membership/],
    ["$[?@.tags[*] != 'foo']", /two readings/],
    ['$[?length(@.a) > 1]', /length is asked/],
    ['$[?@.a.length() > 1]', /length is asked/],
    ['$[?count(@.*) == 1]', /length is asked/],
    ["$[?match(@.a, 'b.*')]", /regular/],
    ['$[?value(@..a) == 1]', /value\(\)/],
    ['$[?@.a and @.b]', /&&/],
    ['$[?@.a == 1 or @.b]', /&&/],
    ['$[?not @.a]', /&&/],
    ['$.a()', /called/],
    ['$.*.*.*.*.*.*.*.*.*', /wildcards/],
    [`$${'.a'.repeat(101)}`, /100 segments/],
    [`$[${Array.from({ length: 33 }, (_, at) => `k${at}`)}]`, /32 members/],
    [`$[${Array.from({ length: 33 }, (_, at) => at)}]`, /32 members/],
    [`$[?(${'('.repeat(20)}@.a${')'.repeat(20)})]`, /nest/],
    [`$[?(${'!'.repeat(20)}@.a)]`, /nest/],
    [`$[?(${'@.a||'.repeat(40)}@.a)]`, /operands/],
    [`$${'[?(@.a||@.b||@.c||@.d||@.e)]'.repeat(7)}`, /conditions/],
    [`${'aaaaaaa-.'.repeat(95)}a`, /full form/],
    ['$[?(@.a = 1)]', /compare with ==/],
    ['$[?(@.a=~/(a+)+$/)]', /regular expressions/],
    ['$[?(@.a.match("x"))]', /regular/],
    ['$[?(@.push && @.push(9))]', /called/],
    ['$[?(globalThis)]', /expected @/],
    ['$[?(globalThis.x())]', /called/],
    ['$[?(true)]', /literal alone/],
    ['$[?(@.a == 1e999)]', /too large/],
    ['$[?(@.a == undefined)]', /expected @/],
    ['$[?(@.a + 1 == 2)]', /arithmetic/],
    ['$[?(@.a, @.b)]', /expected \)/],
    ['$[?(@.a == 1) || ]', /expected @/],
    ['$[?(@.__lookupGetter__)]', /refused/],
    ["$[?(@['__defineGetter__'])]", /refused/],
    ["$[?(@['\\u005f_proto__'])]", /refused/],
    ['$.__proto__', /refused/],
    ['__proto__.x', /refused/],
    ["$['constructor']['prototype']", /refused/],
    ['$.a["\\u005f_proto__"].x', /refused/],
    ['$.a.prototype', /refused/],
    ['$[a,constructor]', /refused/],
    ['$..__proto__', /refused/],
  ])('%s', (text, why) => {
    const found = whyRefused(text);
    expect(found).toMatch(why);
    expect(found).toMatch(/, as in \S/);
  });

  test('a long path is refused before anything looks at it', () => {
    for (const text of [
      '$.a'.repeat(70_000),
      '['.repeat(200_000),
      `$[?(${'('.repeat(200_000)}`,
      '😀'.repeat(100_000),
    ]) {
      const before = performance.now();
      const result = parsePath(text);
      expect(performance.now() - before).toBeLessThan(2_000); // some microseconds: a hang guard
      expect(result).toMatchObject({
        failure: { code: 'path-refused', why: expect.stringMatching(/1024 characters/) },
      });
      expect(JSON.stringify(result).length).toBeLessThan(2000);
    }
    expect(accepted(`$.${'a'.repeat(1022)}`).text).toHaveLength(1024);
    expect(whyRefused(`$.${'a'.repeat(1023)}`)).toMatch(/1024/);
  });
});

describe('filters', () => {
  const item: Json = { n: 3, s: 'abc', t: true, f: false, z: 0, nil: null, e: '', list: [1, [2]], o: { 'k k': 1 } };

  test.each<[string, boolean]>([
    ['@.n == 3', true],
    ["@.n == '3'", false],
    ['@.n === 3.0', true],
    ['@.n != 3', false],
    ['@.n < 4 && @.n > 2', true],
    ['@.n <= 3 && @.n >= 3', true],
    ['@.n < 3 || @.n > 3', false],
    ["@.s > 'abb'", true],
    ['@.s > 1 || @.s < 1 || @.s <= 1 || @.s >= 1', false],
    ['@.t == true && @.f == false', true],
    ['@.nil == null', true],
    ['@.missing == null', false],
    ['@.missing != null', true],
    ['@.missing == @.gone', true],
    ['@.missing.deeper.still == 1', false],
    ['@.t', true],
    ['@.f && @.z && @.nil && @.e', true],
    ['@.missing', false],
    ['!@.missing && !(@.f == true)', true],
    ['@.list && @.o', true],
    ['@.list == @.list', true],
    ['@.list == @.o || @.nil < 1 || @.list <= @.o', false],
    ['@.nil <= null && @.t >= true && @.missing <= @.gone', true],
    ['@.list[*] == 1 && !(@.list[*] == 2)', true],
    ['@.list[?@[0] == 2] && !@.list[?@ == 7]', true],
    ['@..[0] == 2 && @.n == $.n', true],
    ['@.list[*] == @.n', false],
    ['@.list[1][0] == 2 && @.list[-2] == 1', true],
    ["@.o['k k'] == 1", true],
    ['@.list.length == 2 && @.s.length == 3', true],
    ['@.o.length', false],
    ['@.toString || @.valueOf || @.list.push || @.s.at || @.n.toFixed', false],
    ['@.s[0] || @.list.concat', false],
    ['@.none && @.n == 3 || @.t', true],
    ['@.none && (@.n == 3 || @.t)', false],
  ])('%s: %s', (filter, expected) => {
    const path = accepted(`$[?(${filter})]`);
    const selector = path.kind === 'query' ? path.segments[0]?.selector : undefined;
    if (selector?.select !== 'filter') throw new Error('no filter');
    expect(passes(selector.filter, item, { root: item, spend: () => {} })).toBe(expected);
    expect(accepted(path.text)).toEqual(path);
  });
});

describe('walking', () => {
  const root: Json = { items: [{ id: 1 }, { id: 2 }], map: { '0': 'zero', 'a/b': { '~': 1 } }, text: 'abc', nil: null };

  test.each<[PathToken[], string]>([
    [[], ''],
    [['items', 1, 'id'], '/items/1/id'],
    [['items', '1', 'id'], '/items/1/id'],
    [['items', -2], '/items/0'],
    [['map', '0'], '/map/0'],
    [['map', 'a/b', '~'], '/map/a~1b/~0'],
    [['nil'], '/nil'],
  ])('%j is at %j', (tokens, pointer) => {
    expect(resolveSimple(root, tokens)).toEqual({ found: true, pointer, value: getAt(root, parsePointer(pointer)) });
  });

  test.each<[PathToken[], string]>([
    [['nope'], ''],
    [['items', 2, 'id'], '/items'],
    [['items', -3], '/items'],
    [['items', '01'], '/items'],
    [['items', 'length'], '/items'],
    [['items', 0, 'id', 'x'], '/items/0/id'],
    [['map', 0], '/map'],
    [['text', 0], '/text'],
    [['text', 'length'], '/text'],
    [['nil', 'x'], '/nil'],
    [['toString'], ''],
    [['map', 'constructor'], '/map'],
    [['__proto__'], ''],
  ])('%j is missing below %j', (tokens, deepest) => {
    expect(resolveSimple(root, tokens)).toEqual({ found: false, deepest });
  });

  test('a miss names what is near', () => {
    const tree: Json = { tasks: { 'task-001': {}, 'task-002': {}, 'task-103': {}, other: {} }, list: [1, 2] };
    expect(nearestPlaces(tree, ['task'])).toEqual(['$.tasks']);
    expect(nearestPlaces(tree, ['tasks', 'task-01'])[0]).toBe("$.tasks['task-001']");
    expect(nearestPlaces(tree, ['tasks', 'TASK-002', 'x'])).toHaveLength(3);
    expect(nearestPlaces(tree, ['tasks', 'zzzzzzz'])).toEqual([]);
    expect(nearestPlaces(tree, ['list', 7])).toEqual(['$.list[1]']);
    expect(nearestPlaces(tree, ['tasks'])).toEqual([]);
    expect(nearestPlaces('text', ['a'])).toEqual([]);
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`${'k'.repeat(50)}${at}`, at]));
    const before = performance.now();
    expect(nearestPlaces(wide, [`${'k'.repeat(50)}x`])).toHaveLength(3);
    expect(performance.now() - before).toBeLessThan(10_000); // some 10 ms: a hang guard
  });
});

describe('setting', () => {
  test.each<[Json | undefined, PathToken[], unknown]>([
    [undefined, [], { op: 'add', path: '', value: 7 }],
    [{ a: 1 }, [], { op: 'replace', path: '', value: 7 }],
    [undefined, ['a', 'b'], { op: 'add', path: '', value: { a: { b: 7 } } }],
    [{}, ['a'], { op: 'add', path: '/a', value: 7 }],
    [{ a: null }, ['a'], { op: 'replace', path: '/a', value: 7 }],
    [{ a: {} }, ['a', 'b', '0', 'c'], { op: 'add', path: '/a/b', value: { '0': { c: 7 } } }],
    [{ l: [1] }, ['l', 0], { op: 'replace', path: '/l/0', value: 7 }],
    [{ l: [1] }, ['l', -1], { op: 'replace', path: '/l/0', value: 7 }],
    [{ l: [1] }, ['l', 1], { op: 'add', path: '/l/1', value: 7 }],
    [{ l: [1] }, ['l', '1', 'x'], { op: 'add', path: '/l/1', value: { x: 7 } }],
    [{}, ['x/y'], { op: 'add', path: '/x~1y', value: 7 }],
  ])('%j at %j', (root, tokens, op) => expect(setOps(root, tokens, 7)).toEqual({ ok: true, value: [op] }));

  test.each<[Json | undefined, PathToken[], string, string]>([
    [{ a: 'text' }, ['a', 'b'], '$.a', 'a string'],
    [{ a: 5 }, ['a', 'b', 'c'], '$.a', 'a number'],
    [{ a: null }, ['a', 'b'], '$.a', 'null'],
    [{ a: true }, ['a', 0], '$.a', 'a boolean'],
    [{ l: [1] }, ['l', 2], '$.l', 'an array of 1'],
    [{ l: [1] }, ['l', -2], '$.l', 'an array of 1'],
    [{ l: [1] }, ['l', 'x'], '$.l', 'an array of 1'],
    [{ l: [1] }, ['l', 'length'], '$.l', 'an array of 1'],
    [{ o: {} }, ['o', 0], '$.o', 'an object'],
    [{}, ['a', 0], '$.a', 'nothing'],
    [{}, ['a', 'b', 0, 'c'], '$.a.b', 'nothing'],
    [undefined, [0], '$', 'nothing'],
    ['text', ['a'], '$', 'a string'],
  ])('%j at %j is blocked', (root, tokens, at, found) => {
    const path = printPath(tokens);
    expect(setOps(root, tokens, 7)).toEqual({ ok: false, failure: { code: 'path-blocked', path, at, found } });
    // What is in the way can be asked for by the path that is told.
    expect(parsePath(at)).toMatchObject({ ok: true, value: { text: at } });
  });

  test('what was set is what is found, and nothing else changed', () => {
    const token = fc.oneof(key, fc.integer({ min: -2, max: 3 }));
    fc.assert(
      fc.property(
        fc.option(json, { nil: undefined }),
        fc.array(token, { maxLength: 5 }),
        json,
        (before, tokens, value) => {
          const ops = setOps(before, tokens, copyJson(value));
          if (!ops.ok) return;
          const root = applyOps(before === undefined ? undefined : copyJson(before), ops.value);
          expect(root).toBeDefined();
          expect(resolveSimple(root ?? null, tokens)).toMatchObject({ found: true, value });
          expect(ops.value).toHaveLength(1);
        },
      ),
    );
  });
});

describe('deleting', () => {
  test.each<[string[], string[]]>([
    [
      ['/l/0', '/l/10', '/l/2'],
      ['/l/10', '/l/2', '/l/0'],
    ],
    [['/o/a/b', '/o', '/o/a'], ['/o']],
    [
      ['/o', '/o-2', '/o'],
      ['/o', '/o-2'],
    ],
    [
      ['/l/1', '/l/1/x', '/l/0'],
      ['/l/1', '/l/0'],
    ],
    [['/nope', '/o/nope', '/l/99'], []],
    [['/o', ''], ['']],
  ])('%j', (pointers, removed) => {
    const root: Json = { l: Array.from({ length: 11 }, (_, at) => ({ x: at })), o: { a: { b: 1 } }, 'o-2': 1 };
    expect(deleteOps(root, pointers)).toEqual(removed.map((path) => ({ op: 'remove', path })));
  });

  test('removes just what was named', () => {
    fc.assert(
      fc.property(json, fc.array(fc.nat(), { maxLength: 8 }), (before, picks) => {
        const all = places(before).filter((place) => place.length > 0);
        const chosen = picks.flatMap((pick) => all.slice(pick % (all.length || 1)).slice(0, 1));
        const pointers = chosen.map((place) => {
          const at = resolveSimple(before, place);
          return at.found ? at.pointer : 'lost';
        });
        const after = applyOps(copyJson(before), deleteOps(before, pointers));
        expect(after).toEqual(without(before, '', new Set(pointers)));
      }),
    );
  });
});

/** The document without these places, rebuilt from nothing. */
function without(value: Json, at: string, gone: ReadonlySet<string>): Json {
  const here = (token: string | number) => `${at}/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => (gone.has(here(index)) ? [] : [without(item, here(index), gone)]));
  }
  const kept = Object.entries(value).filter(([name]) => !gone.has(here(name)));
  return Object.fromEntries(kept.map(([name, child]) => [name, without(child, here(name), gone)]));
}
