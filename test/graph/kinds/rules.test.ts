// Rules of command nodes: the program, the directory and the environment that they may use.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { agent } from '../../../src/graph/kinds/agent.ts';
import { command, staysInside } from '../../../src/graph/kinds/command.ts';
import { isPlainVariable } from '../../../src/graph/kinds/variables.ts';
import { admittedProgram, resolveWorkdir } from '../../../src/runner/executors/command-admission.ts';
import { Capture } from '../../../src/runner/process/capture.ts';
import { scrubbedEnvironment } from '../../../src/runner/process/environment.ts';

const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'baton-nodes-')));
afterAll(() => rmSync(workspace, { recursive: true }));

test.each([
  [{}, ['task-missing /task']],
  [{ task: ' ' }, ['task-missing /task']],
  [{ task: 'x', agent: '' }, ['bad-value /agent']],
  [{ task: 'x', skills: ['a', ''] }, ['bad-value /skills/1']],
])('agent %j', (fields, expected) => {
  const faults = agent.check({ id: 'a', kind: 'agent', ...fields }, '');
  expect(faults.map((fault) => `${fault.code} ${fault.at}`)).toEqual(expected);
});

test.each([
  [{}, ['command-missing /command']],
  [{ command: [] }, ['command-missing /command']],
  [{ command: [''] }, ['command-missing /command']],
  [{ command: ['npm test'] }, ['command-is-shell-line /command/0']],
  [{ command: ['a b', 'c'] }, []],
  [{ command: ['npm', 'a\0b'] }, ['bad-value /command/1']],
  [{ command: ['ls'], cwd: '../x' }, ['cwd-outside /cwd']],
  [{ command: ['ls'], cwd: 'a/b' }, []],
  [
    { command: ['ls'], env: { OK: '1', HOME: '/x', NODE_OPTIONS: '-r ./x', LD_PRELOAD: 'x', 'A B': '' } },
    ['env-refused /env/HOME', 'env-refused /env/NODE_OPTIONS', 'env-refused /env/LD_PRELOAD', 'env-refused /env/A B'],
  ],
  [{ command: ['ls'], env: { A: '\0' } }, ['env-refused /env/A']],
])('command %j', (fields, expected) => {
  const faults = command.check({ id: 'a', kind: 'command', ...fields }, '');
  expect(faults.map((fault) => `${fault.code} ${fault.at}`)).toEqual(expected);
});

test.each([
  ['', true],
  ['.', true],
  ['a/../b', true],
  ['a/..', true],
  ['a..b/...', true],
  ['..', false],
  ['a/../..', false],
  ['./../a', false],
  ['/a', false],
  ['~', false],
  ['\\a', false],
  ['a\\..\\..', false],
  ['c:x', false],
  ['a\0', false],
])('stays inside: %j %s', (path, expected) => {
  expect(staysInside(path)).toBe(expected);
});

test.each<[string[], string[], boolean]>([
  [['npm', 'test'], ['npm', 'node'], true],
  [['npm'], [], false],
  [[], ['npm'], false],
  [['/usr/bin/npm'], ['npm'], false],
  [['./npm'], ['npm'], false],
  [['npm'], ['/usr/bin/npm'], false],
  [['/usr/bin/npm'], ['/usr/bin/npm'], true],
  [['/usr/bin/../bin/npm'], ['/usr/bin/npm'], false],
  [['npm'], ['*'], false],
  [['NPM'], ['npm'], false],
  [['npm '], ['npm'], false],
])('allowed: %j by %j is %s', (argv, list, expected) => {
  const programs = new Map(list.map((word) => [word, { ok: true as const, file: `/bin/${word}`, name: word }]));
  const answer = admittedProgram(argv, { allowCommands: list, programs });
  expect(answer.ok).toBe(expected);
  if (!answer.ok) expect(answer.why).not.toBe('');
});

test('a working directory is inside the workspace, links included', () => {
  mkdirSync(join(workspace, 'inside/deep'), { recursive: true });
  symlinkSync(tmpdir(), join(workspace, 'out'));
  symlinkSync(join(workspace, 'inside'), join(workspace, 'in'));
  expect(resolveWorkdir(workspace)).toEqual({ ok: true, path: workspace });
  expect(resolveWorkdir(workspace, 'in/deep')).toEqual({ ok: true, path: join(workspace, 'inside/deep') });
  for (const cwd of ['out', '..', 'missing', '/']) expect(resolveWorkdir(workspace, cwd)).toMatchObject({ ok: false });
});

test('few variables are passed on, and the node cannot set what chooses code', () => {
  const base = { PATH: '/bin', HOME: '/h', LC_ALL: 'C', API_TOKEN: 'secret', LD_PRELOAD: 'x', TZ: undefined };
  const own = { CI: '1', FOO: '1', APP_X: '/x', HOME: '/other', PATH: '/evil', GIT_SSH_COMMAND: 'x', GCONV_PATH: '/x' };
  const least = { PATH: '/bin', HOME: '/h', LC_ALL: 'C', CI: '1' };
  expect(scrubbedEnvironment(base, own)).toEqual(least);
  expect(scrubbedEnvironment(base, own, ['FOO', 'APP_*', 'HOME', 'GIT_*'])).toEqual({
    ...least,
    FOO: '1',
    APP_X: '/x',
  });
});

test.each([
  ['LANG', 'de_DE.UTF-8', true],
  ['TZ', 'Europe/Berlin', true],
  ['TZ', '<+03>-3', true],
  ['TZ', ':/etc/passwd', false],
  ['TZ', '/etc/passwd', false],
  ['LC_ALL', '../../tmp/x', false],
  ['lang', 'C', false],
  ['LANGUAGE', 'de', false],
])('plain: %s=%s is %s', (name, value, expected) => {
  expect(isPlainVariable(name, value)).toBe(expected);
});

test.each<[number, string[], string, boolean]>([
  [10, [], '', false],
  [10, ['0123', '456789'], '0123456789', false],
  [10, ['0123456789a'], '01234\n… 1 bytes cut …\n6789a', true],
  [4, ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'ab\n… 3 bytes cut …\nfg', true],
  [4, ['aé', 'xxx', 'éb'], 'a\n… 5 bytes cut …\nb', true],
  [0, ['abc'], '\n… 3 bytes cut …\n', true],
])('capture of %i bytes from %j', (max, chunks, text, truncated) => {
  const capture = new Capture(max);
  for (const chunk of chunks) capture.push(Buffer.from(chunk));
  expect([capture.text(), capture.truncated]).toEqual([text, truncated]);
});
