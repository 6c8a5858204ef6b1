// Damaged stores, through a client and on a terminal: readable data is still answered with a note on the damage, the
// rest is refused with an explanation, and no call hangs, leaks data or shows a stack.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { freshDir, Server, startForTest } from './rig.ts';

const logOf = (dir: string): string => path.join(dir, 'state/log/000000000001.jsonl');

/** The command line in the workspace that the servers of a directory serve. */
function baton(dir: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [inject('program'), '--state-dir', path.join(dir, 'state'), ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '', HOME: dir },
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
}

/** A store with a session of this workspace and two values, closed again. */
async function made(): Promise<{ dir: string; session: string }> {
  const dir = freshDir();
  const server = await Server.start({ dir });
  const { session } = await server.call('session_start');
  await server.call('state_set', { path: '$.sound', value: 1 });
  await server.call('state_set', { path: '$.later', value: 2 });
  await server.close();
  return { dir, session: String(session) };
}

/** Alters the line that set `$.later`. */
function damage(dir: string): void {
  fs.rmSync(path.join(dir, 'state/checkpoint.json'), { force: true });
  const text = fs.readFileSync(logOf(dir), 'utf8');
  fs.writeFileSync(logOf(dir), text.replace('"path":"/later","value":2', '"path":"/later","value":3'));
}

/** Makes the first line say that the store has a format of the future. */
function raise(dir: string): void {
  fs.rmSync(path.join(dir, 'state/checkpoint.json'), { force: true });
  const [first = ''] = fs.readFileSync(logOf(dir), 'utf8').split('\n').filter(Boolean);
  const body = first.slice(0, first.lastIndexOf(', "sum":')).replaceAll('"format":1', '"format":999');
  const sum = createHash('sha256').update(body).digest('hex').slice(0, 16);
  fs.writeFileSync(logOf(dir), `\n${body}, "sum":"${sum}"}\n`);
}

describe('a damaged log', () => {
  test('a new window reads what is sound, is told so, and writes nothing', async () => {
    const { dir, session } = await made();
    damage(dir);
    const before = fs.readFileSync(logOf(dir));
    const server = await startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: 'new-window' } });
    const got = await server.call('state_get', { path: '$.sound' });
    expect(got).toMatchObject({ value: 1, note: expect.stringContaining('the store is stopped (store-damaged)') });
    expect(got['note']).toContain('`baton doctor`');
    expect(await server.call('state_get', { path: '$.later' })).toMatchObject({ matches: 0 });
    for (const [tool, args] of [
      ['state_set', { path: '$.x', value: 1 }],
      ['session_start', {}],
    ] as const) {
      const { failure, text } = await server.fail(tool, args);
      expect(failure).toMatchObject({ code: 'store-damaged', offset: expect.any(Number) });
      expect(text).not.toContain(dir);
    }
    const recovered = await server.call('session_recover', { session });
    expect(recovered).toMatchObject({ complete: false, lost: expect.stringContaining('store-damaged') });
    expect(fs.readFileSync(logOf(dir)).equals(before)).toBe(true);
  });

  test('that a server finds while it runs stops it, and every answer, health and the status line say so', async () => {
    const dir = freshDir();
    const server = await startForTest({ dir });
    await server.call('session_start');
    for (const value of [1, 2, 3]) await server.call('state_set', { path: '$.kept', value });
    const text = fs.readFileSync(logOf(dir), 'utf8');
    fs.writeFileSync(logOf(dir), text.replace('"path":"/kept","value":2', '"path":"/kept","value":7'));
    expect((await server.fail('state_history', { path: '$.kept' })).failure.code).toBe('store-damaged');
    expect((await server.fail('state_set', { path: '$.kept', value: 4 })).failure.code).toBe('store-damaged');
    const told = expect.stringContaining('the store is stopped (store-damaged)');
    expect(await server.call('state_get', { path: '$.kept' })).toMatchObject({ value: 3, note: told });
    const health = JSON.stringify(await server.call('dashboard_get', { view: 'health', format: 'json' }));
    expect(health).toContain('stopped: store-damaged');
    expect(await server.call('project_get')).toMatchObject({ note: told });
    expect(baton(dir, 'statusline').stdout).toContain('stopped: store-damaged');
  });

  test('without any session there, the damage is what is told', async () => {
    const { dir } = await made();
    damage(dir);
    const elsewhere = path.join(dir, 'elsewhere');
    fs.mkdirSync(elsewhere);
    const server = await startForTest({ dir, cwd: elsewhere });
    expect((await server.fail('state_get')).failure.code).toBe('store-damaged');
  });
});

