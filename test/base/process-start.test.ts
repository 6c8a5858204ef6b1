// A process that has ended is gone, also while its parent has not asked for its exit yet.

import { spawn, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isAlive, quickStart } from '../../src/base/process-start.ts';

const hasProc = quickStart(process.pid) !== undefined;

test.skipIf(!hasProc)('a zombie counts as gone', async () => {
  // The shell becomes a program that never waits for the child.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const pid = Number(String(await new Promise((resolve) => parent.stdout.once('data', resolve))));
    const start = quickStart(pid);
    expect(isAlive(pid, start)).toBe(true);
    const state = () =>
      spawnSync('cut', ['-d', ' ', '-f', '3', `/proc/${pid}/stat`], { encoding: 'utf8' }).stdout.trim();
    await expect.poll(state, { timeout: 10_000 }).toBe('Z');
    expect(isAlive(pid, start)).toBe(false);
    expect(isAlive(pid, undefined)).toBe(false);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('this process lives, and one that started at another time does not', () => {
  expect(isAlive(process.pid, quickStart(process.pid))).toBe(true);
  if (hasProc) expect(isAlive(process.pid, 'another time')).toBe(false);
});
