// Bad input to every state_* and session_* tool over stdio: the refusals, and that none adds a byte to the log.

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from './rig.ts';

const dir = freshDir();
let server: Server;
let ended = '';
let other: Server;

const log = (): Buffer => {
  const folder = path.join(dir, 'state', 'log');
  const names = fs.readdirSync(folder).sort();
  return Buffer.concat(
    names.filter((name) => name.endsWith('.jsonl')).map((name) => fs.readFileSync(path.join(folder, name))),
  );
};

beforeAll(async () => {
  server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'one', BATON_MAX_CALLS_PER_SECOND: '0' } });
  other = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'two' } });
  await server.call('session_start');
  await server.call('state_set', { path: '$.scalar', value: 1 });
  await other.call('state_set', { path: '$.secret', value: 'of another session' });
  ended = String((await other.call('session_start', { resume: 'new' }))['session']);
  await other.call('session_update', { status: 'completed' });
});
afterAll(async () => {
  await server.close();
  await other.close();
});

const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const big = 'x'.repeat(1024 * 1024 + 1);
const hostile = [
  '',
  '$.a[',
  '$.a[(@.length)]',
  "$.a[?('x' in @.b)]",
  '$.__proto__.x',
  "$['constructor']",
  'a'.repeat(200_000),
  '$.a[?(@.x=~/(a+)+$/)]',
  '`x`',
  '$.a^',
  '$[?(fetch())]',
  '../etc',
  '$.\u0000',
];