describe('a store of a newer format', () => {
  test('is refused by every call and resource, and each refusal gives back what it opened', async () => {
    const { dir } = await made();
    raise(dir);
    const before = fs.readFileSync(logOf(dir));
    const server = await startForTest({ dir });
    const refusal = async (): Promise<string> => (await server.fail('state_get')).text;
    expect(await refusal()).toMatch(/^store-newer: The store was written by a newer Baton; it has format 999/);
    await expect(server.client.listResources()).rejects.toThrow('store-newer: The store was written');
    if (process.platform === 'linux') {
      const open = (): number => fs.readdirSync(`/proc/${server.pid}/fd`).length;
      const first = open();
      for (let count = 0; count < 10; count += 1) await refusal();
      expect(open()).toBeLessThanOrEqual(first);
    }
    expect(fs.readFileSync(logOf(dir)).equals(before)).toBe(true);
  });

  test('is refused on a terminal in words', async () => {
    const { dir } = await made();
    raise(dir);
    for (const args of [['state', 'get'], ['state', 'set', '$.x', '1'], ['board'], ['watch', '--once']]) {
      const ran = baton(dir, ...args);
      expect(ran).toMatchObject({ status: 2, stdout: '' });
      expect(ran.stderr).toMatch(/^store-newer: The store was written by a newer Baton\n {2}why: .*\n {2}next: .*\n$/);
    }
  });
});

describe('a place that cannot hold a store', () => {
  const refused = (dir: string, state: string): SpawnSyncReturns<string> => {
    const ran = baton(dir, '--state-dir', state, 'state', 'get');
    expect(ran.stderr).toMatch(/^store-[a-z]+: .*\n {2}why: .*\n {2}next: .*\n$/);
    expect(ran).toMatchObject({ status: 2, signal: null, stdout: '' });
    return ran;
  };

  test('a file in its way is named as such', () => {
    const dir = freshDir();
    fs.writeFileSync(path.join(dir, 'file'), '');
    const { stderr } = refused(dir, path.join(dir, 'file/state'));
    expect(stderr).toContain('a part of its path is no directory (ENOTDIR)');
    expect(stderr).toContain('--state-dir');
  });

  test('a link that leads nowhere', () => {
    const dir = freshDir();
    fs.symlinkSync(path.join(dir, 'nowhere'), path.join(dir, 'link'));
    expect(refused(dir, path.join(dir, 'link')).stderr).toContain('(ENOENT)');
  });

  test.each(['log', 'alive', 'blobs', 'sessions', 'shared', 'checkpoint.json'])(
    'a symbolic link in place of %s is unsafe, and nothing is written through it',
    async (name) => {
      const { dir } = await made();
      const state = path.join(dir, 'state');
      const elsewhere = path.join(dir, 'elsewhere');
      fs.mkdirSync(elsewhere);
      fs.rmSync(path.join(state, name), { recursive: true, force: true });
      fs.symlinkSync(elsewhere, path.join(state, name));
      expect(refused(dir, state).stderr).toContain(`${name} in it is a symbolic link`);
      expect(fs.readdirSync(elsewhere)).toEqual([]);
    },
  );

  test('a symbolic link in place of a segment is unsafe', async () => {
    const { dir } = await made();
    fs.renameSync(logOf(dir), path.join(dir, 'moved.jsonl'));
    fs.symlinkSync(path.join(dir, 'moved.jsonl'), logOf(dir));
    expect(refused(dir, path.join(dir, 'state')).stderr).toMatch(/^store-unsafe: [\s\S]*symbolic link/);
  });

  const linux = process.platform === 'linux';
  if (!linux) process.stderr.write('skipped: a file system that makes no directories, since only Linux has /proc\n');
  test.skipIf(!linux)('a file system that makes no directories does not hang anybody', () => {
    refused(freshDir(), '/proc/nothing-there');
  });

  const root = process.getuid?.() === 0;
  if (root) process.stderr.write('skipped: a directory of somebody else, since root may write anywhere\n');
  test.skipIf(root)('a directory of somebody else', () => {
    const dir = freshDir();
    fs.mkdirSync(path.join(dir, 'locked'), { mode: 0o500 });
    expect(refused(dir, path.join(dir, 'locked/state')).stderr).toContain('may not write there (EACCES)');
  });
});

test('the past of a place that was not there yet is shown on a terminal', async () => {
  const { dir } = await made();
  const ran = baton(dir, 'state', 'get', '$.later', '--at', '2');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(ran.stdout).toMatch(/^path: \$\.later\nmatches: 0\nseq: 2\nnote: in session ses-\w+\n$/);
});
