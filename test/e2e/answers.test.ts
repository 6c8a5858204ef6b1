// An answer has at most 20,000 characters whatever is stored, and names the way to the rest. The same for resources.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from './rig.ts';

let server: Server;
const dir = freshDir();
beforeAll(async () => {
  server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'w', BATON_MAX_CALLS_PER_SECOND: '0' } });
});
afterAll(() => server.close());

/** The answer of a call, which must fit. */
async function fits(name: string, args: Answer = {}): Promise<Answer> {
  const answer = await server.call(name, args);
  expect(JSON.stringify(answer).length, name).toBeLessThanOrEqual(20_000);
  return answer;
}

/** Follows the cursors to the end. */
async function pages(name: string, args: Answer): Promise<Answer[]> {
  const found: Answer[] = [];
  let cursor: unknown;
  do {
    const page = await fits(name, cursor === undefined ? args : { ...args, cursor });
    found.push(page);
    cursor = page['next_cursor'];
  } while (cursor !== undefined && found.length < 500);
  return found;
}

const set = (path: string, value: unknown) => fits('state_set', { path, value });

describe('state_get', () => {
  test.each([
    ['plain', 'x'.repeat(100_000)],
    ['escaped six-fold', '\u0001'.repeat(30_000)],
    ['quotes', '"\\'.repeat(20_000)],
    ['pairs of surrogates', '😀'.repeat(20_000)],
  ])('a long string comes in pieces that make it whole: %s', async (_, text) => {
    await set('$.text', text);
    const pieces = await pages('state_get', { path: '$.text' });
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map(({ value }) => value).join('')).toBe(text);
    expect(pieces[0]).toMatchObject({ matches: 1, cut: expect.stringContaining(`of ${text.length}`) });
  });

  test('a value beside a path full of escapes', async () => {
    const path = `$['${'"'.repeat(900)}']`;
    await set(path, 'x'.repeat(14_900));
    await fits('state_get', { path });
    await set(path, '"'.repeat(7_400));
    await fits('state_get', { path });
    await fits('state_delete', { path });
  });

  test('wide objects with long keys, and all of their members', async () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${'"'.repeat(400)}${n}`, 'v'.repeat(50)]));
    await set('$.wide', wide);
    for (const args of [
      { path: '$.wide', limit: 200 },
      { path: '$.wide', keys_only: true, limit: 200 },
      { path: '$.wide.*', limit: 200 },
      { path: '$.wide.*', keys_only: true, limit: 200 },
    ]) {
      const rows = (await pages('state_get', args)).flatMap((page) => page['rows'] as Answer[]);
      expect(new Set(rows.map(({ path }) => path)).size).toBe(300);
    }
    await fits('state_get', { path: '$' });
    await fits('state_delete', { path: '$.wide' });
  });

  test('the deepest and the longest place can be read by itself', async () => {
    const deep = Array.from({ length: 90 }).reduce<unknown>((inner) => ({ k: inner }), 'y'.repeat(50_000));
    await set('$.deep', deep);
    const [first] = await pages('state_get', { path: `$.deep${'.k'.repeat(90)}` });
    expect(first?.['value']).toMatch(/^y+$/);
    await set('$.long', { ['k'.repeat(1_000)]: ['z'.repeat(30_000)] });
    await pages('state_get', { path: `$.long.${'k'.repeat(1_000)}[0]` });
  });

  test('a large array, paged by its elements; a cursor beyond the end has no rows', async () => {
    await set(
      '$.array',
      Array.from({ length: 1_000 }, (_, n) => ({ n, text: 't'.repeat(100) })),
    );
    const rows = (await pages('state_get', { path: '$.array', limit: 200 })).flatMap(
      (page) => page['rows'] as Answer[],
    );
    expect(rows.map(({ path }) => path)).toEqual(Array.from({ length: 1_000 }, (_, n) => `$.array[${n}]`));
    expect(await fits('state_get', { path: '$.array', cursor: '5000' })).toMatchObject({ rows: [] });
    const values = (await pages('state_get', { path: '$.array[*].n', limit: 200 })).flatMap(
      (page) => page['rows'] as Answer[],
    );
    expect(values.map(({ value }) => value)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });
});

describe('what writes answer', () => {
  test('a batch of fifty operations with what each replaced', async () => {
    const at = (n: number) => `$.batch['${'"'.repeat(300)}${n}']`;
    const operations = Array.from({ length: 50 }, (_, n) => ({ op: 'set', path: at(n), value: 'v'.repeat(900) }));
    await fits('state_batch', { operations });
    const again = operations.map((operation) => ({ ...operation, value: '\u0001'.repeat(900) }));
    await fits('state_batch', { operations: again, dry_run: true });
    const { results } = await fits('state_batch', { operations: again });
    expect(results).toHaveLength(50);
  });

  test('etags in a batch are of what the batch leaves', async () => {
    const big = 'b'.repeat(70_000);
    const operations = [
      { op: 'set', path: '$.etags.big', value: big },
      { op: 'set', path: '$.etags.small', value: 1 },
      { op: 'merge', path: '$.etags', value: { small: 2 } },
    ];
    const { results } = await fits('state_batch', { operations });
    for (const { path, etag } of results as Answer[]) {
      expect((await fits('state_get', { path, keys_only: true }))['etag'], String(path)).toBe(etag);
    }
  });

  test('a restore of much', async () => {
    const before = await set('$.much', 1);
    await set('$.much', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, 'v'.repeat(900)])));
    const after = await set('$.other', 1);
    await fits('state_restore', { path: '$.much', to: before['seq'], dry_run: true });
    expect(await fits('state_restore', { path: '$.much', to: before['seq'] })).toMatchObject({ changed_count: 1 });
    await fits('state_restore', { path: '$', to: after['seq'] });
    await fits('state_restore', { path: '$', to: before['seq'] });
    expect(await fits('state_restore', { path: '$', to: before['seq'], dry_run: true })).toMatchObject({
      changed_count: 0,
      patch: [],
    });
  });
});

