// `baton hook` as a client runs it: the published program with an event as JSON on stdin, beside real servers on one
// store.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, filesOf, freshDir, Server } from '../e2e/rig.ts';

const dir = freshDir();
const state = path.join(dir, 'state');
const CLIENT = '6037326b-27fb-44d7-a2bf-6e61f4b6f144';
let window: Server;
let other: Server;
let session: string;

const environment = (env: Record<string, string> = {}) => ({
  PATH: process.env.PATH ?? '',
  HOME: dir,
  BATON_STATE_DIR: state,
  ...env,
});

function begin(env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [inject('program'), 'hook'], {
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** What the hook says on stderr. Always: exit code 0, nothing on stdout. */
function hook(event: object | string, env: Record<string, string> = {}, args: string[] = []): string {
  const input = typeof event === 'string' ? event : JSON.stringify({ session_id: CLIENT, cwd: dir, ...event });
  const ran = spawnSync(process.execPath, [inject('program'), ...args, 'hook'], {
    env: environment(env),
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status: 0, stdout: '' });
  return ran.stderr;
}

const start = (agent_id: string, more: object = {}) => ({
  hook_event_name: 'SubagentStart',
  agent_id,
  agent_type: 'Explore',
  ...more,
});
const stop = (agent_id: string) => ({ hook_event_name: 'SubagentStop', agent_id, last_assistant_message: 'done' });

/** Agents as another window's server lists them. */
async function listed(): Promise<Answer[]> {
  const { rows } = await other.call('plan_list', { kind: 'agent', limit: 100 });
  return rows as Answer[];
}
const named = async (): Promise<unknown[]> => (await listed()).map(({ id }) => id);

beforeAll(async () => {
  window = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: CLIENT } });
  session = String((await window.call('session_start', { name: 'one' })).session);
  other = await Server.start({ dir });
  await other.call('session_start', { name: 'two', resume: 'new' });
});
afterAll(async () => {
  await window?.close();
  await other?.close();
});

