// What is published: the bundle alone, installed offline as one package, with the licences of what it contains; and the
// descriptions of it for registries and desktop clients.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import server from '../../server.json' with { type: 'json' };

const root = join(import.meta.dirname, '..', '..');
const pack = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
let temporary: string;

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'baton-package-'));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const npm = (...args: string[]) => execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });

test('the package is the bundle and its documents, below 4 MB, and needs no other package', () => {
  const [packed] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts'));
  const names: string[] = packed.files.map(({ path }: { path: string }) => path);
  const places = new Set(names.map((name) => name.split('/', 1)[0]));
  expect([...places].sort()).toEqual(
    ['ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs']
      .concat(['mcp.json.example', 'package.json', 'server.json'])
      .sort(),
  );
  expect(names).toContain('dist/THIRD-PARTY-NOTICES.txt');
  expect(packed.unpackedSize).toBeLessThan(4_000_000);
  expect(pack).not.toHaveProperty('dependencies');
});

test('the bundle imports nothing but its own files and Node', () => {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.js'));
  const imported = files.flatMap((file) => {
    const code = readFileSync(join(root, 'dist', file), 'utf8');
    return [...code.matchAll(/^(?:import|export)\b[^'"\n]*?from ?["']([^"']+)["'];/gm)].map(([, name = '']) => name);
  });
  expect(imported.length).toBeGreaterThan(20);
  expect(imported.filter((name) => !name.startsWith('.') && !isBuiltin(name))).toEqual([]);
});

test('installed from its archive without a network it is one package that serves', async () => {
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', temporary));
  const prefix = join(temporary, 'prefix');
  npm('install', '--global', '--offline', '--prefix', prefix, join(temporary, filename));
  const modules = join(prefix, 'lib', 'node_modules');
  expect(readdirSync(modules)).toEqual([pack.name]);
  expect(readdirSync(join(modules, pack.name))).not.toContain('node_modules');
  await serves(join(prefix, 'bin', 'baton-mcp'), []);
});

test('the bundle for desktop clients holds a program that serves', async () => {
  const staged = join(temporary, 'staged');
  execFileSync(process.execPath, ['scripts/run.mjs', 'scripts/pack-mcpb.ts', '--stage', staged], { cwd: root });
  const manifest = JSON.parse(readFileSync(join(staged, 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({ manifest_version: '0.3', version: pack.version, author: expect.any(Object) });
  const [entry, ...more] = manifest.server.mcp_config.args.map((arg: string) =>
    arg.replace(/^\$\{__dirname\}/, staged),
  );
  expect(entry).toBe(join(staged, manifest.server.entry_point));
  await serves(process.execPath, [entry, ...more]);
});

test('server.json is of this version, under the name that the package claims', () => {
  expect(server.name).toBe(pack.mcpName);
  expect(server.description.length).toBeLessThanOrEqual(100);
  expect([server.version, ...server.packages.map(({ version }) => version)]).toEqual([pack.version, pack.version]);
  expect(server.packages.map(({ identifier }) => identifier)).toEqual([pack.name]);
});

test('the notices name every package that the bundle may contain', () => {
  const notices = readFileSync(join(root, 'dist', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['@modelcontextprotocol/sdk', 'commander', 'jsonpath-plus', 'pino', 'proper-lockfile', 'zod']) {
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'));
  }
  expect(notices).not.toContain('undefined');
});

/** Starts a server and makes one call, in a store of its own. */
async function serves(command: string, args: string[]): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', BATON_STATE_DIR: join(temporary, 'state'), HOME: temporary };
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command, args, env, cwd: temporary, stderr: 'ignore' }));
  try {
    expect((await client.listTools()).tools.length).toBeGreaterThan(20);
    const answer = await client.callTool({ name: 'state_set', arguments: { path: '$.a', value: 1 } });
    expect(answer.isError).not.toBe(true);
  } finally {
    await client.close();
  }
}
