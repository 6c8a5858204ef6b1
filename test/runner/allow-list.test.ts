// What an agent can write does not decide which programs an allow-list admits: attacks on real servers. Each ran
// the planted program while names were looked up in the directory of the child, and bad variables were listed by name.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { locatePrograms, outsidePath, outsideWorkspace } from '../../src/runner/executors/command-programs.ts';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(dir: string, env: Record<string, string>): Promise<Server> {
  const server = await Server.start({ dir, env });
  servers.push(server);
  return server;
}

/** A program of the agent that leaves a mark where it is run. */
function plant(file: string, mark: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho run > ${mark}\nexit 0\n`);
  chmodSync(file, 0o755);
}

async function run(server: Server, node: Answer): Promise<{ start: Answer; detail: Answer }> {
  const checked = await server.call('graph_check', { nodes: [{ id: 'a', kind: 'command', ...node }] });
  expect(checked['errors']).toEqual([]);
  const start = await server.call('run_start', { graph: checked['hash'] });
  await server.call('run_status', { run: start['run'], wait_s: 10 });
  const { detail } = await server.call('run_status', { run: start['run'], node: 'a' });
  return { start, detail: detail as Answer };
}

test.each<[string, (dir: string) => string]>([
  ['a dot', () => '.'],
  ['an empty entry', () => ''],
  ['a relative directory', () => 'node_modules/.bin'],
  ["the workspace's node_modules/.bin", (dir) => path.join(dir, 'node_modules/.bin')],
  ['a link from outside into the workspace', (dir) => path.join(`${dir}-links`, 'bin')],
])('a name is not found by way of %s on PATH, by the server nor by its child', async (_name, entry) => {
  const dir = freshDir();
  const mark = path.join(dir, 'mark');
  plant(path.join(dir, 'git'), mark);
  plant(path.join(dir, 'node_modules/.bin/git'), mark);
  mkdirSync(`${dir}-links`);
  symlinkSync(path.join(dir, 'node_modules/.bin'), path.join(`${dir}-links`, 'bin'));
  const PATH = `${entry(dir)}:${process.env['PATH']}`;
  const server = await serve(dir, { PATH, BATON_ALLOW_COMMANDS: 'git,env' });
  const { detail } = await run(server, { command: ['git', '--version'] });
  expect(detail).toMatchObject({ status: 'finished', output: { stdout: expect.stringMatching(/^git version/) } });
  // `#!/usr/bin/env node` is looked up on the child's PATH.
  const second = await run(server, { command: ['env', 'git', '--version'] });
  expect(second.detail).toMatchObject({
    status: 'finished',
    output: { stdout: expect.stringMatching(/^git version/) },
  });
  expect(existsSync(mark)).toBe(false);
  rmSync(`${dir}-links`, { recursive: true });
});

test('a program that is found only in the workspace is refused at the start, with the reason', async () => {
  const dir = freshDir();
  const mark = path.join(dir, 'mark');
  const own = path.join(dir, 'bin/mine');
  plant(own, mark);
  const env = { PATH: `${path.dirname(own)}:${process.env['PATH']}`, BATON_ALLOW_COMMANDS: `mine,${own},no-such-one` };
  const server = await serve(dir, env);
  for (const [command, why] of [
    ['mine', /lies in the workspace/],
    [own, /lies in the workspace/],
    ['no-such-one', /PATH/],
  ] as const) {
    const { hash } = await server.call('graph_check', { nodes: [{ id: 'a', kind: 'command', command: [command] }] });
    const start = await server.call('run_start', { graph: hash });
    expect(start['warnings']).toMatchObject([{ code: 'nobody_allows', message: expect.stringMatching(why) }]);
  }
  expect(existsSync(mark)).toBe(false);
});

