// The rules of the state: what set, merge, delete and restore do, and what they refuse. Given a session, when, then.

import { describe, expect, test } from 'vitest';
import { sessionStream } from '../../../src/domain/session/document.ts';
import { changeState, etagAt, restoreOps, type StateOperation } from '../../../src/domain/state/commands.ts';
import type { Failure } from '../../../src/failure/failure.ts';
import type { Json, JsonObject } from '../../../src/json/json.ts';
import { applyOps } from '../../../src/json/patch.ts';
import { parsePath, type SimplePath } from '../../../src/path/path.ts';
import { Rig } from '../../rig.ts';

async function given(state: JsonObject = {}): Promise<{ rig: Rig; id: string }> {
  const rig = new Rig();
  const id = await rig.session();
  if (Object.keys(state).length > 0)
    await rig.do((tx, ctx) => changeState(tx, ctx, id, { op: 'merge', path: '$', value: state }));
  return { rig, id };
}

const stateOf = async (rig: Rig, id: string): Promise<JsonObject> => {
  const { session: _, schema: __, execution: ___, ...state } = (await rig.doc<JsonObject>(sessionStream(id))) ?? {};
  return state;
};

async function refusal(operation: StateOperation, state: JsonObject = {}): Promise<Failure> {
  const { rig, id } = await given(state);
  const before = await rig.doc(sessionStream(id));
  const failure = await rig.refused((tx, ctx) => changeState(tx, ctx, id, operation));
  expect(await rig.doc(sessionStream(id))).toEqual(before);
  return failure;
}

async function changed<Op extends StateOperation>(operation: Op, state: JsonObject = {}) {
  const { rig, id } = await given(state);
  const { value } = await rig.do((tx, ctx) => changeState(tx, ctx, id, operation));
  return { answer: value, state: await stateOf(rig, id) };
}

describe('set', () => {
  test('makes missing parents as objects and says what it made', async () => {
    const { answer, state } = await changed({ op: 'set', path: 'a.b.c', value: [1] });
    expect(state).toEqual({ a: { b: { c: [1] } } });
    expect(answer).toMatchObject({ path: '$.a.b.c', created: true, type: 'array' });
    expect(answer).not.toHaveProperty('previous');
  });

  test('answers what was there, up to 1 KB as JSON, with its writer', async () => {
    const small = await changed({ op: 'set', path: '$.a', value: null }, { a: { b: 1 } });
    expect(small.answer).toMatchObject({ created: false, type: 'null', previous: { b: 1 }, previous_by: 'tester' });
    const large = await changed({ op: 'set', path: '$.a', value: 1 }, { a: '"'.repeat(600) });
    expect(large.answer).not.toHaveProperty('previous');
  });

  test.each<[string, JsonObject, string]>([
    [
      'one place',
      { tasks: [{ id: 'x' }, { id: 'a' }] },
      'this one selects one place now, so call again with $.tasks[1].done',
    ],
    ['no place', { tasks: [] }, 'this one selects none'],
    ['two places', { tasks: [{ id: 'a' }, { id: 'a' }] }, 'this one selects 2, the first $.tasks[0].done'],
  ])('refuses a filter that selects %s, and names it', async (_, given, words) => {
    const state = { tasks: (given.tasks as JsonObject[]).map((task) => ({ ...task, done: false })) };
    const path = "$.tasks[?@.id == 'a'].done";
    for (const operation of [
      { op: 'set', path, value: true },
      { op: 'merge', path, value: {} },
      { op: 'delete', path, ifEtag: 'x' },
    ] as const)
      expect(await refusal(operation, state)).toMatchObject({
        code: 'path-refused',
        why: expect.stringContaining(words),
      });
  });

  test.each<[string, StateOperation, JsonObject, Partial<Failure>]>([
    ['the whole document', { op: 'set', path: '$', value: {} }, {}, { code: 'path-reserved' }],
    ['a query', { op: 'set', path: '$.*', value: 1 }, {}, { code: 'path-refused' }],
    ['through a scalar', { op: 'set', path: '$.a.b', value: 1 }, { a: 1 }, { code: 'path-blocked', found: 'a number' }],
    ['through null', { op: 'set', path: '$.a.b', value: 1 }, { a: { c: 1 }, n: [null] }, { code: 'path-blocked' }],
    ['beyond an array', { op: 'set', path: '$.a[3]', value: 1 }, { a: [1] }, { code: 'path-blocked' }],
    ['an index of the document', { op: 'set', path: '$[0]', value: 1 }, {}, { code: 'path-blocked' }],
    [
      'if_absent over null',
      { op: 'set', path: '$.n[0]', value: 1, ifAbsent: true },
      { n: [null] },
      { code: 'already-exists' },
    ],
    [
      'a stale etag',
      { op: 'set', path: '$.a', value: 1, ifEtag: '0123456789abcdef' },
      { a: 1 },
      { code: 'etag-mismatch' },
    ],
    ['an empty etag', { op: 'set', path: '$.a', value: 1, ifEtag: '' }, { a: 1 }, { code: 'etag-mismatch' }],
    [
      'absent where something is',
      { op: 'set', path: '$.a', value: 1, ifEtag: 'absent' },
      { a: 1 },
      { code: 'etag-mismatch' },
    ],
  ])('refuses %s', async (_, operation, state, failure) => {
    const path = operation.path === '$.a.b' && 'n' in state ? '$.n[0].b' : operation.path;
    expect(await refusal({ ...operation, path }, state)).toMatchObject(failure);
  });

  test('an etag lets a write pass until somebody else has written', async () => {
    const { rig, id } = await given();
    const set = (value: Json, ifEtag?: string) =>
      rig.do((tx, ctx) => changeState(tx, ctx, id, { op: 'set', path: '$.x', value, ifEtag }));
    const first = await set(1, 'absent');
    const second = await set(2, first.value.etag);
    await expect(set(3, first.value.etag)).rejects.toThrow('etag-mismatch');
    await set('y'.repeat(70_000), second.value.etag);
    const { version } = await rig.documents.read((view) => ({ version: view.version(sessionStream(id)) }));
    await set(4, `v${version}`);
    await expect(set(5, `v${version}`)).rejects.toThrow('etag-mismatch');
  });
});