describe('agents', () => {
  test('given a subagent that starts and stops, another server shows it at once, and then no more', async () => {
    expect(hook(start('a7cdca2e4d46e2444'))).toBe('');
    expect(await listed()).toMatchObject([
      { id: 'explore-a7cdca', live: [session], origin: 'hook', state: 'active', registered: false },
    ]);
    const board = await other.call('dashboard_get', { view: 'agents', format: 'rows' });
    expect(JSON.stringify(board)).toContain('"agent":"explore-a7cdca"');
    expect(JSON.stringify(board)).toContain('"grade":"hook"');
    const { value } = await window.call('state_get', { path: 'organization.sessions' });
    expect(value).toContain(session);
    expect(hook(stop('a7cdca2e4d46e2444'))).toBe('');
    expect(await listed()).toEqual([]);
  });

  test('given a teammate that idles, mail to it reaches its session, and it counts for its team', async () => {
    expect(hook({ hook_event_name: 'TeammateIdle', teammate_name: 'reviewer', team_name: 't' })).toBe('');
    expect(await listed()).toMatchObject([{ id: 'reviewer', state: 'idle' }]);
    expect(await other.call('message_send', { to: 'reviewer', text: 'look at this' })).toMatchObject({ recipients: 1 });
    const { messages } = await window.call('message_read', {});
    expect(messages).toMatchObject([{ text: 'look at this' }]);
    await window.call('message_read', { ack: (messages as Answer[]).map(({ id }) => id) });
    expect(hook({ hook_event_name: 'TaskCompleted', task_id: '1', teammate_name: 'reviewer' })).toBe('');
    expect(await listed()).toMatchObject([{ id: 'reviewer', state: 'active' }]);
  });

  test('given a registered agent that a hook reports, escalations find it there', async () => {
    await other.call('registry_save', { kind: 'agent', id: 'lead', tier: 'orchestrator' });
    await other.call('registry_save', { kind: 'agent', id: 'worker', reports_to: 'lead' });
    await other.call('session_update', { agent: { name: 'worker' } });
    hook({ hook_event_name: 'TeammateIdle', teammate_name: 'lead' });
    expect(await other.call('message_send', { kind: 'escalation', text: 'stuck' })).toMatchObject({
      to: ['agent:lead'],
    });
    expect((await window.call('message_read', {})).messages).toMatchObject([{ text: 'stuck' }]);
    const rows = await listed();
    expect(rows.find(({ id }) => id === 'lead')).toMatchObject({ live: [session], origin: 'hook', available: true });
  });

  test('given the end of the client session, all that hooks reported in it are gone', async () => {
    hook(start('a1'));
    expect(await named()).toContain('explore-a1');
    expect(hook({ hook_event_name: 'SessionEnd', reason: 'other' })).toBe('');
    expect((await listed()).filter(({ origin }) => origin === 'hook')).toEqual([]);
  });

  test('given ten hooks at once, beside a writer of the same session, all arrive', async () => {
    const ids = Array.from({ length: 10 }, (_, at) => `ten${at}`);
    const children = ids.map(() => begin());
    const ended = children.map((child) => once(child, 'exit'));
    for (const [at, child] of children.entries())
      child.stdin?.end(JSON.stringify({ session_id: CLIENT, ...start(ids[at] ?? '') }));
    const writes = ids.map((id) => window.call('state_set', { path: `$.written.${id}`, value: 1 }));
    expect(await Promise.all(ended)).toEqual(ids.map(() => [0, null]));
    await Promise.all(writes);
    expect(await named()).toEqual(expect.arrayContaining(ids.map((id) => `explore-${id}`)));
    hook({ hook_event_name: 'SessionEnd', reason: 'other' });
  });

  test('given hooks that are killed at any moment, what they left is whole, and the store goes on', async () => {
    let acknowledged = 0;
    for (let at = 0; at < 12; at += 1) {
      const child = begin();
      const ended = once(child, 'exit');
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(JSON.stringify({ session_id: CLIENT, ...start(`kill${at}`) }));
      setTimeout(() => child.kill('SIGKILL'), 20 + at * 12);
      const [code] = await ended;
      if (code === 0) {
        acknowledged += 1;
        expect(await named()).toContain(`explore-kill${at}`);
      }
    }
    expect(hook(start('after'))).toBe('');
    const names = await named();
    expect(names).toContain('explore-after');
    expect(names.filter((name) => String(name).startsWith('explore-kill')).length).toBeGreaterThanOrEqual(acknowledged);
    const doctor = spawnSync(process.execPath, [inject('program'), 'doctor', '--json'], {
      env: environment(),
      encoding: 'utf8',
    });
    expect(doctor.status, doctor.stdout).toBe(0);
  });
});

describe('the tool hook_event', () => {
  test('given an unlisted call over the connection, the agent appears, graded as claimed; the answer is {}', async () => {
    const { tools } = await window.client.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('hook_event');
    const filled = { agent_id: 'b1', agent_type: 'Plan', teammate_name: '' };
    expect(await window.call('hook_event', { hook_event_name: 'SubagentStart', ...filled })).toEqual({});
    expect(JSON.stringify(await other.call('dashboard_get', { view: 'agents', format: 'rows' }))).toContain(
      '"grade":"claimed"',
    );
    await window.call('hook_event', { hook_event_name: 'SubagentStop', ...filled });
    expect(await named()).not.toContain('plan-b1');
    await window.fail('hook_event', { hook_event_name: 'PreToolUse' });
  });

  test('given a window without a session, it begins none, whatever the policies look at', async () => {
    const place = freshDir();
    const owner = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'owner' } });
    await owner.call('project_save', { config: { policies: [{ tool: 'state_set', decision: 'deny' }] } });
    const lonely = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'lonely' } });
    expect(await lonely.call('hook_event', { hook_event_name: 'SubagentStart', agent_id: 'c1' })).toEqual({});
    expect(await owner.call('session_list', {})).toMatchObject({ total: 1 });
    expect(await owner.call('plan_list', { kind: 'agent' })).toMatchObject({ total: 0 });
    await lonely.close();
    await owner.close();
  });
});

