// Sessions through clients: which one a call belongs to, two servers at once, worktrees, and handoffs between
// processes, one of which is killed.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const sessionOf = async (server: Server): Promise<unknown> => (await server.call('session_start'))['session'];
const open = async (server: Server): Promise<Answer[]> => (await server.call('session_list'))['sessions'] as Answer[];

describe('which session', () => {
  test('calls sent at once as the first ones come to one session', async () => {
    for (const env of [{}, { CLAUDE_CODE_SESSION_ID: 'w' }] as Record<string, string>[]) {
      const server = await startForTest({ dir: freshDir(), env });
      await Promise.all(Array.from({ length: 12 }, (_, n) => server.call('state_set', { path: `$.n${n}`, value: n })));
      expect(await open(server)).toHaveLength(1);
      expect(await server.call('state_get', { path: '$.n0' })).toMatchObject({ value: 0 });
    }
  });

  test('a call sent beside session_start belongs to what that starts', async () => {
    const server = await startForTest({ dir: freshDir() });
    const [{ session }, set] = await Promise.all([
      server.call('session_start', { resume: 'new' }),
      server.call('state_set', { path: '$.x', value: 1 }),
    ]);
    expect(set).toMatchObject({ created: true });
    expect(await server.call('state_get', { path: '$.x', session })).toMatchObject({ value: 1 });
  });

  test('two servers that start at once without a client’s id have a session each, also when one lay free', async () => {
    const dir = freshDir();
    const before = await startForTest({ dir });
    const free = await sessionOf(before);
    await before.close();
    const both = await Promise.all([startForTest({ dir }), startForTest({ dir }), startForTest({ dir })]);
    const ids = await Promise.all(both.map(sessionOf));
    expect(new Set(ids).size).toBe(3);
    expect(ids).toContain(free);
  });

  test('two servers that start at once for one window share its session', async () => {
    const dir = freshDir();
    const env = { CLAUDE_CODE_SESSION_ID: 'window' };
    const both = await Promise.all([startForTest({ dir, env }), startForTest({ dir, env })]);
    const sets = both.map((server, n) => server.call('state_set', { path: `$.n${n}`, value: n }));
    await Promise.all(sets);
    const [first] = both;
    expect(await first?.call('state_get', { path: '$.n1' })).toMatchObject({ value: 1 });
    expect(await first?.call('state_get', { path: '$.n0' })).toMatchObject({ value: 0 });
  });

  test('a rebinding by another process is seen by the next call', async () => {
    const dir = freshDir();
    const env = { CLAUDE_CODE_SESSION_ID: 'window' };
    const first = await startForTest({ dir, env });
    await first.call('state_set', { path: '$.x', value: 'old' });
    // A command in the window's shell acts for the window; another window would leave it where it is.
    const shell = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state'), ...env };
    const args = [inject('program'), 'session', 'start', '--resume', 'new', '--json'];
    const ran = spawnSync(process.execPath, args, { cwd: dir, env: shell, encoding: 'utf8' });
    const { session } = JSON.parse(ran.stdout);
    const second = await startForTest({ dir });
    expect(await first.call('state_get', { path: '$.x' })).toMatchObject({ matches: 0 });
    await first.call('state_set', { path: '$.x', value: 'new' });
    expect(await second.call('state_get', { path: '$.x', session })).toMatchObject({ value: 'new' });
  });

  test('BATON_SESSION stands before the client’s id, until another session is started', async () => {
    const dir = freshDir();
    const one = await startForTest({ dir });
    const session = String(await sessionOf(one));
    const env = { BATON_SESSION: session, CLAUDE_CODE_SESSION_ID: 'window' };
    const two = await startForTest({ dir, env });
    await two.call('state_set', { path: '$.x', value: 1 });
    expect(await one.call('state_get', { path: '$.x' })).toMatchObject({ value: 1 });
    const fresh = await two.call('session_start', { resume: 'new' });
    expect(fresh['session']).not.toBe(session);
    expect(await two.call('state_get', { path: '$.x' })).toMatchObject({ matches: 0 });
  });

  test('a BATON_SESSION that is not there is an error of every call, and nothing is made up', async () => {
    const server = await startForTest({ dir: freshDir(), env: { BATON_SESSION: 'ses-nowhere' } });
    for (const [tool, args] of [
      ['state_get', {}],
      ['session_start', {}],
    ] as const) {
      const { failure } = await server.fail(tool, args);
      expect(failure).toMatchObject({ code: 'unknown-session', session: 'ses-nowhere' });
    }
    expect(await open(server)).toEqual([]);
  });

  test('an empty string is never another session, an offer, or everything', async () => {
    const server = await startForTest({ dir: freshDir() });
    const { session } = await server.call('session_start', { handoff: '' });
    await server.call('state_set', { path: '$.x', value: 1, session: '' });
    expect(await server.call('state_get', { path: '$.x', session })).toMatchObject({ value: 1 });
    await server.fail('session_update', { name: '' });
    await server.fail('session_handoff', { to: '', summary: 's' });
    await server.fail('state_set', { path: '', value: 1 });
    expect((await server.fail('state_set', { path: '$.x', value: 2, if_etag: '' })).failure.code).toBe('etag-mismatch');
  });

  test('worktrees of a repository are workspaces of one project', async () => {
    const dir = freshDir();
    const repo = path.join(dir, 'demo');
    fs.mkdirSync(repo);
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', ...args], {
        cwd: repo,
        stdio: 'ignore',
      });
    git('init');
    git('commit', '--allow-empty', '-m', 'x');
    git('worktree', 'add', '../other');
    const [one, two] = [
      await startForTest({ dir, cwd: repo }),
      await startForTest({ dir, cwd: path.join(dir, 'other') }),
    ];
    const first = await one.call('session_start');
    await one.close();
    const second = await two.call('session_start');
    expect(first).toMatchObject({ project: 'demo', workspace: '~/demo' });
    expect(second).toMatchObject({ project: 'demo', workspace: '~/other', resumed: false });
    expect(await open(two)).toHaveLength(2);
  });

  test('the author of a write into another session is the writer’s own', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir })];
    const [mine, session] = [await sessionOf(one), await sessionOf(two)];
    await one.call('state_set', { path: '$.x', value: 1, session });
    expect(await two.call('state_set', { path: '$.x', value: 2 })).toMatchObject({ previous_by: mine });
  });

  test('one request_id in two windows is two requests', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: 'w' } })];
    const a = await one.call('session_start', { request_id: 'start' });
    const b = await two.call('session_start', { request_id: 'start' });
    expect(a['session']).not.toBe(b['session']);
    expect(await one.call('session_start', { request_id: 'start' })).toMatchObject({
      session: a['session'],
      replayed: true,
    });
    const set = await one.call('state_set', { path: '$.x', value: 1, request_id: 'r' });
    expect(await two.call('state_set', { path: '$.x', value: 1, request_id: 'r' })).not.toHaveProperty('replayed');
    expect(await one.call('state_set', { path: '$.x', value: 1, request_id: 'r' })).toEqual({ ...set, replayed: true });
  });

  test('a read-only server begins no session and writes nothing', async () => {
    const dir = freshDir();
    const reader = await startForTest({ dir, env: { BATON_READ_ONLY: '1' } });
    const unmade = await reader.fail('session_list');
    expect(unmade.failure).toMatchObject({ code: 'read-only', why: expect.stringContaining('no store yet') });
    expect(fs.existsSync(path.join(dir, 'state'))).toBe(false);
    const writer = await startForTest({ dir });
    await writer.call('session_list');
    expect((await reader.fail('state_get')).failure).toMatchObject({ code: 'read-only' });
    await writer.call('state_set', { path: '$.x', value: 1 });
    expect(await reader.call('state_get', { path: '$.x' })).toMatchObject({ value: 1 });
    expect(await open(reader)).toHaveLength(1);
  });
});