describe('reserved keys', () => {
  const spellings = [
    "$['session']",
    '$.session',
    'session',
    'session.name',
    "$['session']['user_context'].x",
    '$["schema"]',
  ];
  const joined = ['$.organization', 'communication.x', "$['observability']"];

  for (const path of [...spellings, ...joined]) {
    test(`${path} is not written`, async () => {
      for (const operation of [
        { op: 'set', path, value: {} },
        { op: 'merge', path, value: {} },
        { op: 'delete', path },
      ] as const) {
        expect(await refusal(operation)).toMatchObject({ code: 'path-reserved', call: expect.stringMatching(/^\w+$/) });
      }
    });
  }

  test('what holds locks is named where they stand', async () => {
    const refused = await refusal({ op: 'set', path: '$.communication.locks', value: 1 });
    expect(refused).toMatchObject({ code: 'path-reserved', call: 'lock_acquire' });
  });

  test.each(['$', '$.*', '$..*', '$..id', '$[*]', "$['session','a']", "$[?(@.id=='ses-00000001')]", '$..handoffs'])(
    'a query that hits one deletes nothing: %s',
    async (path) => {
      expect(await refusal({ op: 'delete', path }, { a: { id: 1 } })).toMatchObject({ code: 'path-reserved' });
    },
  );

  test('a merge into the document must not name one, but may name what every object inherits', async () => {
    expect(await refusal({ op: 'merge', path: '$', value: { a: 1, session: null } })).toMatchObject({
      code: 'path-reserved',
      path: '$.session',
      call: 'session_update',
    });
    const { state } = await changed({ op: 'merge', path: '$', value: { toString: 1, valueOf: { hasOwnProperty: 2 } } });
    expect(state).toEqual({ toString: 1, valueOf: { hasOwnProperty: 2 } });
  });
});

