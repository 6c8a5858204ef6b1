// The process runner against real processes. Nothing here sleeps for order: children say what they did on their output
// or by their pid, and the tests ask the system whether they are gone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { locatePrograms } from '../../../src/runner/executors/command-programs.ts';
import { scrubbedEnvironment } from '../../../src/runner/process/environment.ts';
import { type ProcessOptions, runProcess } from '../../../src/runner/process/process.ts';
import { groupAlive, killGroup, processStart } from '../../../src/runner/process/process-group.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'baton-process-')));
afterAll(() => rmSync(cwd, { recursive: true }));

const baseEnv = { PATH: process.env.PATH, HOME: '/home/x', LANG: 'C', LC_CTYPE: 'C.UTF-8', SECRET_TOKEN: 'secret' };

function run(argv: string[], more: Partial<ProcessOptions> = {}) {
  const [program = ''] = argv;
  const file = locatePrograms([program], process.env.PATH).get(program)?.[0]?.file ?? program;
  return runProcess({ file, argv, cwd, env: scrubbedEnvironment(baseEnv), timeoutMs: 20_000, ...more });
}

function script(text: string, more: Partial<ProcessOptions> = {}) {
  return run(['sh', '-c', text], more);
}

function node(text: string, more: Partial<ProcessOptions> = {}) {
  return run([process.execPath, '-e', text], more);
}

/** Processes of a group that are not zombies, by the system's own list. */
function members(group: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, , pgrp] = text.slice(text.lastIndexOf(')') + 2).split(' ');
        return Number(pgrp) === group && state !== 'Z';
      } catch {
        return false;
      }
    })
    .map(Number);
}

test('a process that ends by itself', async () => {
  const result = await script('echo out; echo err >&2; exit 3');
  expect(result).toMatchObject({ outcome: 'exited', exit_code: 3, stdout: 'out\n', stderr: 'err\n', truncated: false });
  expect(result).not.toHaveProperty('signal');
  expect(result).not.toHaveProperty('escaped');
  expect(result.duration_ms).toBeLessThan(5_000);
});

test('a process that a signal ends', async () => {
  const result = await script('kill -9 $$');
  expect(result).toMatchObject({ outcome: 'exited', signal: 'SIGKILL' });
  expect(result).not.toHaveProperty('exit_code');
});

test('arguments are not read by a shell', async () => {
  const result = await run(['printf', '%s|', '$HOME', '; echo x', '*']);
  expect(result.stdout).toBe('$HOME|; echo x|*|');
});

test('input is at its end', async () => {
  expect(await run(['cat'])).toMatchObject({ outcome: 'exited', exit_code: 0, stdout: '' });
});

test('it leads a group of its own, in the given directory', async () => {
  let pid = 0;
  const result = await script('pwd; cut -d " " -f 5 /proc/$$/stat', {
    onSpawn: (spawned) => {
      pid = spawned.pid;
    },
  });
  expect(result.stdout).toBe(`${cwd}\n${pid}\n`);
  expect(result.pid).toBe(pid);
});

test('few variables reach it', async () => {
  const own = { APP_MINE: 'yes', OTHER: 'no', LD_PRELOAD: '/nowhere.so', PATH: '/nowhere', CI: '1' };
  const result = await run(['env'], { env: scrubbedEnvironment(baseEnv, own, ['APP_*', 'LD_PRELOAD']) });
  const names = result.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('=')[0]);
  expect(names.toSorted()).toEqual(['APP_MINE', 'CI', 'HOME', 'LANG', 'LC_CTYPE', 'PATH']);
});

test.each<[string, string[], Partial<ProcessOptions>, string]>([
  ['an empty command', [], {}, 'no-program'],
  ['an empty program', [''], {}, 'no-program'],
  ['a missing program', ['no-such-program'], {}, 'no-program'],
  ['a missing path', ['/nowhere/x'], {}, 'no-program'],
  ['a file that is no program', ['./plain.txt'], {}, 'not-executable'],
  ['a missing directory', ['true'], { cwd: '/nowhere' }, 'no-directory'],
  ['a file as directory', ['true'], { cwd: '/etc/passwd' }, 'no-directory'],
  ['a directory that no path can name', ['true'], { cwd: '/tmp/\0' }, 'ERR_INVALID_ARG_VALUE'],
  ['a NUL', ['echo', 'a\0b'], {}, 'ERR_INVALID_ARG_VALUE'],
  ['too many arguments', ['echo', 'x'.repeat(3_000_000)], {}, 'E2BIG'],
])('does not start: %s', async (_name, argv, more, code) => {
  writeFileSync(join(cwd, 'plain.txt'), 'text');
  const result = await run(argv, more);
  expect(result).toMatchObject({ outcome: 'spawn-failed', error: { code }, stdout: '' });
  expect(result).not.toHaveProperty('pid');
});

test('the deadline ends it', async () => {
  const result = await script('echo begun; exec sleep 60', { timeoutMs: 200 });
  expect(result).toMatchObject({ outcome: 'timed-out', signal: 'SIGTERM', stdout: 'begun\n' });
  expect(result.duration_ms).toBeLessThan(3_000);
  expect(members(result.pid)).toEqual([]);
});

test('what it says on its way out is kept', async () => {
  const text =
    "process.on('SIGTERM', () => { console.log('bye'); process.exit(7) }); setInterval(() => {}, 1e6); console.log('up')";
  const result = await node(text, { timeoutMs: 1_500 });
  expect(result).toMatchObject({ outcome: 'timed-out', exit_code: 7, stdout: 'up\nbye\n' });
});

