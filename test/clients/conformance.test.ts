// MCP's conformance suite, which speaks HTTP, through a bridge to stdio. Opt-in: set BATON_TEST_CONFORMANCE to the
// directory where @modelcontextprotocol/conformance@0.1.16 and node@22 are installed (npm i --prefix DIR). The suite
// needs Node 22: BATON_TEST_CONFORMANCE_NODE may name another than that one.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freshDir } from '../e2e/rig.ts';
import { bundleFixtures } from '../mcp/process.ts';
import { startBridge } from './http-bridge.ts';

const home = process.env['BATON_TEST_CONFORMANCE'] ?? '';
const suite = path.join(home, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const running = Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : '';
const node = [process.env['BATON_TEST_CONFORMANCE_NODE'], path.join(home, 'node_modules/node/bin/node'), running].find(
  (one) => one !== undefined && one !== '' && fs.existsSync(one),
);
const missing =
  home === '' || !fs.existsSync(suite)
    ? 'BATON_TEST_CONFORMANCE names no directory where it is installed'
    : node === undefined
      ? 'it needs Node 22, which BATON_TEST_CONFORMANCE_NODE does not name'
      : undefined;
if (missing !== undefined) process.stderr.write(`skipped: MCP's conformance suite, ${missing}\n`);

/** Which servers must pass a scenario; or why none can. */
type Verdict = readonly ('shipped' | 'fixtures')[] | string;

const BOTH = ['shipped', 'fixtures'] as const;
const FIXTURES = ['fixtures'] as const;
const ONE_OBJECT = 'a tool of buildServer() answers one JSON object, as text and as structuredContent';
const HTTP = 'it is about the HTTP transport, which Baton does not have: the bridge would be tested';

const scenarios: Readonly<Record<string, Verdict>> = {
  'server-initialize': BOTH,
  ping: BOTH,
  'tools-list': BOTH,
  'resources-list': BOTH,
  'prompts-list': BOTH,
  'completion-complete': FIXTURES,
  'logging-set-level': FIXTURES,
  'tools-call-simple-text': FIXTURES,
  'tools-call-error': FIXTURES,
  'tools-call-with-logging': FIXTURES,
  'tools-call-with-progress': FIXTURES,
  'tools-call-sampling': FIXTURES,
  'tools-call-elicitation': FIXTURES,
  'elicitation-sep1034-defaults': FIXTURES,
  'elicitation-sep1330-enums': FIXTURES,
  'json-schema-2020-12': FIXTURES,
  'resources-read-text': FIXTURES,
  'resources-read-binary': FIXTURES,
  'resources-templates-read': FIXTURES,
  'resources-subscribe': FIXTURES,
  'resources-unsubscribe': FIXTURES,
  'prompts-get-simple': FIXTURES,
  'prompts-get-with-args': FIXTURES,
  'prompts-get-embedded-resource': FIXTURES,
  'prompts-get-with-image': FIXTURES,
  'tools-call-image': ONE_OBJECT,
  'tools-call-audio': ONE_OBJECT,
  'tools-call-embedded-resource': ONE_OBJECT,
  'tools-call-mixed-content': ONE_OBJECT,
  'server-sse-polling': HTTP,
  'server-sse-multiple-streams': HTTP,
  'dns-rebinding-protection': HTTP,
};

const passing = (server: 'shipped' | 'fixtures') =>
  Object.keys(scenarios).filter((name) => {
    const verdict = scenarios[name];
    return typeof verdict === 'object' && verdict.includes(server);
  });

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

/** The suite's output. Its exit code says nothing here, as scenarios that do not apply fail too. */
function conformance(dir: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir };
  return new Promise((resolve) => {
    execFile(node ?? '', [suite, ...args], { cwd: dir, env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 }, (_, out) =>
      resolve(out),
    );
  });
}

/** Runs all scenarios against a server; what each found wrong, by name. */
async function faultsOf(program: string): Promise<Map<string, string[]>> {
  const dir = freshDir();
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
  const bridge = await startBridge({ command: process.execPath, args: [program], env, cwd: dir });
  try {
    await conformance(dir, 'server', '--url', bridge.url, '--suite', 'all', '-o', path.join(dir, 'out'));
  } finally {
    await bridge.close();
  }
  const written = fs.readdirSync(path.join(dir, 'out'));
  return new Map(
    Object.keys(scenarios).map((name) => {
      const folder = written.find((one) => new RegExp(`^server-${name}-\\d{4}-`).test(one));
      return [name, folder === undefined ? ['it did not run'] : faultsIn(path.join(dir, 'out', folder))];
    }),
  );
}

function faultsIn(folder: string): string[] {
  const text = fs.readFileSync(path.join(folder, 'checks.json'), 'utf8');
  const checks = (JSON.parse(text) as Check[]).filter(({ status }) => status !== 'INFO');
  const faults = checks
    .filter(({ status }) => status !== 'SUCCESS')
    .map(({ id, status, errorMessage = '' }) => `${id}: ${status} ${errorMessage}`.slice(0, 300));
  if (checks.length === 0) faults.push('it checked nothing');
  // The suite takes the refusal of an unknown tool for the answer of the tool that it called.
  if (text.includes('unknown-tool')) faults.push('it called a tool that is not there');
  return faults;
}

const wanted = (server: 'shipped' | 'fixtures') => new Map(passing(server).map((name) => [name, [] as string[]]));
const found = (faults: Map<string, string[]>, server: 'shipped' | 'fixtures') =>
  new Map(passing(server).map((name) => [name, faults.get(name)]));

describe.skipIf(missing !== undefined)('conformance', () => {
  let built: Awaited<ReturnType<typeof bundleFixtures>>;
  beforeAll(async () => {
    built = await bundleFixtures({ serve: 'test/clients/fixtures/conformance-server.ts' });
  });
  afterAll(() => built.remove());

  test('every scenario of the suite has a server that must pass it, or a reason', async () => {
    const listed = await conformance(freshDir(), 'list', '--server');
    const names = [...listed.matchAll(/^ *- (\S+)/gm)].map(([, name = '']) => name);
    expect(names.sort()).toEqual(Object.keys(scenarios).sort());
  }, 60_000);

  test('the server as it is shipped', async () => {
    const faults = await faultsOf(inject('program'));
    expect(found(faults, 'shipped')).toEqual(wanted('shipped'));
  }, 150_000);

  test('buildServer() with the fixtures of the suite', async () => {
    const faults = await faultsOf(path.join(built.dir, 'out/serve.js'));
    expect(found(faults, 'fixtures')).toEqual(wanted('fixtures'));
  }, 150_000);
});
