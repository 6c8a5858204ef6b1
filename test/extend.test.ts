// The promise of CONTRIBUTING.md's table, kept: in a copy of the project one thing of each sort is added by exactly the
// edits that the table names; the copy passes the type check, and a client uses each thing in a real server of it.

import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from './e2e/rig.ts';
import { type Extension, extensions, type Listed } from './fixtures/extend/extensions.ts';
import { storeContract } from './store/contract.ts';

const root = path.resolve(import.meta.dirname, '..');
const copy = freshDir();
const run = promisify(execFile);

function copyProject(): void {
  for (const name of ['src', 'scripts', 'docs', 'package.json', 'tsconfig.json', 'README.md'])
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
}

function list({ in: file, import: names, entries }: Listed): void {
  const place = path.join(copy, file);
  let text = readFileSync(place, 'utf8');
  if (names !== undefined) text = text.replace(/^import /m, `import ${names};\n$&`);
  for (const [after, insert] of entries) {
    const parts = text.split(after);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${after}`);
    text = parts.join(`${after}${insert}`);
  }
  writeFileSync(place, text);
}

function extend({ file, listed }: Extension): void {
  cpSync(path.join(root, 'test/fixtures/extend', file), path.join(copy, file), { recursive: true });
  for (const one of listed) list(one);
}

copyProject();
extensions.forEach(extend);

const node = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await run(process.execPath, args, { cwd: copy });
  return stdout + stderr;
};

// Begins here, because it takes the longest, and goes on beside the rest.
const checked = node('node_modules/typescript/bin/tsc', '-p', '.').then(
  () => '',
  (error: { stdout: string }) => error.stdout,
);
let server: Server;

beforeAll(async () => {
  await node('scripts/run.mjs', 'scripts/gen.ts');
  await node('scripts/build.mjs');
  const env = { BATON_ALLOW_COMMANDS: 'pause' };
  server = await Server.start({ dir: copy, env, program: path.join(copy, 'dist/main.js') });
  await server.call('session_start', {});
});
afterAll(async () => {
  await server?.close();
  await checked;
  rmSync(copy, { recursive: true, force: true });
});

/** Cells of the table's row: what to add, what to write, where to list it. */
function rowOf(name: string): string[] {
  const table = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
  const line = table.split('\n').find((one) => one.startsWith(`| ${name} |`)) ?? '';
  return line.split('|').map((cell) => cell.trim());
}

/** Paths of source files in a cell, `<name>` standing for any name. */
function pathsIn(cell = ''): string[] {
  return [...cell.matchAll(/`(src\/[^`]+)`/g)].map(([, one]) => one ?? '');
}

describe('the table names the places', () => {
  test.each(extensions.map((one) => [one.row, one] as const))('of %s', (row, { file, listed }) => {
    const [, , write, listIn] = rowOf(row);
    const [pattern = ''] = pathsIn(write);
    const wanted = pattern.replaceAll('.', '\\.').replaceAll(/<[a-z-]+>/g, '[a-z]+(-[a-z]+)*');
    expect(file).toMatch(new RegExp(`^${wanted}${wanted.endsWith('/') ? '' : '$'}`));
    expect(pathsIn(listIn)).toEqual(listed.map((one) => one.in));
  });
});

describe('in the copy', () => {
  test('the types are right', async () => {
    expect(await checked).toBe('');
  });

  test('a graph with a node of the new kind is checked and run by a server', async () => {
    const wrong = [
      { id: 'a', kind: 'pause', pause_s: 99 },
      { id: 'b', kind: 'pause' },
    ];
    const { errors } = await server.call('graph_check', { nodes: wrong });
    expect((errors as Answer[]).map(({ code, at }) => `${code} ${at}`)).toEqual([
      'bad-value /nodes/0/pause_s',
      'pause-missing /nodes/1/pause_s',
    ]);
    const nodes = [{ id: 'a', kind: 'pause', pause_s: 0.01, note: { to: ['b'] } }];
    const { hash } = await server.call('graph_check', { nodes });
    const { run: id, warnings } = await server.call('run_start', { graph: hash });
    expect(warnings).toBeUndefined();
    expect(await server.call('run_status', { run: id, wait_s: 20 })).toMatchObject({ status: 'finished' });
    const { detail } = await server.call('run_status', { run: id, node: 'a' });
    expect(detail).toMatchObject({ status: 'finished', output: { paused_s: 0.01, note: { to: ['b'] } } });
  });

  test('a server that does not allow it says so', async () => {
    const other = await Server.start({ dir: freshDir(), program: path.join(copy, 'dist/main.js') });
    const { hash } = await other.call('graph_check', { nodes: [{ id: 'a', kind: 'pause', pause_s: 0 }] });
    const { warnings } = await other.call('run_start', { graph: hash });
    await other.close();
    expect(warnings).toMatchObject([{ code: 'nobody_allows', nodes: ['a'] }]);
  });

  test('the new follower acts in the commit that fails a node', async () => {
    const { hash } = await server.call('graph_check', {
      nodes: [{ id: 'a', kind: 'agent', task: 'fail' }],
    });
    const { run: id } = await server.call('run_start', { graph: hash });
    const { claim } = await server.call('run_claim', { run: id, agent: 'ann' });
    const report = { claim, status: 'failed', error_kind: 'terminal', summary: 'no' };
    const { seq } = await server.call('run_report', report);
    expect(await server.call('run_status', { run: id })).toMatchObject({ seq });
    const { messages } = await server.call('message_read', {});
    expect(messages).toMatchObject([{ kind: 'alert', text: `${id}: a has failed` }]);
  });

  test('the new view has every format, and the new format every view', async () => {
    const { text } = await server.call('dashboard_get', { view: 'streams', format: 'lines' });
    expect(text).toMatch(/^streams sort=session documents=1$/m);
    expect(await server.call('dashboard_get', { view: 'streams', format: 'csv' })).toMatchObject({
      text: expect.stringContaining('session,1'),
    });
    expect(await server.call('dashboard_get', { view: 'config', format: 'lines' })).toMatchObject({
      text: expect.stringContaining('setting=allow_commands value=pause'),
    });
  });

  test('the new tool is listed and answers', async () => {
    const { tools } = await server.client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo_get');
    expect(await server.call('echo_get', { text: 'hello' })).toMatchObject({ text: 'hello' });
    expect(readFileSync(path.join(copy, 'docs/tools.md'), 'utf8')).toContain('### Nodes of kind pause');
  });

  test('the new prompt is got and completed', async () => {
    const { messages } = await server.client.getPrompt({ name: 'greet', arguments: { whom: 'Ann' } });
    expect(messages[0]?.content).toMatchObject({ text: expect.stringContaining('Greet Ann.') });
    const ref = { type: 'ref/prompt' as const, name: 'greet' };
    const { completion } = await server.client.complete({ ref, argument: { name: 'whom', value: 'e' } });
    expect(completion.values).toEqual(['everybody']);
  });

  test('the new resource is listed and read', async () => {
    const { resources } = await server.client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('baton://counts/session');
    const { contents } = await server.client.readResource({ uri: 'baton://counts/session' });
    const [content] = contents;
    expect(content !== undefined && 'text' in content ? JSON.parse(content.text) : undefined).toEqual({
      sort: 'session',
      documents: 1,
    });
  });
});

/** The copy's own module: the name of the new backend is in no type of this project. */
const opened: { openBackend(settings: object): ReturnType<typeof import('../src/store/open.ts').openBackend> } =
  await import(path.join(copy, 'src/store/open.ts'));
let places = 0;
storeContract('the new backend', () => {
  places += 1;
  const backend = opened.openBackend({ backend: 'shared', dir: `/place-${places}`, durability: 'none' });
  const { blobs, presence } = backend;
  return { open: (onCommits) => backend.openStore(onCommits), blobs, presence, remove: () => undefined };
});
