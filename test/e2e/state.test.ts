// State and sessions through clients of two real servers on one store.

import fs from 'node:fs';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { freshDir, startForTest } from './rig.ts';

describe('state over stdio', () => {
  test('what was set is there for the next server in the same workspace', async () => {
    const dir = freshDir();
    const first = await startForTest({ dir });
    const set = await first.call('state_set', { path: 'tasks.t-1.status', value: 'open' });
    expect(set).toMatchObject({ path: "$.tasks['t-1'].status", created: true, type: 'string' });
    await first.close();
    const second = await startForTest({ dir });
    const got = await second.call('state_get', { path: "$.tasks['t-1'].status" });
    expect(got).toMatchObject({ matches: 1, value: 'open', etag: set['etag'] });
  });

  test('what was acknowledged survives SIGKILL', async () => {
    const dir = freshDir();
    const first = await startForTest({ dir });
    for (let index = 0; index < 20; index += 1) await first.call('state_set', { path: `$.n${index}`, value: index });
    await first.kill();
    const second = await startForTest({ dir });
    const got = await second.call('state_get', { path: '$.*' });
    expect(got['matches']).toBeGreaterThanOrEqual(20);
    expect(await second.call('state_get', { path: '$.n19' })).toMatchObject({ value: 19 });
  });

  test('a write says what it replaced, by whom and when', async () => {
    const server = await startForTest({ dir: freshDir() });
    await server.call('state_set', { path: '$.a.b', value: 1 });
    const again = await server.call('state_set', { path: '$.a', value: { b: 2 } });
    expect(again).toMatchObject({ created: false, previous: { b: 1 } });
    expect(again['previous_by']).toMatch(/^ses-/);
    expect(Date.parse(String(again['previous_at']))).toBeGreaterThan(0);
  });

  test('and does so in the next server too, that has it from a checkpoint', async () => {
    const dir = freshDir();
    const first = await startForTest({ dir });
    await first.call('state_set', { path: '$.a.b', value: 1 });
    const { session } = await first.call('session_start');
    await first.close();
    expect(fs.readFileSync(`${dir}/state/checkpoint.json`, 'utf8')).toContain(String(session));
    const second = await startForTest({ dir });
    const args = { path: '$.a', value: 2, request_id: 'r' };
    const { note, ...after } = await second.call('state_set', args);
    expect(note).toContain(`resumed ${session}`);
    expect(after).toMatchObject({ previous: { b: 1 }, previous_by: session, previous_at: expect.any(String) });
    expect(await second.call('state_set', args)).toEqual({ ...after, replayed: true });
    expect(await second.call('state_delete', { path: '$.a' })).toMatchObject({ previous: 2, previous_by: session });
  });

  test('what a row names can be asked for as it is', async () => {
    const server = await startForTest({ dir: freshDir() });
    const items = {
      list: [{ id: 1 }, { id: 2 }],
      "it's ": { 'a/b~c': { id: 3 }, '7': { id: 4 }, é: { id: 5 } },
      big: 'x'.repeat(3_000),
    };
    await server.call('state_set', { path: '$.items', value: items });
    const asked = [
      { path: '$..id' },
      { path: '$.items.list[?(@.id > 1)]' },
      { path: '$.items.*' },
      { path: '$.items', keys_only: true },
      { path: "$.items['it\\'s ']", keys_only: true },
      { path: '$.items.list[-2]', keys_only: true },
      { path: '$.items.list', keys_only: true },
    ];
    for (const args of asked) {
      const rows = (await server.call('state_get', args))['rows'] as Record<string, unknown>[];
      expect(rows.length, args.path).toBeGreaterThan(0);
      for (const { path, value } of rows) {
        const one = await server.call('state_get', { path });
        expect(one).toMatchObject({ path, matches: 1 });
        if (value !== undefined) expect(one['value']).toEqual(value);
      }
    }
    expect(await server.call('state_get', { path: '$.items..id' })).toMatchObject({
      rows: [{ path: '$.items.list[0].id' }, {}, {}, {}, {}],
    });
  });

  test('the history of what is large says what changed in it', async () => {
    const server = await startForTest({ dir: freshDir() });
    const list = Array.from({ length: 100 }, (_, n) => ({ n, done: false }));
    const made = await server.call('state_set', { path: '$.plan', value: { list, owner: 'ann' } });
    const set = await server.call('state_set', { path: '$.plan.list[7].done', value: true });
    const removed = await server.call('state_delete', { path: '$.plan.owner' });
    const added = await server.call('state_set', { path: '$.plan.list[100]', value: { n: 100 } });
    const many = await server.call('state_delete', { path: '$.plan.list[0:10].done' });
    for (const path of ['$', '$.plan']) {
      const { changes } = await server.call('state_history', { path });
      expect((changes as Record<string, unknown>[]).slice(0, 4)).toMatchObject([
        { seq: many['seq'], leaves: Array.from({ length: 10 }, () => ({ from: expect.any(Boolean) })) },
        { seq: added['seq'], leaves: [{ path: '$.plan.list[100].n', to: 100 }] },
        { seq: removed['seq'], leaves: [{ path: '$.plan.owner', from: 'ann' }] },
        { seq: set['seq'], leaves: [{ path: '$.plan.list[7].done', from: false, to: true }] },
      ]);
      expect((changes as object[])[4]).toMatchObject({
        seq: made['seq'],
        leaves: expect.any(Array),
        leaves_count: 201,
      });
      expect(JSON.stringify((changes as object[])[1])).not.toContain('leaves_count');
    }
    const { changes } = await server.call('state_history', { path: '$.plan.list[7].done' });
    expect(JSON.stringify(changes)).not.toContain('leaves');
  });

  test('history is for people: leaves, names, reasons, and nothing that the session keeps about itself', async () => {
    const server = await startForTest({ dir: freshDir() });
    await server.call('session_start', { name: 'review' });
    await server.call('state_set', { path: '$.cart', value: { items: ['a'], total: 1 }, reason: 'first order' });
    const operations = [
      { op: 'set', path: '$.cart.total', value: 2 },
      { op: 'set', path: '$.cart.total', value: 3 },
      { op: 'set', path: '$.cart.items[1]', value: 'b' },
      { op: 'merge', path: '$', value: { note: 'x' } },
    ];
    const { seq } = await server.call('state_batch', { operations, reason: 'one more' });
    await server.call('session_update', { mode: 'sprint' });
    await server.call('state_restore', { path: '$.cart', to: Number(seq) - 1, reason: 'not wanted' });
    const { changes } = await server.call('state_history', {});
    expect(changes).toMatchObject([
      {
        ...{ name: 'review', type: 'state.restored', reason: 'not wanted' },
        leaves: [
          { path: '$.cart.items[1]', from: 'b' },
          { path: '$.cart.total', from: 3, to: 1 },
        ],
      },
      {
        reason: 'one more',
        leaves: [
          { path: '$.cart.total', from: 1, to: 3 },
          { path: '$.cart.items[1]', to: 'b' },
          { path: '$.note', to: 'x' },
        ],
      },
      {
        reason: 'first order',
        leaves: [
          { path: '$.cart.items[0]', to: 'a' },
          { path: '$.cart.total', to: 1 },
        ],
      },
    ]);
    const facts = await server.call('state_history', { path: '$.session.mode' });
    expect(facts['changes']).toMatchObject([{ from: 'development', to: 'sprint' }, { to: 'development' }]);
  });

  test('without arguments, the state is what was put there, and names what else can be read', async () => {
    const server = await startForTest({ dir: freshDir() });
    await server.call('state_set', { path: '$.cart', value: 1 });
    const found = await server.call('state_get', {});
    expect(found).toMatchObject({ value: { cart: 1 }, joined: expect.arrayContaining(['session', 'communication']) });
    expect(Object.keys(found['value'] as object)).toEqual(['cart']);
    expect((await server.call('state_get', { path: '$.session.mode' }))['value']).toBe('development');
    expect((await server.call('state_get', { keys_only: true }))['rows']).toMatchObject([{ path: '$.cart' }]);
  });

  test('the same request_id takes effect once, in another process too', async () => {
    const dir = freshDir();
    const env = { CLAUDE_CODE_SESSION_ID: 'one-window' };
    const first = await startForTest({ dir, env });
    const second = await startForTest({ dir, env });
    await first.call('session_start');
    const args = { path: '$.x', value: 1, request_id: 'r-1' };
    const answer = await first.call('state_set', args);
    expect(await second.call('state_set', args)).toEqual({ ...answer, replayed: true });
    const { failure } = await second.fail('state_set', { ...args, value: 2 });
    expect(failure).toEqual({ code: 'request-reused', requestId: 'r-1' });
  });

  test('if_etag refuses a write over what another one wrote', async () => {
    const dir = freshDir();
    const env = { CLAUDE_CODE_SESSION_ID: 'one-window' };
    const [first, second] = [await startForTest({ dir, env }), await startForTest({ dir, env })];
    await first.call('state_set', { path: '$.x', value: 1 });
    const { etag } = await second.call('state_get', { path: '$.x' });
    await first.call('state_set', { path: '$.x', value: 2 });
    const { failure } = await second.fail('state_set', { path: '$.x', value: 3, if_etag: etag });
    const wrote = { present: '2', by: expect.stringMatching(/^ses-/), at: expect.stringMatching(/^\d{4}-/) };
    expect(failure).toMatchObject({ code: 'etag-mismatch', ...wrote });
    expect(failure).not.toHaveProperty('session');
    expect(await second.call('state_get', { path: '$.x' })).toMatchObject({ value: 2 });
    // Again from another session: the call that the refusal names must read the same place.
    const third = await startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: 'another' } });
    const { session } = await first.call('session_start', {});
    for (const condition of [{ if_etag: etag }, { if_absent: true }]) {
      const refused = await third.fail('state_set', { path: '$.x', value: 3, session, ...condition });
      expect(refused.failure).toMatchObject({ session, ...wrote });
      expect(refused.text).toContain(`state_get {path: "$.x", session: "${session}"}`);
    }
  });

  test('history, as-of reads, restore and the what-if', async () => {
    const server = await startForTest({ dir: freshDir() });
    const one = await server.call('state_set', { path: '$.plan', value: { step: 1 } });
    await server.call('state_set', { path: '$.plan.step', value: 2 });
    await server.call('state_delete', { path: '$.plan' });
    expect(await server.call('state_get', { path: '$.plan', at: one['seq'] })).toMatchObject({ value: { step: 1 } });
    const history = await server.call('state_history', { path: '$.plan.step' });
    expect(history['changes']).toMatchObject([{ from: 2 }, { from: 1, to: 2 }, { to: 1 }]);
    const dry = await server.call('state_restore', { path: '$.plan', to: one['seq'], dry_run: true });
    expect(dry).toMatchObject({ changed_count: 1, patch: [{ op: 'add', path: '/plan', value: { step: 1 } }] });
    expect(await server.call('state_get', { path: '$.plan' })).toMatchObject({ matches: 0 });
    await server.call('state_restore', { path: '$.plan', to: one['seq'] });
    expect(await server.call('state_get', { path: '$.plan' })).toMatchObject({ value: { step: 1 } });
    const compared = await server.call('state_history', {
      path: '$.plan',
      from: one['seq'],
      to: Number(one['seq']) + 1,
    });
    expect(compared['difference']).toEqual([{ op: 'replace', path: '/step', value: 2 }]);
  });

  test('a batch is all or nothing, and shows its patch with dry_run', async () => {
    const server = await startForTest({ dir: freshDir() });
    const operations = [
      { op: 'set', path: '$.a', value: 1 },
      { op: 'merge', path: '$', value: { b: { c: 2 } } },
      { op: 'delete', path: '$.a' },
    ];
    const dry = await server.call('state_batch', { operations, dry_run: true });
    expect(dry['patch']).toHaveLength(3);
    await server.call('state_batch', { operations });
    expect(await server.call('state_get', { path: '$.b' })).toMatchObject({ value: { c: 2 } });
    const broken = [
      { op: 'set', path: '$.z', value: 1 },
      { op: 'set', path: '$.session.name', value: 'x' },
    ];
    const { failure } = await server.fail('state_batch', { operations: broken });
    expect(failure.code).toBe('path-reserved');
    expect(await server.call('state_get', { path: '$.z' })).toMatchObject({ matches: 0 });
  });

  test("another process's change reaches a subscriber", async () => {
    const dir = freshDir();
    const env = { CLAUDE_CODE_SESSION_ID: 'one-window' };
    const [reader, writer] = [await startForTest({ dir, env }), await startForTest({ dir, env })];
    const { session } = await reader.call('session_start');
    const uri = `baton://sessions/${session}`;
    const updated = new Promise<string>((resolve) => {
      reader.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri));
    });
    await reader.client.subscribeResource({ uri });
    await writer.call('state_set', { path: '$.seen', value: true });
    expect(await updated).toBe(uri);
    const { contents } = await reader.client.readResource({ uri });
    expect(JSON.parse(String(contents[0] && 'text' in contents[0] ? contents[0].text : ''))).toMatchObject({
      seen: true,
    });
    const listed = await reader.client.listResources();
    expect(listed.resources.map((resource) => resource.uri)).toContain(uri);
    const completed = await reader.client.complete({
      ref: { type: 'ref/resource', uri: 'baton://sessions/{id}' },
      argument: { name: 'id', value: 'ses' },
    });
    expect(completed.completion.values).toContain(session);
  });
});