describe('merge', () => {
  test('is RFC 7396: null removes, arrays are replaced, equal values write nothing', async () => {
    const { answer, state } = await changed(
      { op: 'merge', path: '$.a', value: { b: null, c: [3], d: { e: null, f: 1 }, same: 1 } },
      { a: { b: 1, c: [1, 2], same: 1 } },
    );
    expect(state).toEqual({ a: { c: [3], d: { f: 1 }, same: 1 } });
    expect(answer).toMatchObject({ changed: ['/a/b', '/a/c', '/a/d'], changed_count: 3 });
  });

  test('makes what is missing, without its nulls', async () => {
    const { state } = await changed({ op: 'merge', path: '$.x.y', value: { a: null, b: { c: null, d: [null] } } });
    expect(state).toEqual({ x: { y: { b: { d: [null] } } } });
  });

  test('null at a path makes it null, at the document it is refused', async () => {
    expect((await changed({ op: 'merge', path: '$.a', value: null }, { a: 1 })).state).toEqual({ a: null });
    expect(await refusal({ op: 'merge', path: '$', value: null })).toMatchObject({ code: 'value-refused' });
    expect(await refusal({ op: 'merge', path: '$.*', value: {} })).toMatchObject({ code: 'path-refused' });
  });

  test('that changes nothing makes no commit', async () => {
    const { rig, id } = await given({ a: { b: 1 } });
    const seq = rig.documents.store.seq();
    await rig.do((tx, ctx) => changeState(tx, ctx, id, { op: 'merge', path: '$.a', value: { b: 1, c: null } }));
    expect(rig.documents.store.seq()).toBe(seq);
  });

  test('lists at most 20 pointers and 4,000 characters of them', async () => {
    const value = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${'k'.repeat(500)}${index}`, index]));
    const { answer } = await changed({ op: 'merge', path: '$', value });
    expect(answer.changed_count).toBe(30);
    expect(JSON.stringify(answer.changed).length).toBeLessThan(4_100);
    expect(answer.changed.length).toBeGreaterThan(3);
  });

  test('holds to if_etag and if_absent', async () => {
    const operation = { op: 'merge', path: '$.a', value: { b: 1 } } as const;
    expect(await refusal({ ...operation, ifEtag: 'absent' }, { a: {} })).toMatchObject({ code: 'etag-mismatch' });
    expect(await refusal({ ...operation, ifAbsent: true }, { a: {} })).toMatchObject({ code: 'already-exists' });
  });
});

describe('delete', () => {
  test('removes every place a query selects in one commit, later elements first', async () => {
    const { answer, state } = await changed(
      { op: 'delete', path: '$.a[?(@.x==1)]' },
      { a: [{ x: 1 }, { x: 2 }, { x: 1 }] },
    );
    expect(answer).toEqual({ path: expect.any(String), deleted: 2 });
    expect(state).toEqual({ a: [{ x: 2 }] });
  });

  test('of nothing changes nothing', async () => {
    expect((await changed({ op: 'delete', path: '$.nothing' })).answer).toEqual({ path: '$.nothing', deleted: 0 });
  });

  test('answers a small value', async () => {
    expect((await changed({ op: 'delete', path: 'a' }, { a: [1] })).answer).toMatchObject({
      deleted: 1,
      previous: [1],
    });
  });

  test('an etag is of one value: with a query it is refused, even as absent', async () => {
    const many = { op: 'delete', path: '$.a[*]', ifEtag: 'absent' } as const;
    expect(await refusal(many, { a: [1, 2] })).toMatchObject({ code: 'path-refused' });
    expect(await refusal({ op: 'delete', path: '$.a', ifEtag: 'absent' }, { a: 1 })).toMatchObject({
      code: 'etag-mismatch',
    });
  });
});

describe('every place can be named by a path', () => {
  const deep = (levels: number): Json => Array.from({ length: levels }).reduce<Json>((inner) => ({ k: inner }), 1);

  test.each<[string, string, Json]>([
    ['a key of 1,100 characters', '$.a', { ['k'.repeat(1_100)]: 1 }],
    ['keys that add up', '$.a', { ['k'.repeat(600)]: { ['k'.repeat(600)]: 1 } }],
    ['more levels than a path has segments', '$.a.b', deep(99)],
    ['a long key inside an array', '$.a', [[{ ["'".repeat(600)]: [] }]]],
  ])('%s is refused', async (_, path, value) => {
    expect(await refusal({ op: 'set', path, value })).toMatchObject({ code: 'value-refused' });
    expect(await refusal({ op: 'merge', path, value: { inner: value } })).toMatchObject({ code: 'value-refused' });
  });

  test('what fits is taken', async () => {
    await changed({ op: 'set', path: '$.a', value: deep(99) });
    await changed({ op: 'set', path: '$.a', value: { ['k'.repeat(1_000)]: 1 } });
    await changed({ op: 'set', path: '$.a', value: [] });
  });
});

describe('restore', () => {
  const ops = (now: JsonObject, then: JsonObject, path: string) => {
    const parsed = parsePath(path);
    if (!parsed.ok) throw new Error(path);
    return restoreOps(now, then, parsed.value as SimplePath);
  };
  const restored = (now: JsonObject, then: JsonObject, path: string) => {
    const found = ops(now, then, path);
    if (!found.ok) return found.failure;
    return applyOps(structuredClone(now), found.value);
  };

  test('of everything touches the user’s own keys only, and keys that every object inherits are no exception', () => {
    const now = { session: { id: 'b' }, a: 1, toString: 2, kept: [1] };
    const then = { session: { id: 'a' }, a: 2, old: 3, kept: [1] };
    expect(restored(now, then, '$')).toEqual({ session: { id: 'b' }, a: 2, old: 3, kept: [1] });
    expect(ops(now, { ...now, session: {} }, '$')).toEqual({ ok: true, value: [] });
  });

  test('of a path brings the value back, or takes away what was not there', () => {
    expect(restored({ a: { b: 2, c: 3 } }, { a: { b: 1 } }, '$.a.b')).toEqual({ a: { b: 1, c: 3 } });
    expect(restored({ a: { b: 2, c: 3 } }, { a: { b: 1 } }, '$.a.c')).toEqual({ a: { b: 2 } });
    expect(restored({}, { a: { b: 1 } }, '$.a.b')).toEqual({ a: { b: 1 } });
    expect(ops({ a: 1 }, { a: 1 }, '$.a')).toEqual({ ok: true, value: [] });
    expect(ops({}, {}, '$.a')).toEqual({ ok: true, value: [] });
  });

  test('an element whose array is gone does not come back as a key of an object', () => {
    const then = { a: { items: [{ x: 1 }] } };
    expect(restored({}, then, '$.a.items[0].x')).toMatchObject({ code: 'path-refused' });
    expect(restored({ a: {} }, then, 'a.items.0.x')).toMatchObject({
      code: 'path-refused',
      why: expect.stringContaining('$.a.items'),
    });
    expect(restored({ a: { items: [] } }, then, 'a.items.0')).toEqual(then);
  });

  test('reserved keys stay', () => {
    expect(restored({}, { session: {} }, '$.session')).toMatchObject({ code: 'path-reserved' });
  });
});

test('operations need a known, open session of a known schema, and a path of the grammar', async () => {
  const { rig, id } = await given({ big: 'x'.repeat(70_000) });
  const set = { op: 'set', path: '$.a', value: 1 } as const;
  for (const unknown of ['ses-nobody', 'A B', '../x', '', 'x'.repeat(200)])
    expect(await rig.refused((tx, ctx) => changeState(tx, ctx, unknown, set))).toMatchObject({
      code: 'unknown-session',
    });
  expect(await rig.refused((tx, ctx) => changeState(tx, ctx, id, { ...set, path: '$.__proto__' }))).toMatchObject({
    code: 'path-refused',
  });
  const etags = await rig.do((tx) => ({
    ok: true,
    value: [etagAt(tx, id, '$.big'), etagAt(tx, id, '$.x'), etagAt(tx, id, '$.*')],
  }));
  expect(etags.value).toEqual(['v2', 'absent', 'absent']);
  await rig.do((tx) => {
    tx.patch(sessionStream(id), { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: 2 }]);
    return { ok: true, value: null };
  });
  expect(await rig.refused((tx, ctx) => changeState(tx, ctx, id, set))).toEqual({
    code: 'store-newer',
    what: `The session ${id}`,
    found: 2,
    known: 1,
  });
});
