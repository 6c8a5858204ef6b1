// Flags and environment as Config: order of sources, absent and wrong values, all faults at once.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Config, type Flags, readConfig, takeFlags } from '../../src/config/config.ts';
import { isId } from '../../src/store/stream.ts';

function config(env: Record<string, string> = {}, flags: Flags = {}): Config {
  const read = readConfig(flags, env);
  if (!read.ok) throw new Error(JSON.stringify(read.failure));
  return read.value;
}

function issues(env: Record<string, string>, flags: Flags = {}): string[] {
  const read = readConfig(flags, env);
  return read.ok || read.failure.code !== 'invalid-input' ? [] : read.failure.issues.map((issue) => issue.at);
}

describe('readConfig', () => {
  test('defaults', () => {
    expect(config()).toMatchObject({
      stateDir: join(homedir(), '.claude/state'),
      durability: 'fsync',
      toolsets: { sets: ['state', 'session', 'plan', 'run', 'team', 'ops'], tools: [], all: false },
      readOnly: false,
      projectDir: process.cwd(),
      projectNamed: false,
      allowCommands: [],
      logLevel: 'warn',
      forceNetworkFs: false,
      maxCallsPerSecond: 200,
      checkAnswers: false,
      cwd: process.cwd(),
    });
    expect(config().session).toBeUndefined();
    expect(config().user).not.toBe('');
  });

  test('a flag before a variable before the default', () => {
    expect(config({ BATON_STATE_DIR: '/a' }).stateDir).toBe('/a');
    expect(config({ BATON_STATE_DIR: '/a' }, { 'state-dir': '/b' }).stateDir).toBe('/b');
    expect(config({ BATON_STATE_DIR: '~/x' }).stateDir).toBe(join(homedir(), 'x'));
    expect(config({ BATON_STATE_DIR: 'x' }).stateDir).toBe(join(process.cwd(), 'x'));
  });

  test('a trace file: none by default, and never in the store', () => {
    expect(config().traceFile).toBeUndefined();
    expect(config({ BATON_TRACE_FILE: '~/t.jsonl' }).traceFile).toBe(join(homedir(), 't.jsonl'));
    expect(config({ BATON_TRACE_FILE: '/a' }, { 'trace-file': '/b' }).traceFile).toBe('/b');
    expect(config({ BATON_STATE_DIR: '/s', BATON_TRACE_FILE: '/sx/t' }).traceFile).toBe('/sx/t');
    for (const inside of ['/s', '/s/t.jsonl', '/s/log/../t']) {
      expect(issues({ BATON_STATE_DIR: '/s', BATON_TRACE_FILE: inside })).toEqual(['BATON_TRACE_FILE']);
    }
  });

  test('the project: explicit, then the client, then the working directory', () => {
    const client = { CLAUDE_PROJECT_DIR: '/client' };
    expect(config(client).projectDir).toBe('/client');
    expect(config({ ...client, BATON_PROJECT_DIR: '/own' }).projectDir).toBe('/own');
    expect(config({ ...client, BATON_PROJECT_DIR: '' }).projectDir).toBe('/client');
  });

  test('an empty string counts as absent everywhere', () => {
    const names = [
      'STATE_DIR',
      'DURABILITY',
      'TOOLSETS',
      'READ_ONLY',
      'SESSION',
      'ALLOW_COMMANDS',
      'LOG_LEVEL',
      'MAX_CALLS_PER_SECOND',
    ];
    const empty = Object.fromEntries(names.map((name) => [`BATON_${name}`, '']));
    const { childEnv: _, ...read } = config({ ...empty, CLAUDE_CODE_SESSION_ID: '' });
    const { childEnv: __, ...plain } = config();
    expect(read).toEqual(plain);
  });

  test('toolsets, single tools and all', () => {
    expect(config({ BATON_TOOLSETS: 'state, run' }).toolsets).toEqual({
      sets: ['state', 'run'],
      tools: [],
      all: false,
    });
    expect(config({ BATON_TOOLSETS: 'default,hook_event' }).toolsets).toMatchObject({
      tools: ['hook_event'],
      all: false,
    });
    expect(config({ BATON_TOOLSETS: 'all' }).toolsets.all).toBe(true);
  });

  test('sessions, allow-list, limits and the environment of children', () => {
    const read = config({
      BATON_SESSION: 's-1',
      CLAUDE_CODE_SESSION_ID: 'X',
      BATON_ALLOW_COMMANDS: 'npm, node,npm,/usr/bin/git',
    });
    expect(read).toMatchObject({ session: 's-1', clientSession: 'X', allowCommands: ['npm', 'node', '/usr/bin/git'] });
    expect(read.childEnv).toMatchObject({ BATON_SESSION: 's-1' });
    expect(config({ BATON_MAX_CALLS_PER_SECOND: '0' }).maxCallsPerSecond).toBe(0);
    expect(config({}).segmentBytes).toBe(32 * 2 ** 20);
    expect(config({ BATON_SEGMENT_MIB: '4' }).segmentBytes).toBe(4 * 2 ** 20);
    expect(config({ BATON_READ_ONLY: 'true', BATON_FORCE_NETWORK_FS: '1' })).toMatchObject({
      readOnly: true,
      forceNetworkFs: true,
    });
  });

  test.each(['con', 'con.1', 'a..b', 'x.json', 'x.lock', 'a.', '-a', 'A', 'x'.repeat(65)])(
    'the session "%s" is refused, because no session can have this id',
    (session) => {
      expect(isId(session)).toBe(false);
      expect(issues({ BATON_SESSION: session })).toEqual(['BATON_SESSION']);
    },
  );

  test('every fault is named at once, by the name that was used', () => {
    const env = {
      BATON_DURABILITY: 'sometimes',
      BATON_TOOLSETS: 'state,Everything',
      BATON_SESSION: '../x',
      BATON_ALLOW_COMMANDS: 'sh -c,./x',
      BATON_MAX_CALLS_PER_SECOND: '-1',
      BATON_SEGMENT_MIB: '0',
      BATON_READ_ONLY: 'perhaps',
    };
    expect(issues(env, { 'log-level': 'loud' })).toEqual([
      'BATON_SESSION',
      'BATON_DURABILITY',
      'BATON_TOOLSETS',
      'BATON_READ_ONLY',
      'BATON_ALLOW_COMMANDS',
      'BATON_ALLOW_COMMANDS',
      '--log-level',
      'BATON_MAX_CALLS_PER_SECOND',
      'BATON_SEGMENT_MIB',
    ]);
  });
});

describe('takeFlags', () => {
  test('takes flags from anywhere before --, in both spellings', () => {
    const taken = takeFlags([
      'state',
      '--state-dir',
      '/s',
      'get',
      '--read-only',
      '--log-level=debug',
      '$',
      '--',
      '--state-dir',
    ]);
    expect(taken).toEqual({
      ok: true,
      value: {
        flags: { 'state-dir': '/s', 'read-only': '1', 'log-level': 'debug' },
        rest: ['state', 'get', '$', '--', '--state-dir'],
      },
    });
  });

  test('a flag without its value is refused; unknown flags are left to the verb', () => {
    expect(takeFlags(['--state-dir'])).toMatchObject({ ok: false, failure: { issues: [{ at: '--state-dir' }] } });
    expect(takeFlags(['--if-etag', 'x'])).toMatchObject({ ok: true, value: { flags: {}, rest: ['--if-etag', 'x'] } });
  });
});
