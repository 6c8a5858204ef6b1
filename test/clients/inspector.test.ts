// MCP Inspector's command line against the real program. Opt-in: set BATON_TEST_INSPECTOR to the directory where
// @modelcontextprotocol/inspector@2.12.0 and node@22 are installed (npm i --prefix DIR); it needs Node 22.19.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { freshDir } from '../e2e/rig.ts';
import { type Answer, type Client, type Who, walk } from './path.ts';

const home = process.env['BATON_TEST_INSPECTOR'] ?? '';
const cli = path.join(home, 'node_modules/.bin/mcp-inspector');
const ownNode = path.join(home, 'node_modules/node/bin/node');
const node = fs.existsSync(ownNode) ? ownNode : process.execPath;
const installed = home !== '' && fs.existsSync(cli);
if (!installed)
  process.stderr.write('skipped: MCP Inspector, BATON_TEST_INSPECTOR names no directory where it is installed\n');

interface Ran {
  code: number;
  out: string;
  result: Record<string, unknown>;
}

function inspect(dir: string, ...args: string[]): Promise<Ran> {
  return inspectAs(undefined, dir, ...args);
}

/** With `window`, as the client's session of that name. */
function inspectAs(window: string | undefined, dir: string, ...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, MCP_INSPECTOR_SECRET_STORE: 'memory' };
  const server = [
    process.execPath,
    inject('program'),
    '-e',
    `BATON_STATE_DIR=${dir}/state`,
    '-e',
    'BATON_TOOLSETS=all',
    ...(window === undefined ? [] : ['-e', `CLAUDE_CODE_SESSION_ID=${window}`]),
  ];
  return new Promise((resolve) => {
    execFile(
      node,
      [cli, '--cli', ...server, ...args],
      { env, cwd: dir, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout) => {
        const [line = ''] = stdout.split('\n');
        const parsed =
          args.includes('json') && line.startsWith('{')
            ? (JSON.parse(line) as { result?: Record<string, unknown> })
            : {};
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout, result: parsed.result ?? {} });
      },
    );
  });
}

const json = ['--format', 'json'];
const call = (dir: string, tool: string, args: object) =>
  inspect(dir, '--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args), ...json);

describe.skipIf(!installed)('MCP Inspector', () => {
  test('initialises and finds every schema portable', async () => {
    const dir = freshDir();
    const { result } = await inspect(dir, '--method', 'initialize', ...json);
    expect(result).toMatchObject({ serverInfo: { name: 'baton' }, protocolVersion: '2025-11-25' });
    const strict = await inspect(dir, '--method', 'tools/list', '--strict');
    expect(strict.code, strict.out).toBe(0);
  }, 60_000);

  test('calls every tool of state and sessions, and reads what it changed as a resource', async () => {
    const dir = freshDir();
    const started = await call(dir, 'session_start', { name: 'inspector' });
    const { session } = started.result['structuredContent'] as { session: string };
    const calls: [string, object][] = [
      ['state_set', { path: '$.a', value: { y: [1] } }],
      ['state_merge', { value: { b: { c: null, d: 'x' } } }],
      ['state_get', { path: '$.a.y[0]' }],
      ['state_batch', { operations: [{ op: 'delete', path: '$.b' }], dry_run: true }],
      ['state_history', { path: '$.a' }],
      ['state_restore', { path: '$.a', to: 4, dry_run: true }],
      ['state_delete', { path: '$.b' }],
      ['session_list', {}],
      ['session_update', { user_context: { lang: 'en' } }],
      ['session_heartbeat', {}],
      ['session_cleanup', { dry_run: true }],
      ['session_recover', {}],
      ['session_handoff', { summary: 'over to you', session }],
    ];
    for (const [tool, args] of calls) {
      const { code, out, result } = await call(dir, tool, args);
      expect(code, `${tool}: ${out}`).toBe(0);
      expect(result['structuredContent'], tool).toBeDefined();
    }
    const uri = `baton://sessions/${session}`;
    const listed = await inspect(dir, '--method', 'resources/list', ...json);
    expect(listed.result['resources']).toContainEqual(expect.objectContaining({ uri }));
    const templates = await inspect(dir, '--method', 'resources/templates/list', ...json);
    expect(templates.result['resourceTemplates']).toContainEqual(
      expect.objectContaining({ uriTemplate: 'baton://sessions/{id}' }),
    );
    const read = await inspect(dir, '--method', 'resources/read', '--uri', uri, ...json);
    const [content] = read.result['contents'] as { text: string }[];
    expect(JSON.parse(content?.text ?? '')).toMatchObject({ a: { y: [1] }, session: { id: session } });
    const refused = await call(dir, 'state_get', { path: '$.a[' });
    expect(refused.code).toBe(5);
  }, 120_000);

  test('goes the whole way from a session to a decision', async () => {
    const dir = freshDir();
    const calling = (who: Who, tool: string, args: object) =>
      inspectAs(
        who,
        dir,
        '--method',
        'tools/call',
        '--tool-name',
        tool,
        '--tool-args-json',
        JSON.stringify(args),
        ...json,
      );
    const client: Client = {
      call: async (who, tool, args) => {
        const { code, out, result } = await calling(who, tool, args);
        expect(code, `${tool}: ${out}`).toBe(0);
        return result['structuredContent'] as Answer;
      },
      refused: async (who, tool, args) => {
        const { code, out } = await calling(who, tool, args);
        expect(code, `${tool}: ${out}`).toBe(5);
        return out;
      },
      read: async (who, uri) => {
        const { result } = await inspectAs(who, dir, '--method', 'resources/read', '--uri', uri, ...json);
        return (result['contents'] as { text: string }[])[0]?.text ?? '';
      },
      prompt: async (who, name, args) => {
        const given = Object.entries(args).flatMap(([key, value]) => ['--prompt-args', `${key}=${value}`]);
        const method = ['--method', 'prompts/get', '--prompt-name', name, ...given, ...json];
        const { result } = await inspectAs(who, dir, ...method);
        return (result['messages'] as { content: { text: string } }[])[0]?.content.text ?? '';
      },
    };
    await walk(client, (what, answer, expected) => {
      if (typeof expected === 'object') expect(answer, what).toMatchObject(expected as object);
      else expect(answer, what).toEqual(expected);
    });
  }, 300_000);
});
