// `baton run start` alone says that a server is needed; with --wait it executes the run until its end.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, inject, test } from 'vitest';
import { freshDir } from '../e2e/rig.ts';

const dir = freshDir();
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: dir,
  BATON_STATE_DIR: path.join(dir, 'state'),
  BATON_ALLOW_COMMANDS: 'node',
};

function baton(...argv: string[]): { status: number | null; out: Record<string, unknown>; err: string } {
  const ran = spawnSync(process.execPath, [inject('program'), ...argv, '--json'], { env, cwd: dir, encoding: 'utf8' });
  return { status: ran.status, out: ran.stdout === '' ? {} : JSON.parse(ran.stdout), err: ran.stderr };
}

function node(id: string, code: string, needs: string[] = []): object {
  return { id, kind: 'command', command: ['node', '-e', code], needs };
}

function save(name: string, nodes: object[]): void {
  expect(baton('graph', 'check', '--nodes', JSON.stringify(nodes), '--save-as', name)).toMatchObject({ status: 0 });
}

beforeAll(() => {
  save('good', [node('a', 'console.log(1)'), node('b', 'console.log(2)', ['a'])]);
  save('bad', [node('a', 'process.exit(3)')]);
  const at = JSON.stringify(path.join(dir, 'at'));
  save('long', [node('a', `require('fs').writeFileSync(${at}, ''); setInterval(() => {}, 1000)`)]);
});

test('without --wait it is stuck, and the answer says what is needed', () => {
  const { status, out } = baton('run', 'start', 'good');
  expect(status).toBe(0);
  const message = expect.stringMatching(/start one with --allow-commands node, or start the run with --wait/);
  expect(out).toMatchObject({ status: 'stuck', warnings: [{ code: 'needs_server', nodes: ['a'], message }] });
});

test('with --wait it runs to its end, and the exit code tells how', () => {
  const good = baton('run', 'start', 'good', '--wait');
  expect(good).toMatchObject({ status: 0, out: { status: 'finished', counts: { finished: 2 } } });
  expect(good.err).toMatch(/goes on until its end/);
  expect(baton('run', 'start', 'bad', '--wait')).toMatchObject({ status: 3, out: { status: 'failed' } });
  // Runs that others started are left to others.
  expect(baton('run', 'status', '--status', 'stuck').out).toMatchObject({ total: 1 });
});

test('what it may not run makes it stop waiting', () => {
  const { status, out } = baton('run', 'start', 'good', '--wait', '--allow-commands', 'git');
  expect({ status, out }).toMatchObject({ status: 3, out: { status: 'stuck', nobody: [{ node: 'a' }] } });
});

test('an interrupt ends what is at work', async () => {
  const child = spawn(process.execPath, [inject('program'), 'run', 'start', 'long', '--wait'], { env, cwd: dir });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (let left = 400; left > 0 && !existsSync(path.join(dir, 'at')); left--) await delay(25);
  child.kill('SIGINT');
  await ended;
  const { out } = baton('run', 'status', '--status', 'stuck');
  expect(JSON.stringify(out)).toMatch(/long/);
});
