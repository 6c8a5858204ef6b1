// The command line: generated from the test tools inside this process, and the built program as it is published.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';
import { createLog } from '../../src/base/log.ts';
import { complainOfFault } from '../../src/cli/complain.ts';
import { runToolCommand } from '../../src/cli/tool-command.ts';
import { globalFlags, readConfig } from '../../src/config/config.ts';
import { type Failure, FailureError, fail, ok } from '../../src/failure/failure.ts';
import { describeTools } from '../../src/tools/describe.ts';
import { testTools } from '../mcp/fixtures/tools.ts';
import type { Message } from '../mcp/process.ts';

interface Ran {
  code: number;
  out: string;
  err: string;
  closed: number;
}

async function baton(argv: string[], trouble?: Failure): Promise<Ran> {
  const config = readConfig({ 'log-level': 'silent' }, {});
  if (!config.ok) throw new Error('config');
  const ran: Ran = { code: -1, out: '', err: '', closed: 0 };
  const close = async (): Promise<void> => void ran.closed++;
  ran.code = await runToolCommand(argv, {
    config: config.value,
    columns: 100,
    log: createLog(config.value),
    version: '1.2.3',
    verbs: [
      { name: 'serve', summary: 'serve MCP' },
      { name: 'backup', summary: 'copies it', usage: 'baton backup <directory> [--json]\n\nand more' },
    ],
    flags: globalFlags,
    listings: describeTools(testTools),
    tools: async () => testTools,
    openServices: async () => (trouble === undefined ? ok({ ran: [], close }) : fail(trouble)),
    perform: async () => undefined,
    signal: new AbortController().signal,
    out: (text) => {
      ran.out += text;
    },
    err: (text) => {
      ran.err += text;
    },
  });
  return ran;
}