describe('handing over', () => {
  test('the work moves once, to exactly one of two that ask, and the giver has ended', async () => {
    const dir = freshDir();
    const [giver, ...receivers] = [
      await startForTest({ dir }),
      await startForTest({ dir }),
      await startForTest({ dir }),
    ];
    await giver.call('state_set', { path: '$.plan', value: { step: 2, none: null } });
    const offer = await giver.call('session_handoff', { summary: 'go on at step 2', next_steps: ['three'] });
    expect(offer).toMatchObject({ to: 'new', state: 'offered', will_move: { claims: 0, keys: 1 } });
    const handoff = offer['handoff'];
    const results = await Promise.allSettled(receivers.map((server) => server.call('session_start', { handoff })));
    const won = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [receiver, loser] = [receivers[won], receivers[1 - won]];
    expect(await receiver?.call('state_get', { path: '$.plan' })).toMatchObject({ value: { step: 2, none: null } });
    const again = await receiver?.call('session_start', { handoff });
    expect(again).toMatchObject({
      resumed: true,
      brief: { summary: 'go on at step 2', next_steps: ['three'] },
      claims: [],
    });
    expect((await loser?.fail('session_start', { handoff }))?.failure).toMatchObject({ code: 'unknown-handoff' });
    expect((await giver.fail('state_set', { path: '$.x', value: 1 })).failure).toMatchObject({
      code: 'session-ended',
      status: 'completed',
    });
    expect(await giver.call('state_get', { path: '$.plan.step' })).toMatchObject({ value: 2 });
    const next = await giver.call('session_start');
    expect(next).toMatchObject({ resumed: false, note: expect.stringContaining('has ended') });
  });

  test('the giver’s own window may take its offer: in a new session', async () => {
    const server = await startForTest({ dir: freshDir() });
    const first = await sessionOf(server);
    await server.call('state_set', { path: '$.x', value: 1 });
    const { handoff } = await server.call('session_handoff', { summary: 's' });
    const taken = await server.call('session_start', { handoff });
    expect(taken).toMatchObject({ resumed: false, brief: { from: first } });
    expect(await server.call('state_get', { path: '$.x' })).toMatchObject({ value: 1 });
  });

  test('the largest brief that may be offered still fits the answer that brings it', async () => {
    const dir = freshDir();
    const [giver, receiver] = [await startForTest({ dir }), await startForTest({ dir })];
    const steps = Array.from({ length: 15 }, () => 's'.repeat(500));
    const { handoff } = await giver.call('session_handoff', { summary: 'é'.repeat(3_900), next_steps: steps });
    const taken = await receiver.call('session_start', { handoff });
    expect(taken['brief']).toMatchObject({ next_steps: steps });
    const { failure } = await receiver.fail('session_handoff', { summary: '\u0001'.repeat(4_000) });
    expect(failure.code).toBe('too-large');
  });

  test('claims move with new fences; a killed server’s session is recovered with what was in flight', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir })];
    const session = await sessionOf(one);
    const nodes = [{ id: 'write', kind: 'agent', title: 'Write', task: 'write it' }];
    const { hash } = await one.call('graph_check', { nodes });
    const { run } = await one.call('run_start', { graph: hash });
    const { claim } = await one.call('run_claim', { run });
    expect(claim).toEqual(expect.any(String));
    await one.kill();

    const watching = await two.call('session_recover', { session });
    expect(watching).toMatchObject({
      session,
      status: 'active',
      complete: true,
      in_flight: [{ claim, run, node: 'write', title: 'Write', state: 'unverifiable' }],
    });
    const { handoff, will_move: moves } = await two.call('session_handoff', { summary: 'continue', to: 'new' });
    expect(moves).toEqual({ claims: 1, tasks: 0, messages: 0, keys: 0 });
    const three = await startForTest({ dir });
    const taken = await three.call('session_start', { handoff });
    const [held] = taken['claims'] as Answer[];
    expect(held).toMatchObject({ run, node: 'write', title: 'Write', state: 'held' });
    expect(held?.['claim']).not.toBe(claim);
    const late = await two.client.callTool({ name: 'run_report', arguments: { claim, status: 'done', output: 1 } });
    expect(JSON.stringify(late)).toMatch(/late|stale-claim|session-ended/);
    const done = await three.call('run_report', { claim: held?.['claim'], status: 'done', output: 2 });
    expect(done).toMatchObject({ status: 'finished', run_status: 'finished' });
  });

  test('a handoff takes along the tasks of the session that are not finished, and its unread mail', async () => {
    const dir = freshDir();
    const [giver, other, receiver] = [
      await startForTest({ dir }),
      await startForTest({ dir }),
      await startForTest({ dir }),
    ];
    const from = await sessionOf(giver);
    await sessionOf(other);
    await giver.call('plan_save', { tasks: ['a', 'b', 'c'].map((key) => ({ key, title: key })) });
    await giver.call('task_save', { id: 'TSK-1', assignee: from, status: 'active' });
    await giver.call('task_save', { id: 'TSK-2', assignee: from, status: 'done' });
    await giver.call('task_save', { id: 'TSK-3', assignee: 'ann' });
    await other.call('message_send', { to: from, text: 'please look', kind: 'request' });
    await other.call('message_send', { to: 'all', text: 'everybody reads this anyway' });
    const { handoff, will_move: moves } = await giver.call('session_handoff', { summary: 's' });
    expect(moves).toEqual({ claims: 0, tasks: 1, messages: 1, keys: 0 });
    const assignees = async (): Promise<unknown> => {
      const { rows } = await other.call('plan_list', { kind: 'task', detail: 'full' });
      return Object.fromEntries((rows as Answer[]).map(({ id, assignee }) => [id, assignee]));
    };
    const to = String((await receiver.call('session_start', { handoff }))['session']);
    expect(to).not.toBe(from);
    const after = { 'TSK-1': to, 'TSK-2': from, 'TSK-3': 'ann' };
    expect(await assignees()).toEqual(after);
    const { messages } = await receiver.call('message_read');
    expect(messages).toContainEqual(expect.objectContaining({ text: 'please look' }));
    await other.call('task_save', { id: 'TSK-1', assignee: 'ann' });
    await receiver.call('session_start', { handoff });
    expect(await assignees()).toEqual({ ...after, 'TSK-1': 'ann' });
  });

  test('a session that a live process serves is not taken away by recovering it', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir })];
    const session = await sessionOf(one);
    const own = await sessionOf(two);
    const seen = await two.call('session_recover', { session });
    expect(seen).toMatchObject({ session, note: expect.stringContaining('live process') });
    expect(await sessionOf(two)).toBe(own);
    const past = await two.call('session_recover', { session, at: 2 });
    expect(past).toMatchObject({ session, seq: 2, status: 'active', in_flight: [] });
    expect((await two.fail('session_recover', { session, at: 0 })).failure).toMatchObject({ code: 'unknown-seq' });
  });

  test('an emergency is told to everybody once, however it begins', async () => {
    const dir = freshDir();
    const [one, two, other] = [await startForTest({ dir }), await startForTest({ dir }), await startForTest({ dir })];
    for (const server of [two, other]) await sessionOf(server);
    const { session } = await one.call('session_start', { mode: 'emergency', name: 'login is down', resume: 'new' });
    await one.call('session_start', { mode: 'emergency' });
    await two.call('session_update', { mode: 'emergency' });
    await two.call('session_update', { mode: 'emergency', name: 'the same' });
    const { messages } = await other.call('message_read');
    expect(messages).toMatchObject([
      { from: session, kind: 'alert', priority: 1, text: expect.stringMatching(/^Emergency: login is down\n/) },
      { kind: 'alert', priority: 1, text: expect.stringMatching(/^Emergency\n/) },
    ]);
    expect(messages).toHaveLength(2);
    expect((await one.call('message_read'))['messages']).toHaveLength(1);
  });

  test('heartbeat and cleanup', async () => {
    const dir = freshDir();
    const server = await startForTest({ dir });
    const session = await sessionOf(server);
    expect(await server.call('session_heartbeat', { agent: 'ann' })).toMatchObject({ session, status: 'active' });
    expect(await server.call('session_cleanup', { dry_run: true })).toMatchObject({ expired: [], count: 0 });
    await server.call('session_update', { status: 'completed' });
    expect((await server.fail('session_heartbeat')).failure).toMatchObject({ code: 'session-ended' });
  });
});
