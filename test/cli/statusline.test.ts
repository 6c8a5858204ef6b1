// `baton statusline` as a client runs it: the published program, once, with JSON on stdin or without.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { filesOf, freshDir, Server } from '../e2e/rig.ts';

const dir = freshDir();
const state = path.join(dir, 'state');
const CLIENT = '5f3c0000-aaaa-4bbb-8ccc-0123456789ab';
let server: Server;
let other: Server;
let session: string;

interface Run {
  args?: string[];
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}

function line({ args = [], input = '', env = {}, cwd = dir }: Run = {}): string {
  const { status, stdout } = spawnSync(process.execPath, [inject('program'), 'statusline', ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: dir, BATON_STATE_DIR: state, ...env },
    cwd,
    input,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  return stdout.trimEnd();
}

beforeAll(async () => {
  server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: CLIENT } });
  session = String((await server.call('session_start', { name: '会議 one' })).session);
  const tasks = [
    { key: 'a', title: 'a' },
    { key: 'b', title: 'b' },
    { key: 'c', title: 'c' },
  ];
  await server.call('plan_save', { sprint: { title: 'First', status: 'active' }, tasks });
  await server.call('task_save', { id: 'TSK-1', status: 'cancelled' });
  await server.call('task_save', { id: 'TSK-2', status: 'done' });
  const nodes = [{ id: 'x', kind: 'agent', task: 'x' }];
  const { hash } = await server.call('graph_check', { nodes });
  const { run } = await server.call('run_start', { graph: hash });
  await server.call('run_claim', { run: String(run) });
  other = await Server.start({ dir });
  await other.call('session_start', { name: 'two', resume: 'new' });
  await other.call('message_send', { to: session, text: 'hello' });
  await other.call('message_send', { to: session, text: 'now', priority: 1 });
});
afterAll(async () => {
  await server?.close();
  await other?.close();
});

describe('statusline', () => {
  test("given a client's JSON, its session is shown with mail, sprint, claims and runs, and nothing is written", () => {
    const elsewhere = freshDir();
    const input = JSON.stringify({ session_id: CLIENT, model: { id: 'm' }, workspace: { project_dir: dir } });
    const servers = [server.pid, other.pid];
    // Their own maintenance writes when they are idle: stopped, they write nothing.
    for (const pid of servers) process.kill(pid, 'SIGSTOP');
    try {
      const before = filesOf(state);
      expect(line({ input, cwd: elsewhere })).toBe(
        '会議 one (development) · 2 unread, 1 urgent · SPR-1 1/2 · 1 claim · 1 run',
      );
      expect(filesOf(state)).toEqual(before);
    } finally {
      for (const pid of servers) process.kill(pid, 'SIGCONT');
    }
  });

  test('given no JSON, or a broken one, the session is found as the command line finds it', () => {
    expect(line({ env: { BATON_SESSION: session } })).toContain('会議 one');
    expect(line({ env: { CLAUDE_CODE_SESSION_ID: CLIENT } })).toContain('会議 one');
    for (const input of ['', '{"session_id":', '[]', 'null', '{"session_id": 7, "workspace": []}'])
      expect(line({ input }), input).toMatch(/^two \(development\) · SPR-1 1\/2 · 1 run$/);
  });

  test('given work that is offered to the session, it is told', async () => {
    const place = freshDir();
    const at = path.join(place, 'state');
    const [giver, receiver] = [await Server.start({ dir: place }), await Server.start({ dir: place })];
    const { session: to } = await receiver.call('session_start');
    const env = { BATON_STATE_DIR: at, BATON_SESSION: String(to) };
    await giver.call('session_handoff', { to, summary: 's' });
    expect(line({ env, cwd: place })).toContain('· 1 offer of work');
    await giver.close();
    await receiver.close();
  });

  test('given an unknown session, what is the project’s is still shown', () => {
    expect(line({ env: { BATON_SESSION: 'ses-none' } })).toBe('SPR-1 1/2 · 1 run');
  });

  test('given something that is not well, it stands right after the session, the others by name', () => {
    const env = { BATON_SESSION: session, BATON_DURABILITY: 'none' };
    expect(line({ env })).toMatch(/^会議 one \(development\) · ! durability: a power loss may .* · 2 unread/);
  });

  test.each([40, 12, 1, 0])('given a width of %i, the line is no wider', (width) => {
    const env = { BATON_SESSION: session };
    for (const shown of [
      line({ env, args: ['--width', String(width)] }),
      width > 0 ? line({ env: { ...env, COLUMNS: String(width) } }) : '',
    ]) {
      expect(stringWidth(shown)).toBeLessThanOrEqual(width);
      if (width > 0) expect(shown.endsWith('…')).toBe(true);
    }
  });

  test('colours are for terminals and --color, and NO_COLOR has the last word', () => {
    const env = { BATON_SESSION: session };
    const coloured = line({ env, args: ['--color', '--width', '40'] });
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(
      line({ env: { ...env, FORCE_COLOR: '1' }, args: ['--width', '40'] }),
    );
    expect(line({ env: { ...env, NO_COLOR: '1' }, args: ['--color'] })).not.toContain('\u001b');
  });

  test('given a name that would move the cursor, it cannot', async () => {
    const evil = await Server.start({ dir });
    const { session: id } = await evil.call('session_start', { resume: 'new' });
    await evil.call('session_update', { name: 'a \u001b[31m\u202eb' });
    expect(line({ env: { BATON_SESSION: String(id) } })).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    await evil.close();
  });
});