test('a name stays what it was when the server started', async () => {
  const dir = freshDir();
  const tools = `${dir}-tools`;
  mkdirSync(tools);
  const target = readdirSync('/bin').includes('true') ? '/bin/true' : '/usr/bin/true';
  symlinkSync(target, path.join(tools, 'tool'));
  const server = await serve(dir, { PATH: `${tools}:${process.env['PATH']}`, BATON_ALLOW_COMMANDS: 'tool' });
  rmSync(path.join(tools, 'tool'));
  plant(path.join(tools, 'tool'), path.join(dir, 'mark'));
  expect((await run(server, { command: ['tool'] })).detail).toMatchObject({ status: 'finished' });
  expect(existsSync(path.join(dir, 'mark'))).toBe(false);
  rmSync(tools, { recursive: true });
});

/** Ways to run a program of the agent by a variable; each needs what is planted in `evil`. */
const ATTACKS: [string, string[], (evil: string, mark: string) => Record<string, string>][] = [
  ['HOME', ['git', 'planted'], (evil) => ({ HOME: evil })],
  ['XDG_CONFIG_HOME', ['git', 'planted'], (evil) => ({ XDG_CONFIG_HOME: evil })],
  [
    'TAR_OPTIONS',
    ['tar', '-cf', '/dev/null', '.'],
    (_evil, mark) => ({
      TAR_OPTIONS: `--checkpoint=1 --checkpoint-action=exec=touch\\ ${mark}`,
    }),
  ],
  ['PERL5DB', ['perl', '-d', '-e', '1'], (_evil, mark) => ({ PERL5DB: `BEGIN { system 'touch ${mark}' }` })],
  ['MAKEFLAGS', ['make', '-v'], (evil) => ({ MAKEFLAGS: `-f ${evil}/Makefile` })],
  ['GCONV_PATH', ['iconv', '-l'], (evil) => ({ GCONV_PATH: evil })],
];

test.each(ATTACKS)('%s is not set, and the node says why it waits', async (name, command, env) => {
  const dir = freshDir();
  const mark = path.join(dir, 'mark');
  const evil = path.join(dir, 'evil');
  mkdirSync(path.join(evil, 'git'), { recursive: true });
  const config = `[alias]\n  planted = !touch ${mark}\n`;
  writeFileSync(path.join(evil, '.gitconfig'), config);
  writeFileSync(path.join(evil, 'git/config'), config);
  const server = await serve(dir, { BATON_ALLOW_COMMANDS: command[0] ?? '' });
  const checked = await server.call('graph_check', {
    nodes: [{ id: 'a', kind: 'command', command, env: env(evil, mark) }],
  });
  if (name === 'HOME') expect(checked['errors']).toMatchObject([{ code: 'env-refused' }]);
  else {
    const start = await server.call('run_start', { graph: checked['hash'] });
    const message = expect.stringMatching(/not|no directory/);
    expect(start['warnings']).toMatchObject([{ code: 'nobody_allows', nodes: ['a'], message }]);
    await server.call('run_status', { run: start['run'], wait_s: 1 });
  }
  expect(existsSync(mark)).toBe(false);
});

test('what the operator admits may be set, and is', async () => {
  const server = await serve(freshDir(), { BATON_ALLOW_COMMANDS: 'env', BATON_ALLOW_ENV: 'APP_*' });
  const { detail } = await run(server, { command: ['env'], env: { APP_MODE: 'x y', CI: '1' } });
  expect(detail).toMatchObject({ output: { stdout: expect.stringMatching(/^APP_MODE=x y$/m) } });
});

test('PATH keeps its directories outside the workspace, in order', () => {
  const dir = freshDir();
  expect(outsidePath(`/bin:.::${dir}/x:${dir}:rel:/usr/bin`, dir)).toEqual(['/bin', '/usr/bin']);
  const found = outsideWorkspace(locatePrograms(['sh', 'no-such-one'], '/bin'), dir);
  expect([...found.values()]).toMatchObject([{ ok: true }, { ok: false }]);
});