describe('which session', () => {
  test('given a client that cleared its conversation, the new id is tied to the session that its server serves', async () => {
    // This process stands for the client: the server is its child.
    const env = { CLAUDE_PID: String(process.pid) };
    const fresh = '2ed495ab-a935-4a33-a771-6bcf1b6895b5';
    const place = freshDir();
    const [home, store] = [place, path.join(place, 'state')];
    const own = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'before' } });
    const { session: id } = await own.call('session_start', {});
    // What its window claims it announces too, which is no session.
    const { hash } = await own.call('graph_check', { nodes: [{ id: 'a', kind: 'agent', task: 'Do a.' }] });
    await own.call('run_start', { graph: hash });
    await own.call('run_claim', { agent: 'main' });
    const there = { HOME: home, BATON_STATE_DIR: store };
    const event = { session_id: fresh, hook_event_name: 'SessionStart', source: 'clear' };
    expect(hook(event, there)).toContain('no session');
    if (process.platform === 'linux') {
      expect(hook(event, { ...there, ...env })).toBe('');
      await own.close();
      // Tied for good: the next window of that conversation needs no process to tell.
      const resumed = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: fresh } });
      expect(await resumed.call('session_start', {})).toMatchObject({ session: id, resumed: true });
      await resumed.close();
    } else await own.close();
  });

  test.runIf(process.platform === 'linux')(
    'given its server went on with another session after that, hooks report to the one that is served',
    async () => {
      const place = freshDir();
      const there = { BATON_STATE_DIR: path.join(place, 'state'), CLAUDE_PID: String(process.pid) };
      const own = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'before' } });
      await own.call('session_start', {});
      expect(hook({ session_id: 'cleared', hook_event_name: 'SessionStart', source: 'clear' }, there)).toBe('');
      const { session: next } = await own.call('session_start', { resume: 'new' });
      expect(hook({ ...start('a1'), session_id: 'cleared' }, there)).toBe('');
      expect((await own.call('plan_list', { kind: 'agent' })).rows).toMatchObject([{ id: 'explore-a1', live: [next] }]);
      await own.close();
    },
  );

  test.runIf(process.platform === 'linux')(
    'given a conversation that was not cleared, its id is tied to nobody else’s session',
    async () => {
      const place = freshDir();
      const there = { BATON_STATE_DIR: path.join(place, 'state'), CLAUDE_PID: String(process.pid) };
      // Another client that this one runs: its server is below this process too.
      const inner = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'inner' } });
      const { session: id } = await inner.call('session_start', {});
      hook({ session_id: 'outer', hook_event_name: 'SessionStart', source: 'startup' }, there);
      hook({ ...start('a1'), session_id: 'outer' }, there);
      const outer = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'outer' } });
      expect((await outer.call('session_start', {})).session).not.toBe(id);
      await outer.close();
      await inner.close();
    },
  );

  test('given a client of which nobody knows, or a session that has ended, nothing is done', async () => {
    const place = freshDir();
    const own = await Server.start({ dir: place, env: { CLAUDE_CODE_SESSION_ID: 'gone' } });
    await own.call('session_start', {});
    await own.call('session_update', { status: 'completed' });
    await own.close();
    const store = path.join(place, 'state');
    const before = filesOf(store);
    const env = { BATON_STATE_DIR: store };
    expect(hook({ ...start('a1'), session_id: 'nobody' }, env)).toContain('no session; nothing done');
    expect(hook({ ...start('a1'), session_id: 'gone' }, env)).toContain('is not open; nothing done');
    expect(filesOf(store)).toEqual(before);
  });

  test('given Baton’s own variable, it comes first', async () => {
    expect(hook({ ...start('v1'), session_id: 'nobody' }, { BATON_SESSION: session })).toBe('');
    expect(await named()).toContain('explore-v1');
  });
});