describe('trouble', () => {
  test('given no store, or a log without a line, the line is empty and nothing is made', () => {
    const place = path.join(freshDir(), 'none');
    expect(line({ env: { BATON_STATE_DIR: place } })).toBe('');
    expect(fs.existsSync(place)).toBe(false);
    fs.mkdirSync(path.join(place, 'log'), { recursive: true });
    expect(line({ env: { BATON_STATE_DIR: place } })).toBe('');
    expect(fs.readdirSync(path.join(place, 'log'))).toEqual([]);
  });

  test('given wrong settings or arguments, nothing is shown and the exit code is 0 all the same', () => {
    for (const run of [{ env: { BATON_SESSION: 'No Such!' } }, { args: ['--widht', '3'] }, { args: ['--state-dir'] }]) {
      const { status, stdout } = spawnSync(process.execPath, [inject('program'), 'statusline', ...(run.args ?? [])], {
        env: { PATH: process.env.PATH ?? '', HOME: dir, BATON_STATE_DIR: state, ...run.env },
        encoding: 'utf8',
        input: '',
      });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    }
  });

  test('given a stdin that nobody closes, the line does not wait for it', async () => {
    const child = spawn(process.execPath, [inject('program'), 'statusline'], {
      env: { PATH: process.env.PATH ?? '', HOME: dir, BATON_STATE_DIR: state, BATON_SESSION: session },
    });
    const chunks: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    child.stdin.write('{"session_id":');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(chunks.join('')).toContain('会議 one');
  });

  test('given a damaged store, the line says so and the store is left alone', () => {
    const place = path.join(freshDir(), 'damaged');
    fs.cpSync(path.join(state, 'log'), path.join(place, 'log'), { recursive: true });
    const log = path.join(place, 'log', '000000000001.jsonl');
    fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace('会議', '会合'));
    const before = filesOf(place);
    const shown = line({ env: { BATON_STATE_DIR: place, BATON_DURABILITY: 'none' } });
    expect(shown).toMatch(/writing: stopped: store-damaged, durability/);
    expect(filesOf(place)).toEqual(before);
    // Nor does a file that cannot be read make it fail.
    fs.rmSync(log);
    fs.mkdirSync(log);
    line({ env: { BATON_STATE_DIR: place } });
  });
});
