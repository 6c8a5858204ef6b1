// The project that a server serves for a client that sets no environment variable but names roots.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, expect, inject, test } from 'vitest';
import { freshDir } from './rig.ts';

const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

interface Asked {
  workspace: unknown;
  asked: number;
  ms: number;
}

/** Starts a session in a client whose roots are these; `never`: it has some and does not say which. */
async function workspaceFor(
  dir: string,
  roots: string[] | 'never' | undefined,
  env: Record<string, string> = {},
): Promise<Asked> {
  const client = new Client(
    { name: 'test', version: '0' },
    { capabilities: roots === undefined ? {} : { roots: { listChanged: true } } },
  );
  clients.push(client);
  let asked = 0;
  if (roots !== undefined)
    client.setRequestHandler(ListRootsRequestSchema, async () => {
      asked += 1;
      if (roots === 'never') return await new Promise<never>(() => undefined);
      return { roots: roots.map((uri) => ({ uri })) };
    });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [inject('program')],
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nowhere', BATON_STATE_DIR: path.join(dir, 'state'), ...env },
      cwd: dir,
    }),
  );
  const startedAt = performance.now();
  const { structuredContent } = await client.callTool({ name: 'session_start', arguments: {} });
  const { workspace } = structuredContent as Record<string, unknown>;
  return { workspace, asked, ms: performance.now() - startedAt };
}

function place(): { dir: string; project: string; uri: string } {
  const dir = freshDir();
  const project = path.join(dir, 'my project');
  fs.mkdirSync(project);
  return { dir, project, uri: pathToFileURL(project).href };
}

test('the first root that is a directory, asked for once', async () => {
  const { dir, project, uri } = place();
  const there = await workspaceFor(dir, ['file:///not/there', uri, 'file:///']);
  expect(there).toMatchObject({ workspace: project, asked: 1 });
});

test('what the environment names stands before it, and nobody is asked', async () => {
  const { dir, project, uri } = place();
  const other = path.join(dir, 'other');
  fs.mkdirSync(other);
  for (const env of [{ CLAUDE_PROJECT_DIR: other }, { BATON_PROJECT_DIR: other }] as Record<string, string>[])
    expect(await workspaceFor(dir, [uri], env)).toMatchObject({ workspace: other, asked: 0 });
  expect(await workspaceFor(dir, [uri], { CLAUDE_PROJECT_DIR: '' })).toMatchObject({ workspace: project });
});

test('else the working directory: without roots, with odd ones, and where the client does not say', async () => {
  const { dir } = place();
  expect(await workspaceFor(dir, undefined)).toMatchObject({ workspace: dir });
  expect(await workspaceFor(dir, [])).toMatchObject({ workspace: dir });
  expect(await workspaceFor(dir, ['file://%', 'x'])).toMatchObject({ workspace: dir });
  const silent = await workspaceFor(dir, 'never');
  expect(silent).toMatchObject({ workspace: dir, asked: 1 });
  expect(silent.ms).toBeLessThan(5_000);
});