type Row = [what: string, tool: string, args: () => Answer, code: string];
const rows: Row[] = [
  ...[
    'state_get',
    'state_set',
    'state_merge',
    'state_delete',
    'state_batch',
    'state_history',
    'state_restore',
    'session_start',
    'session_list',
    'session_update',
    'session_handoff',
    'session_recover',
    'session_heartbeat',
    'session_cleanup',
  ].flatMap((tool): Row[] => {
    const needed = required(tool);
    const rest: Row[] =
      tool === 'session_list' || tool === 'session_start' || tool === 'session_cleanup'
        ? []
        : [
            ['an unknown session', tool, () => ({ ...needed, session: 'ses-nobody' }), 'unknown-session'],
            ['a session that is no id', tool, () => ({ ...needed, session: '../../x y' }), 'unknown-session'],
            ['a session of the wrong type', tool, () => ({ ...needed, session: ['x'] }), 'invalid-input'],
            ['a session too long', tool, () => ({ ...needed, session: 's'.repeat(65) }), 'invalid-input'],
          ];
    return [
      ['an unknown key', tool, () => ({ ...needed, sesion: 'x' }), 'invalid-input'],
      ['what is no object', tool, () => [] as unknown as Answer, 'invalid-input'],
      ['something too deep', tool, () => ({ ...needed, deep: deep(150) }), 'value-refused'],
      ...rest,
    ];
  }),
  ...['state_get', 'state_set', 'state_merge', 'state_delete', 'state_history', 'state_restore'].flatMap(
    (tool): Row[] => [
      ...hostile.map(
        (bad): Row => [
          `the path ${JSON.stringify(bad.slice(0, 30))}`,
          tool,
          () => ({ ...required(tool), path: bad }),
          bad.length > 1024 ? 'invalid-input' : 'path-refused',
        ],
      ),
      ['a path of the wrong type', tool, () => ({ ...required(tool), path: ['$'] }), 'invalid-input'],
    ],
  ),
  ...['state_set', 'state_merge'].flatMap((tool): Row[] => [
    ['a value above 1 MiB', tool, () => ({ path: '$.v', value: big }), 'too-large'],
    ['a value too deep', tool, () => ({ path: '$.v', value: deep(101) }), 'value-refused'],
    ['a value too deep for its path', tool, () => ({ path: '$.a.b.c', value: deep(99) }), 'value-refused'],
    ['an integer that loses digits', tool, () => ({ path: '$.v', value: { n: 2 ** 60 } }), 'value-refused'],
    [
      'a key that reaches a prototype',
      tool,
      () => ({ path: '$.v', value: JSON.parse('{"a":{"__proto__":1}}') }),
      'value-refused',
    ],
    ['no value', tool, () => ({ path: '$.v' }), 'invalid-input'],
    ['a place through a scalar', tool, () => ({ path: '$.scalar.x', value: {} }), 'path-blocked'],
    ['a reserved key', tool, () => ({ path: "$['session'].mode", value: {} }), 'path-reserved'],
    ['a joined key', tool, () => ({ path: 'observability', value: {} }), 'path-reserved'],
    ['an ended session', tool, () => ({ path: '$.v', value: {}, session: ended }), 'session-ended'],
    ['a stale etag', tool, () => ({ path: '$.scalar', value: {}, if_etag: 'x' }), 'etag-mismatch'],
    ['a query', tool, () => ({ path: '$..x', value: {} }), 'path-refused'],
    ['an empty request_id', tool, () => ({ path: '$.v', value: {}, request_id: '' }), 'invalid-input'],
  ]),
  ['the whole document', 'state_set', () => ({ path: '$', value: {} }), 'path-reserved'],
  ['reserved keys in a merge', 'state_merge', () => ({ value: { session: { mode: 'x' } } }), 'path-reserved'],
  ['a scalar into the document', 'state_merge', () => ({ value: 1 }), 'value-refused'],
  [
    'if_absent where something is',
    'state_set',
    () => ({ path: '$.scalar', value: 1, if_absent: true }),
    'already-exists',
  ],
  ['everything', 'state_delete', () => ({ path: '$..*' }), 'path-reserved'],
  ['an etag for many', 'state_delete', () => ({ path: '$.a.*', if_etag: 'absent' }), 'path-refused'],
  ['an ended session', 'state_delete', () => ({ path: '$.a', session: ended }), 'session-ended'],
  ['a limit of none', 'state_get', () => ({ limit: 0 }), 'invalid-input'],
  ...['state_get', 'state_history', 'session_list'].flatMap((tool) =>
    ['x', '-1', '1.5', 'Infinity', '1e3', '9'.repeat(30)].map(
      (cursor): Row => [`the cursor ${cursor}`, tool, () => ({ cursor }), 'invalid-input'],
    ),
  ),
  ...['yesterday', '2026-13-01', 'step 2', '', '2026-01-01T00:00:00Zzz'].flatMap((at): Row[] => [
    [`at ${JSON.stringify(at)}`, 'state_get', () => ({ at }), 'invalid-input'],
    [`to ${JSON.stringify(at)}`, 'state_restore', () => ({ to: at }), 'invalid-input'],
    [`from ${JSON.stringify(at)}`, 'state_history', () => ({ from: at }), 'invalid-input'],
    [`at ${JSON.stringify(at)}`, 'session_recover', () => ({ at }), 'invalid-input'],
  ]),
  ['a seq to come', 'state_get', () => ({ at: 1_000_000 }), 'unknown-seq'],
  ['a seq to come, as text', 'state_history', () => ({ from: '99999999999999999999' }), 'unknown-seq'],
  ['the time before the session', 'state_restore', () => ({ to: 1 }), 'unknown-seq'],
  ['the time before the session, dry', 'state_restore', () => ({ to: 0, dry_run: true }), 'unknown-seq'],
  ['a query', 'state_restore', () => ({ to: 3, path: '$.*' }), 'path-refused'],
  ['a query', 'state_history', () => ({ path: '$..x' }), 'path-refused'],
  ['the past of what is joined', 'state_get', () => ({ path: 'observability', at: 3 }), 'path-refused'],
  ['no operation', 'state_batch', () => ({ operations: [] }), 'invalid-input'],
  [
    'too many operations',
    'state_batch',
    () => ({ operations: Array.from({ length: 51 }, () => ({ op: 'delete', path: '$.x' })) }),
    'invalid-input',
  ],
  ['a set without value', 'state_batch', () => ({ operations: [{ op: 'set', path: '$.x' }] }), 'invalid-input'],
  [
    'a delete with if_absent',
    'state_batch',
    () => ({ operations: [{ op: 'delete', path: '$.x', if_absent: true }] }),
    'invalid-input',
  ],
  ['an unknown operation', 'state_batch', () => ({ operations: [{ op: 'drop', path: '$.x' }] }), 'invalid-input'],
  [
    'a bad one among good ones',
    'state_batch',
    () => ({
      operations: [
        { op: 'set', path: '$.x', value: 1 },
        { op: 'set', path: '$.session', value: 1 },
      ],
    }),
    'path-reserved',
  ],
  [
    'a large value among good ones',
    'state_batch',
    () => ({
      operations: [
        { op: 'set', path: '$.x', value: 1 },
        { op: 'set', path: '$.y', value: big },
      ],
    }),
    'too-large',
  ],
  ['an unknown mode', 'session_start', () => ({ mode: 'turbo' }), 'invalid-input'],
  ['an unknown handoff', 'session_start', () => ({ handoff: 'ses-nobody.hnd-1' }), 'unknown-handoff'],
  ['a handoff that is no id', 'session_start', () => ({ handoff: '../A B.\u202ex' }), 'unknown-handoff'],
  ['an ended session', 'session_update', () => ({ session: ended, name: 'x' }), 'session-ended'],
  ['an illegal status', 'session_update', () => ({ status: 'expired' }), 'invalid-input'],
  ['a stale version', 'session_update', () => ({ if_version: 99, name: 'x' }), 'version-mismatch'],
  ['an agent called constructor', 'session_update', () => ({ agent: { name: 'constructor' } }), 'value-refused'],
  ['an agent with a key too many', 'session_update', () => ({ agent: { name: 'a', tear: 1 } }), 'invalid-input'],
  [
    'a key of 2,000 characters',
    'session_update',
    () => ({ user_context: { ['k'.repeat(2_000)]: 1 } }),
    'value-refused',
  ],
  ['a context above 1 MiB', 'session_update', () => ({ user_context: { big } }), 'too-large'],
  ['nobody', 'session_handoff', () => ({ summary: 's', to: 'ses-nobody' }), 'unknown-session'],
  ['an ended one', 'session_handoff', () => ({ summary: 's', to: ended }), 'session-ended'],
  ['from an ended one', 'session_handoff', () => ({ summary: 's', session: ended }), 'session-ended'],
  ['a summary too long', 'session_handoff', () => ({ summary: 's'.repeat(4_001) }), 'invalid-input'],
  ['an ended one', 'session_heartbeat', () => ({ session: ended }), 'session-ended'],
];