async function echoed(...argv: string[]): Promise<unknown> {
  const ran = await baton([...argv, '--json']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  return JSON.parse(ran.out).echoed;
}

describe('arguments', () => {
  test('positions, options, numbers, switches, lists and JSON', async () => {
    const plain = { path: '$', keys_only: false, follow: true };
    expect(await echoed('state', 'get')).toEqual(plain);
    expect(
      await echoed('state', 'get', '$.a', '--limit', '5', '--keys-only', '--no-follow', '--detail', 'full'),
    ).toEqual({
      path: '$.a',
      limit: 5,
      keys_only: true,
      follow: false,
      detail: 'full',
    });
    expect(await echoed('state', 'get', '--path', '$.b', '--fields', 'a, b')).toEqual({
      ...plain,
      path: '$.b',
      fields: ['a', 'b'],
    });
    expect(await echoed('state', 'get', '--fields', '["a,b"]', '--deep', '[{"title":"t"}]')).toMatchObject({
      fields: ['a,b'],
      deep: [{ title: 't' }],
    });
    expect(await echoed('state', 'get', '--at', '12')).toMatchObject({ at: '12' });
    expect(await echoed('state', 'get', '--at', '2026-01-01')).toMatchObject({ at: '2026-01-01' });
  });

  test('a value is JSON if it can be, else text', async () => {
    expect(await echoed('state', 'set', '$', '{"a":1}')).toEqual({ a: 1 });
    expect(await echoed('state', 'set', '$', 'true')).toBe(true);
    expect(await echoed('state', 'set', '$', 'plain words')).toBe('plain words');
    expect(await echoed('state', 'set', '$', '--value', '-5')).toBe(-5);
  });
});

describe('output and exit codes', () => {
  test('text for people, and the services are closed', async () => {
    const ran = await baton(['state', 'set', '$', '[{"id":"a","n":1},{"id":"bb"}]']);
    expect(ran).toMatchObject({ code: 0, closed: 1 });
    expect(ran.out).toBe('echoed: 2\n  id  n\n  a   1\n  bb\nnote: one unread\n');
  });

  test('nothing stored can move the cursor, in text or in JSON', async () => {
    const ran = await baton(['state', 'set', '$', 'a\u001b[2J\u202e']);
    expect(ran.out).toBe('echoed: a\\u001b[2J\\u202e\nnote: one unread\n');
    const json = await baton(['state', 'set', '$', 'a\u202e', '--json']);
    expect(json.out).toContain('\\u202e');
    expect(JSON.parse(json.out).echoed).toBe('a\u202e');
  });

  test('1 for input, with every fault', async () => {
    const ran = await baton(['state', 'get', '--limit', 'many', '--detail', 'x']);
    expect(ran).toMatchObject({ code: 1, out: '', closed: 1 });
    expect(ran.err).toBe(
      'invalid-input: The input was refused (limit: expected number, got string | detail: expected one of "ids", "brief", "full")\n  next: correct it and repeat the call; nothing was done\n',
    );
  });

  test('2 for the store, 3 for the rest, also as JSON', async () => {
    const ran = await baton(['ops', 'break', '--how', 'fail', '--json']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.err).error).toMatchObject({
      code: 'store-damaged',
      offset: 7,
      next: expect.stringContaining('baton doctor'),
    });
    expect((await baton(['state', 'get'], { code: 'store-unsafe', why: 'w', how: 'h' })).code).toBe(2);
    const bug = await baton(['ops', 'break', '--how', 'bug']);
    expect(bug).toMatchObject({ code: 3, closed: 1 });
    expect(bug.err).toMatch(/^internal: .*id [0-9a-f]{8}/);
  });

  test('what nobody caught is told in words, and where it was on request', () => {
    const told = (error: unknown, stack = false): { code: number; text: string } => {
      let text = '';
      const code = complainOfFault(error, { stack, write: (more) => (text += more) });
      return { code, text };
    };
    const failure = told(new FailureError({ code: 'store-full', syscall: 'write', errno: 'ENOSPC' }));
    expect(failure).toMatchObject({
      code: 2,
      text: expect.stringMatching(/^store-full: .*\n {2}why: .*\n {2}next: .*\n$/),
    });
    const fault = told(new Error('odd\u202e'));
    expect(fault.code).toBe(3);
    expect(fault.text).toMatch(/^internal: .*\n {2}why: {2}odd\\u202e\n {2}next: .*--log-level debug.*\n$/);
    expect(told(new Error('odd'), true).text).toContain('cli.test.ts');
  });

  test('a verb says how it is called, and where the flags of all are', async () => {
    const help = await baton(['backup', '--help']);
    expect(help.out).toMatch(/^Usage: baton backup <directory> \[--json\]\n\ncopies it\n\nand more\n/);
    expect(help.out).toContain('such as --state-dir: baton --help');
    expect((await baton(['state', 'get', '--help'])).out).toContain('such as --state-dir: baton --help');
    expect((await baton(['sate'])).err).toContain('--help');
  });

  test('help, version and unknown commands', async () => {
    const help = await baton(['--help']);
    expect(help.code).toBe(0);
    for (const word of ['serve', 'state', 'run', '--state-dir <dir>', '--read-only']) expect(help.out).toContain(word);
    expect((await baton(['help', 'state', 'get'])).out).toContain('Use this to see what was sent.');
    expect((await baton(['state', 'get', '--help'])).out).toContain('[ids|brief|full]');
    expect(await baton(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
    const unknown = await baton(['sate', 'get']);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('Did you mean state?');
    expect((await baton(['state', 'gte'])).err).toContain('Did you mean get?');
    expect((await baton(['state', 'get', '--limt', '3'])).err).toContain('Did you mean --limit?');
    expect((await baton(['state', 'get', 'a', 'b'])).code).toBe(1);
  });
});

describe('the program', () => {
  const dir = mkdtempSync(join(tmpdir(), 'baton-cli-'));
  const run = (args: string[], input = ''): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(dir, 'out/main.js'), '--state-dir', join(dir, 'state'), ...args], {
      input,
      encoding: 'utf8',
    });

  beforeAll(async () => {
    await bundle({ entries: { main: 'src/main.ts' }, dir: join(dir, 'out') });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('prints its version and help', () => {
    expect(run(['--version'])).toMatchObject({ status: 0, stderr: '' });
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run(['--help']).stdout).toContain('serve');
    expect(run(['serve', '--help']).stdout).toContain('serve MCP');
    expect(run(['no-such'])).toMatchObject({ status: 1, stdout: '' });
  });

  test('refuses a wrong setting before it does anything', () => {
    const ran = run(['--log-level', 'loud']);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain('--log-level: expected one of');
    expect(run(['serve', 'what'])).toMatchObject({ status: 1, stdout: '' });
    const typo = run(['--toolsets', 'state,lock_aquire']);
    expect(typo).toMatchObject({ status: 1, stdout: '' });
    expect(typo.stderr).toContain('there is no tool lock_aquire, did you mean lock_acquire?');
    expect(existsSync(join(dir, 'state'))).toBe(false);
  });

  test('the instructions of a server with few tools name these alone', () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } };
    const line = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    const ran = run(['--toolsets', 'state,session'], `${line}\n`);
    const { result } = JSON.parse(ran.stdout) as Message;
    expect(result?.instructions).toContain('state_get');
    expect(result?.instructions).not.toMatch(/plan_|run_|message_|sprint_|decision_/);
  });

  test('serves what a pipe asks, then leaves', () => {
    const lines = [
      {
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } },
      },
      { method: 'notifications/initialized' },
      { id: 2, method: 'tools/list' },
      { id: 3, method: 'tools/call', params: { name: 'no_tool', arguments: {} } },
    ];
    const ran = run([], lines.map((line) => `${JSON.stringify({ jsonrpc: '2.0', ...line })}\n`).join(''));
    expect(ran.status).toBe(0);
    const answers = ran.stdout
      .trim()
      .split('\n')
      .map((line): Message => JSON.parse(line));
    expect(answers.map((answer) => answer.id).sort()).toEqual([1, 2, 3]);
    expect(answers.find((answer) => answer.id === 1)?.result?.instructions).toContain('session_start');
    expect(answers.find((answer) => answer.id === 3)?.result?.content).toMatchObject([
      { text: expect.stringContaining('unknown-tool') },
    ]);
  });
});
