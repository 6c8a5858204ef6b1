// The words of every failure. A code without a sample here does not compile.

import { expect, test } from 'vitest';
import { withoutHome } from '../../src/base/display.ts';
import { describeFailure, failureKind, failureLine } from '../../src/failure/describe.ts';
import type { Failure, FailureCode } from '../../src/failure/failure.ts';

const samples: { [C in FailureCode]: Extract<Failure, { code: C }> } = {
  'invalid-input': {
    code: 'invalid-input',
    issues: [{ at: 'path', why: 'required (string)' }],
    expected: ['path', 'value'],
  },
  'unknown-tool': { code: 'unknown-tool', tool: 'state_gte', near: ['state_get'] },
  'path-refused': { code: 'path-refused', path: '$.a[', why: 'a bracket is not closed' },
  'path-reserved': { code: 'path-reserved', path: '$.communication', owner: 'messages', call: 'message_send' },
  'path-blocked': { code: 'path-blocked', path: '$.a.b', at: '$.a', found: 'a number' },
  'value-refused': { code: 'value-refused', at: '/a', why: 'nested deeper than 100 levels' },
  'schema-violated': {
    code: 'schema-violated',
    path: '$.tasks.t1.status',
    schema: '$.tasks.*',
    rule: 'enum ["todo","done"]',
    found: '"later"',
  },
  'too-large': {
    code: 'too-large',
    what: 'The value',
    limit: 1048576,
    actual: 2000000,
    instead: 'store a file and keep its path',
  },
  'etag-mismatch': {
    code: 'etag-mismatch',
    path: '$.a',
    session: 'ses-2',
    expected: 'aaa',
    actual: 'bbb',
    present: '{"n":1}',
    by: 'ses-1',
    at: '2026-01-02T03:04:05.000Z',
  },
  'already-exists': { code: 'already-exists', path: '$.a' },
  'version-mismatch': { code: 'version-mismatch', what: 'Task TASK-1', expected: 3, actual: 5, read: 'project_get' },
  'request-reused': { code: 'request-reused', requestId: 'r-1' },
  'unknown-seq': { code: 'unknown-seq', seq: '99', newest: 42 },
  'unknown-session': { code: 'unknown-session', session: 's-1', near: ['s-2'] },
  'session-ended': { code: 'session-ended', session: 's-1', status: 'expired' },
  'unknown-handoff': { code: 'unknown-handoff', handoff: 'h-1' },
  'illegal-transition': {
    code: 'illegal-transition',
    what: 'Task TASK-1',
    from: 'done',
    to: 'todo',
    legal: ['active'],
    call: 'task_save {status: "active"}',
  },
  'not-found': {
    code: 'not-found',
    what: 'recipient',
    name: 'revewer',
    near: ['reviewer'],
    call: 'session_list for sessions',
  },
  'unknown-item': { code: 'unknown-item', kind: 'task', id: 'TSK-99', near: ['TSK-9'] },
  'dependency-cycle': { code: 'dependency-cycle', steps: ['TSK-1 needs TSK-2', 'TSK-2 contains TSK-1'] },
  'needs-open': { code: 'needs-open', what: 'TSK-3', waitsFor: ['TSK-1', 'TSK-2'] },
  'confirm-needed': {
    code: 'confirm-needed',
    what: 'Ending SPR-1',
    would: ['leave 3 unfinished tasks'],
    call: 'sprint_save {id: "SPR-1", status: "completed", carry_to: "backlog"}',
  },
  'unknown-graph': { code: 'unknown-graph', graph: 'release', near: [] },
  'unknown-run': { code: 'unknown-run', run: 'run-1', near: [] },
  'unknown-node': { code: 'unknown-node', run: 'run-1', node: 'biuld', near: ['build'] },
  'unknown-claim': { code: 'unknown-claim', claim: 'c-1' },
  'stale-claim': { code: 'stale-claim', claim: 'c-1', why: 'its lease ended and the node was claimed again' },
  'node-not-ready': { code: 'node-not-ready', node: 'build', why: 'it waits for test' },
  'read-only': { code: 'read-only', why: 'an earlier write could not be made durable' },
  'not-allowed': {
    code: 'not-allowed',
    what: 'Running rm',
    why: 'it is not on the allow-list',
    how: 'start Baton with --allow-commands rm',
  },
  'rate-limited': { code: 'rate-limited', limit: 200, retryAfterMs: 5 },
  'deadline-exceeded': { code: 'deadline-exceeded', what: 'run_claim', afterMs: 30000 },
  cancelled: { code: 'cancelled' },
  contended: { code: 'contended', tries: 12, streams: ['session/a', 'task/b'] },
  'outcome-unknown': { code: 'outcome-unknown', why: 'fdatasync failed with EIO' },
  'no-store': { code: 'no-store', dir: '~/.claude/state' },
  'store-full': { code: 'store-full', syscall: 'write', errno: 'ENOSPC' },
  'store-unwritable': { code: 'store-unwritable', why: 'its directory belongs to another user' },
  'store-damaged': {
    code: 'store-damaged',
    file: 'log/000000000001.jsonl',
    offset: 1234,
    why: 'the sum of a line differs',
  },
  'store-moved': { code: 'store-moved', why: 'the log file was replaced' },
  'store-newer': { code: 'store-newer', what: 'The store', found: 2, known: 1 },
  'store-unsafe': {
    code: 'store-unsafe',
    why: 'a network file system cannot append atomically',
    how: 'set BATON_FORCE_NETWORK_FS=1 to go on without that promise',
  },
};