function required(tool: string): Answer {
  switch (tool) {
    case 'state_set':
    case 'state_merge':
      return { path: '$.v', value: {} };
    case 'state_delete':
      return { path: '$.v' };
    case 'state_batch':
      return { operations: [{ op: 'set', path: '$.v', value: 1 }] };
    case 'state_restore':
      return { path: '$.v', to: 3 };
    case 'session_handoff':
      return { summary: 's' };
    default:
      return {};
  }
}

describe('is refused, and says what, why and what next', () => {
  test.each(rows)('%s: %s', async (_, name, args, code) => {
    const before = log();
    const result = await server.client.callTool({ name, arguments: args() });
    expect(result['isError'], JSON.stringify(result['structuredContent'])).toBe(true);
    expect(result['structuredContent']).toBeUndefined();
    expect(result['_meta']).toMatchObject({ 'baton/failure': { code } });
    const [block] = result['content'] as { text: string }[];
    const text = block?.text ?? '';
    expect(text.startsWith(`${code}: `)).toBe(true);
    expect(text.split('; ').length, text).toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/call |repeat|look |use |choose|read |keep|send|change|name |write |with |ask /);
    expect(text.length).toBeLessThan(2_000);
    expect(JSON.stringify(result)).not.toContain(dir);
    expect(JSON.stringify(result)).not.toContain('of another session');
    expect(JSON.stringify(result).length).toBeLessThan(6_000);
    expect(log().equals(before)).toBe(true);
  });

  test('an unknown session comes with the ids that may have been meant', async () => {
    const own = String((await server.call('session_start'))['session']);
    const typo = `${own.slice(0, -1)}_`;
    for (const tool of ['state_get', 'state_set', 'session_recover']) {
      const { failure, text } = await server.fail(tool, { ...required(tool), session: typo });
      expect(failure).toMatchObject({ code: 'unknown-session', near: expect.arrayContaining([own]) });
      expect(text).toContain(own);
    }
    const { failure } = await server.fail('session_handoff', { summary: 's', to: typo });
    expect(failure).toMatchObject({ near: expect.arrayContaining([own]) });
  });

  test('what is wrong with an argument is said in words that fit it', async () => {
    expect((await server.fail('state_set', { path: '$.v' })).text).toContain('(value: required)');
    for (const at of [1.5, true, {}]) {
      const { failure } = await server.fail('state_get', { at });
      expect(failure).toMatchObject({ issues: [{ at: 'at', why: 'expected a seq or an ISO 8601 time' }] });
    }
  });

  test('a message above 8 MiB is answered or noted, and the server goes on', async () => {
    const before = log();
    const calling = server.client.callTool({
      name: 'state_set',
      arguments: { path: '$.x', value: 'x'.repeat(8 * 1024 * 1024) },
    });
    await expect(calling).rejects.toThrow(/large|8/);
    expect(log().equals(before)).toBe(true);
    expect(await server.call('state_get', { path: '$.scalar' })).toMatchObject({ value: 1 });
  });
});