describe('history', () => {
  test('of many and large changes comes in pages, each change once, one per commit', async () => {
    for (let n = 0; n < 60; n += 1) await set('$.h', { n, text: '"'.repeat(200) });
    const both = [
      { op: 'set', path: '$.h.n', value: 'between' },
      { op: 'set', path: '$.h.n', value: 'last' },
    ];
    const batch = await fits('state_batch', { operations: both });
    const changes = (await pages('state_history', { path: '$.h.n', limit: 100 })).flatMap(
      (page) => page['changes'] as Answer[],
    );
    expect(changes).toHaveLength(61);
    expect(changes[0]).toMatchObject({ seq: batch['seq'], from: 59, to: 'last' });
    expect(changes.at(-1)).toMatchObject({ to: 0 });
    expect(changes.at(-1)).not.toHaveProperty('from');
    await pages('state_history', { path: '$', limit: 100 });
  });

  test('the difference between two points names what it has no room for', async () => {
    const one = await set('$.diff', {});
    await set('$.diff', Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${n}`, 'd'.repeat(5_000)])));
    const found = await fits('state_history', { path: '$.diff', from: one['seq'] });
    expect(found['cut']).toEqual(expect.any(String));
    expect((found['difference'] as Answer[])[0]).toMatchObject({ op: 'add', chars: 5_002 });
  });

  test('follows an element through an array that shifts, and a value that moves away', async () => {
    await set('$.list', ['a', 'b', 'c']);
    await fits('state_delete', { path: '$.list[0]' });
    const shifted = await fits('state_history', { path: '$.list[0]' });
    expect(shifted['changes']).toMatchObject([{ from: 'a', to: 'b' }, { to: 'a' }]);
    const last = await fits('state_history', { path: '$.list[-1]' });
    expect(last['changes']).toMatchObject([{ to: 'c' }]);
    await fits('state_batch', {
      operations: [
        { op: 'set', path: '$.renamed', value: ['b', 'c'] },
        { op: 'delete', path: '$.list' },
      ],
    });
    expect((await fits('state_history', { path: 'list.0' }))['changes']).toMatchObject([
      { from: 'b' },
      { from: 'a' },
      { to: 'a' },
    ]);
    expect((await fits('state_history', { path: '$.renamed[1]' }))['changes']).toMatchObject([{ to: 'c' }]);
  });

  test('a time without a zone is UTC; a date is its first moment; the future is now', async () => {
    const { seq } = await set('$.timed', 1);
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect(await fits('state_get', { path: '$.timed', at: soon.replace('Z', '') })).toMatchObject({ value: 1 });
    expect(await fits('state_get', { path: '$.timed', at: '2001-01-01' })).toMatchObject({ matches: 0 });
    expect(await fits('state_get', { path: '$.timed', at: String(seq) })).toMatchObject({ value: 1, seq });
  });

  test('is quick where the document is large and the path is not', async () => {
    await set('$.bulk', Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n])));
    for (let n = 0; n < 40; n += 1) await set('$.tick', n);
    const startedAt = performance.now();
    await fits('state_history', { path: '$' });
    await fits('state_history', { path: '$.tick' });
    // A hang guard: well below a second on an idle machine.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe('sessions', () => {
  test('a hundred rows with long names', async () => {
    const ids: unknown[] = [];
    for (let n = 0; n < 60; n += 1)
      ids.push((await fits('session_start', { resume: 'new', name: '"'.repeat(110) + n }))['session']);
    const rows = (await pages('session_list', { limit: 100 })).flatMap((page) => page['sessions'] as Answer[]);
    expect(rows.map(({ session }) => session)).toEqual(expect.arrayContaining(ids));
    await fits('state_get', { path: 'organization' });
  });

  test('recovering a session with very many keys', async () => {
    await fits('state_merge', {
      value: Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`a-rather-long-key-${n}`, n])),
    });
    expect(await fits('session_recover')).toMatchObject({
      cut: expect.stringContaining('of 3001 keys'),
      complete: true,
    });
  });
});

describe('resources', () => {
  test('name what is there and refuse what is not, without repeating what was asked', async () => {
    const { session } = await server.call('session_start');
    const { contents } = await server.client.readResource({ uri: `baton://sessions/${session}` });
    expect(contents).toHaveLength(1);
    const evil = 'baton://sessions/\u202egnp';
    for (const uri of [
      'baton://sessions/ses-nobody',
      'baton://sessions/',
      'baton://sessions/../x',
      evil,
      'file:///etc/passwd',
    ]) {
      await expect(server.client.subscribeResource({ uri })).rejects.toThrow(/no resource/);
      await expect(server.client.readResource({ uri })).rejects.toThrow();
    }
    await expect(server.client.subscribeResource({ uri: evil })).rejects.toThrow(/\\u202e/);
    await server.client.unsubscribeResource({ uri: `baton://sessions/${session}` });
  });
});
