// How many command nodes go on at once, and what is said of a run that no running server performs.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(dir: string, name: string, allow?: string): Promise<Server> {
  const env = { CLAUDE_CODE_SESSION_ID: name, BATON_TOOLSETS: 'all' };
  const server = await Server.start({ dir, env: allow === undefined ? env : { ...env, BATON_ALLOW_COMMANDS: allow } });
  servers.push(server);
  return server;
}

/** Notes that it is at work, until told to go. */
function waits(dir: string, id: string): Answer {
  const [at, go] = [path.join(dir, `at-${id}`), path.join(dir, 'go')].map((file) => JSON.stringify(file));
  const text = `const fs = require('fs'); fs.writeFileSync(${at}, ''); setInterval(() => fs.existsSync(${go}) && process.exit(0), 20)`;
  return { id, kind: 'command', command: ['node', '-e', text] };
}

async function start(server: Server, nodes: Answer[], more: Answer = {}): Promise<Answer> {
  const { hash, errors } = await server.call('graph_check', { nodes });
  expect(errors).toEqual([]);
  return await server.call('run_start', { graph: hash, ...more });
}

async function atWork(dir: string, count: number): Promise<number> {
  const seen = (): number => readdirSync(dir).filter((name) => name.startsWith('at-')).length;
  const endsAt = Date.now() + 15_000;
  while (seen() < count && Date.now() < endsAt) await delay(20);
  // Long enough for one more to begin, if one may.
  await delay(300);
  return seen();
}

test.each<[string, Answer, number]>([
  [
    'as many as max_parallel, be it more than the cores',
    { max_parallel: availableParallelism() + 2 },
    availableParallelism() + 2,
  ],
  ['one where it is one', { max_parallel: 1 }, 1],
])('%s', async (_name, more, expected) => {
  const dir = freshDir();
  const server = await serve(dir, 'one', 'node');
  const ids = Array.from({ length: expected + 2 }, (_, i) => `n${i}`);
  const { run } = await start(
    server,
    ids.map((id) => waits(dir, id)),
    more,
  );
  expect(await atWork(dir, expected)).toBe(expected);
  writeFileSync(path.join(dir, 'go'), '');
  expect(await server.call('run_status', { run, wait_s: 30 })).toMatchObject({ status: 'finished' });
});

test('a run that no running server performs is stuck everywhere, until one comes that does', async () => {
  const dir = freshDir();
  const server = await serve(dir, 'one', 'git');
  const nodes = [
    { id: 'a', kind: 'command', command: ['node', '-e', ''] },
    { id: 'b', kind: 'command', command: ['git', '--version'], needs: ['a'] },
  ];
  const begun = await start(server, nodes);
  const { run } = begun;
  const wants = /--allow-commands node/;
  expect(begun).toMatchObject({ status: 'stuck', warnings: [{ code: 'nobody_allows', nodes: ['a'] }] });
  const seen = await server.call('run_status', { run, wait_s: 20 });
  expect(seen).toMatchObject({ status: 'stuck', nobody: [{ node: 'a', why: expect.stringMatching(wants) }] });
  expect(await server.call('run_status', { status: 'stuck' })).toMatchObject({ runs: [{ run, status: 'stuck' }] });
  const view = async (name: string): Promise<string> =>
    JSON.stringify(await server.call('dashboard_get', { view: name, format: 'json' }));
  expect(await view('runs')).toMatch(/no server that runs in its workspace admits it/);
  expect(await view('health')).toMatch(/1 stuck/);

  const other = await serve(dir, 'two', 'node,git');
  expect(await other.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'finished' });
  // It goes, and with it what it admits.
  const { run: second } = await start(other, [
    { id: 'a', kind: 'agent', task: 'x' },
    { ...nodes[0], id: 'c', needs: ['a'] },
  ]);
  const { claim } = await server.call('run_claim', { run: second });
  await other.close();
  expect(await server.call('run_status', { run: second })).toMatchObject({ status: 'running' });
  await server.call('run_report', { claim, status: 'done' });
  expect(await server.call('run_status', { run: second })).toMatchObject({ status: 'stuck', nobody: [{ node: 'c' }] });
  expect(existsSync(dir)).toBe(true);
});

test('a variable that no server admits makes it stuck too', async () => {
  const dir = freshDir();
  const server = await serve(dir, 'one', 'env');
  const node = { id: 'a', kind: 'command', command: ['env'], env: { APP_MODE: '1' } };
  const { run } = await start(server, [node]);
  const why = expect.stringMatching(/--allow-env APP_MODE/);
  expect(await server.call('run_status', { run })).toMatchObject({ status: 'stuck', nobody: [{ node: 'a', why }] });
});