test('every code has its text', () => {
  const lines = Object.values(samples).map((sample) => `[${failureKind(sample.code)}] ${failureLine(sample)}`);
  expect(lines).toMatchSnapshot();
});

// DESIGN section 7, and the arguments that the texts mention.
const calls = [
  'state_get',
  'state_set',
  'state_batch',
  'state_history',
  'session_start',
  'session_list',
  'session_recover',
];
calls.push(
  'project_get',
  'project_save',
  'plan_save',
  'plan_list',
  'graph_check',
  'run_start',
  'run_status',
  'run_claim',
  'run_report',
  'dashboard_get',
);
const mentioned = ['request_id', 'if_version', 'if_absent', 'keys_only', 'save_as', 'wait_s'];

test('every next step is there, and names only calls that exist', () => {
  for (const sample of Object.values(samples)) {
    const { what, next } = describeFailure(sample);
    expect(what, sample.code).not.toBe('');
    expect(next, sample.code).not.toBe('');
    if (sample.code === 'path-reserved' || sample.code === 'illegal-transition') continue;
    if (sample.code === 'confirm-needed') continue;
    for (const [name] of next.matchAll(/\b[a-z]+_[a-z]+\b/g)) expect([...calls, ...mentioned]).toContain(name);
  }
});

test('what blocks a path is told by what it is, with what would fit there', () => {
  const lines = ['nothing', 'an array of 4', 'an object', 'null'].map((found) =>
    failureLine({ code: 'path-blocked', path: '$.a.b', at: '$.a', found }),
  );
  expect(lines).toMatchInlineSnapshot(`
    [
      "path-blocked: The path "$.a.b" cannot be created; there is nothing at "$.a", and an index needs an array there; state_set {path: "$.a"} to an array first, or choose another path",
      "path-blocked: The path "$.a.b" cannot be created; there is an array of 4 at "$.a", whose places are [0] to [4]; name one of these (look with state_get {path: "$.a"}), or choose another path",
      "path-blocked: The path "$.a.b" cannot be created; there is an object at "$.a", whose places have names, not indexes; name one (look with state_get {path: "$.a"}), or choose another path",
      "path-blocked: The path "$.a.b" cannot be created; there is null at "$.a"; look with state_get {path: "$.a"}, then state_set that value to an object, or choose another path",
    ]
  `);
});

test('what a size is measured in stands between commas', () => {
  const said = (what: string) => describeFailure({ code: 'too-large', what, limit: 1, instead: 'send less' }).what;
  expect(said('the value, in bytes')).toBe('The value, in bytes, is too large');
  expect(said('text, in characters of JSON,')).toBe('text, in characters of JSON, is too large');
  expect(said('the list of needs')).toBe('The list of needs is too large');
});

test('long lists are cut and counted', () => {
  const issues = Array.from({ length: 12 }, (_, i) => ({ at: `k${i}`, why: 'unknown key' }));
  expect(failureLine({ code: 'invalid-input', issues })).toContain('and 2 more');
});

test('the home directory is shown as ~, and only that', () => {
  const clean = (text: string, home = '/root') => withoutHome({ at: [{ text }] }, home).at[0]?.text;
  expect(clean('/root/a of /root, "/root" and file:///root/b')).toBe('~/a of ~, "~" and file://~/b');
  expect(clean('in /root.')).toBe('in ~.');
  expect(clean('/data/root/a /rooted /root-2 /root.bak')).toBe('/data/root/a /rooted /root-2 /root.bak');
  expect(clean('/h+(o)/x /h+(o)', '/h+(o)')).toBe('~/x ~');
  expect(clean('/', '/')).toBe('/');
});

test('text from outside cannot hide or reorder the words around it', () => {
  const line = failureLine({ code: 'unknown-session', session: `a\u001b[31m\u202eb\n${'x'.repeat(300)}`, near: [] });
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(line).toContain('\\u202e');
  expect(line.length).toBeLessThan(400);
});