test('one that ignores SIGTERM is killed after the grace', async () => {
  const result = await script("trap '' TERM; echo up; while :; do sleep 1; done", { timeoutMs: 200, graceMs: 300 });
  expect(result).toMatchObject({ outcome: 'timed-out', signal: 'SIGKILL' });
  expect(result.duration_ms).toBeGreaterThan(450);
  expect(result.duration_ms).toBeLessThan(4_000);
  expect(members(result.pid)).toEqual([]);
});

test('a grandchild that ignores SIGTERM and holds the pipes is killed too', async () => {
  const text = "(trap '' TERM; while :; do sleep 1; done) & sleep 60";
  const result = await script(text, { timeoutMs: 200, graceMs: 300 });
  expect(result).toMatchObject({ outcome: 'timed-out', signal: 'SIGTERM' });
  expect(result.duration_ms).toBeLessThan(4_000);
  expect(members(result.pid)).toEqual([]);
});

test('what stays behind after a good end is ended, whether it holds the pipes or not', async () => {
  const result = await script('sleep 61 & sleep 62 >/dev/null 2>&1 & echo done');
  expect(result).toMatchObject({ outcome: 'exited', exit_code: 0, stdout: 'done\n' });
  expect(result.duration_ms).toBeLessThan(3_000);
  expect(members(result.pid)).toEqual([]);
});

test('one that left the group and holds the pipes cannot hold the answer', async () => {
  const text = `
    const { spawn } = require('node:child_process');
    const child = spawn('sleep', ['63'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
    child.unref();
    console.log(child.pid);`;
  const result = await node(text);
  process.kill(Number(result.stdout), 'SIGKILL');
  expect(result).toMatchObject({ outcome: 'exited', exit_code: 0, escaped: true });
  expect(result.duration_ms).toBeLessThan(5_000);
});

test('a flood is capped, at both ends, and does not hang', async () => {
  const text = `
    const line = Buffer.alloc(1 << 20, 'x');
    process.stdout.write('first');
    let left = 50;
    const more = () => (left-- > 0 ? process.stdout.write(line, more) : process.stdout.write('last'));
    more();`;
  const result = await node(text, { maxOutputBytes: 1_000 });
  expect(result).toMatchObject({ outcome: 'exited', exit_code: 0, truncated: true });
  expect(result.stdout).toMatch(/^firstx{495}\n… \d+ bytes cut …\nx{496}last$/);
});

test('an endless flood ends with the deadline', async () => {
  const result = await run(['yes'], { timeoutMs: 300 });
  expect(result).toMatchObject({ outcome: 'timed-out', truncated: true });
  expect(Buffer.byteLength(result.stdout)).toBeLessThan(65 * 1024);
});

test('the caller can end it at any time', async () => {
  const before = AbortSignal.abort();
  expect(await run(['true'], { signal: before })).toMatchObject({ outcome: 'aborted', stdout: '' });
  const during = new AbortController();
  const result = await run(['sleep', '64'], { signal: during.signal, onSpawn: () => during.abort() });
  expect(result).toMatchObject({ outcome: 'aborted', signal: 'SIGTERM' });
  const later = new AbortController();
  setTimeout(() => later.abort(), 100);
  const second = await run(['sleep', '65'], { signal: later.signal });
  expect(second).toMatchObject({ outcome: 'aborted', signal: 'SIGTERM' });
  expect(members(second.pid)).toEqual([]);
});

test('a process that could not be recorded does not stay', async () => {
  const fail = () => {
    throw new Error('store is full');
  };
  const result = await run(['sleep', '66'], { onSpawn: fail });
  expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'not-recorded', message: 'store is full' } });
  expect(members(result.pid)).toEqual([]);
});

test('onSpawn is told the start time that the system shows', async () => {
  const seen: (string | undefined)[] = [];
  const onSpawn = (spawned: { pid: number; startTime: string | undefined }) => {
    seen.push(spawned.startTime, processStart(spawned.pid));
  };
  const result = await run(['true'], { onSpawn });
  expect(seen[0]).toMatch(/\d/);
  expect(seen[0]).toBe(seen[1]);
  expect(processStart(result.pid ?? 0)).toBeUndefined();
});

test('a very long deadline is not an immediate one', async () => {
  expect(await run(['true'], { timeoutMs: 2 ** 40 })).toMatchObject({ outcome: 'exited', exit_code: 0 });
});

test('many at once', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => script(`echo ${i}; exit ${i}`)));
  expect(results.map((result) => [result.exit_code, result.stdout])).toEqual(results.map((_, i) => [i, `${i}\n`]));
});

test('killGroup ends only the process it is told of', async () => {
  const child = spawn('sh', ['-c', 'sleep 67 & echo up; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const start = processStart(pid) ?? '';
  expect(start).not.toBe('');
  expect(await killGroup(pid, `${start}0`)).toBe('other');
  expect(members(pid)).toHaveLength(2);
  expect(await killGroup(pid, start)).toBe('ended');
  expect(members(pid)).toEqual([]);
  expect(groupAlive(pid)).toBe(false);
  await exit;
  expect(await killGroup(pid, start)).toBe('gone');
});

test.each([0, 1, -1, -5, 1.5, Number.NaN])('no group has the number %s', async (pid) => {
  expect(processStart(pid)).toBeUndefined();
  expect(groupAlive(pid)).toBe(false);
  expect(await killGroup(pid, '')).toBe('gone');
});