describe('trouble', () => {
  test('given no store, or a log without a line, nothing is made', () => {
    const place = path.join(freshDir(), 'none');
    expect(hook(start('a1'), { BATON_STATE_DIR: place })).toBe('baton hook: there is no store; nothing done\n');
    expect(fs.existsSync(place)).toBe(false);
    fs.mkdirSync(path.join(place, 'log'), { recursive: true });
    hook(start('a1'), { BATON_STATE_DIR: place });
    expect(fs.readdirSync(path.join(place, 'log'))).toEqual([]);
  });

  test('given what is no event of a hook, one line says so', () => {
    const before = filesOf(path.join(state, 'log'));
    for (const input of ['', 'null', '[]', '{"hook_event_name":', '{"hook_event_name": 7}', '\u0000\u001b[31m', '{}'])
      expect(hook(input), input).toMatch(/^baton hook: found no JSON of an event[^\n]*\n$/);
    expect(hook({ hook_event_name: 'Pre\u001b[31m\nTool' })).toMatch(
      /^baton hook: Pre\\u001b\[31m\\u000aTool is none of [^\n]*\n$/,
    );
    expect(hook(start('a1'), { BATON_READ_ONLY: '1' })).toContain('read-only');
    expect(hook(start('a1'), { BATON_SESSION: 'No Such!' })).toContain('invalid-input');
    expect(filesOf(path.join(state, 'log'))).toEqual(before);
  });

  test('given 10 MB on stdin, it is refused; given 5 MB, only what is needed is kept', async () => {
    const big = (mb: number) => start('big', { last_assistant_message: 'x'.repeat(mb * 1_000_000) });
    expect(hook(big(10))).toContain('found no JSON');
    const { size } = fs.statSync(path.join(state, 'log', '000000000001.jsonl'));
    expect(hook(big(5))).toBe('');
    expect(fs.statSync(path.join(state, 'log', '000000000001.jsonl')).size - size).toBeLessThan(2_000);
    expect(await named()).toContain('explore-big');
  });

  test('given hostile ids and names, they become harmless ones', async () => {
    hook({ hook_event_name: 'SessionEnd', reason: 'other' });
    const before = fs.readdirSync(dir).sort();
    for (const text of ['../../../evil', '__proto__', 'a\u001b[2J\u202eb', '\ud800', 'x'.repeat(5_000), '{"a":1}']) {
      expect(hook(start(text, { agent_type: text })), text).toBe('');
      expect(hook({ hook_event_name: 'TeammateIdle', teammate_name: text }), text).toBe('');
    }
    const names = (await listed()).filter(({ origin }) => origin === 'hook').map(({ id }) => String(id));
    expect(names).toHaveLength(12);
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,39}$/);
    expect(fs.readdirSync(dir).sort()).toEqual(before);
  });

  test('given a stdin that nobody closes, the hook ends when the JSON does', async () => {
    const child = begin();
    const ended = once(child, 'exit');
    child.stdin?.write(`${JSON.stringify({ session_id: CLIENT, ...start('open') })}\n`);
    expect(await ended).toEqual([0, null]);
    expect(await named()).toContain('explore-open');
  });

  test('given a damaged store, or one that cannot be opened, the code is 0 and the store is left alone', () => {
    const place = path.join(freshDir(), 'damaged');
    fs.cpSync(path.join(state, 'log'), path.join(place, 'log'), { recursive: true });
    const log = path.join(place, 'log', '000000000001.jsonl');
    fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace('demo', 'dem0').replace('"one"', '"on3"'));
    const before = filesOf(place);
    expect(hook(start('a1'), { BATON_STATE_DIR: place })).toContain('store-damaged, see baton doctor');
    expect(filesOf(place)).toEqual(before);
    fs.rmSync(log);
    fs.mkdirSync(log);
    expect(hook(start('a1'), { BATON_STATE_DIR: place })).toMatch(/^baton hook: [^\n]*\n$/);
  });

  test('--help explains it, and stdout is only for that', () => {
    const { status, stdout } = spawnSync(process.execPath, [inject('program'), 'hook', '--help'], {
      env: environment(),
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('docs/hooks.md');
    expect(hook('', {}, ['--log-level', 'debug'])).toContain('found no JSON');
  });
});
