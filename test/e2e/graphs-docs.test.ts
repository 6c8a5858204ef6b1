// The examples of docs/graphs.md, each checked by the tool, and started where it needs nothing else.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from './rig.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/graphs.md'), 'utf8');
const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']): Answer => JSON.parse(json));

let server: Server;
beforeAll(async () => {
  server = await Server.start({ dir: freshDir() });
});
afterAll(async () => {
  await server.close();
});

test('there is one for every field that needs words', () => {
  const all = JSON.stringify(examples);
  for (const field of ['trigger', 'handles', 'when', 'map', 'repeat', 'graph', 'ask', 'signal', 'for_s', 'fallback'])
    expect(all, field).toContain(`"${field}"`);
  expect(examples.length).toBeGreaterThan(7);
});

test.each(examples.map((one) => [String(one['name']), one] as const))('%s', async (_, example) => {
  const deploy = [{ id: 'push', kind: 'agent', task: 'Push it.' }];
  await server.call('graph_check', { nodes: deploy, save_as: 'deploy' });
  const report = await server.call('graph_check', example);
  expect(report).toMatchObject({ ok: true, errors: [] });
  const started = await server.call('run_start', { graph: report['hash'] });
  expect(['running', 'stuck']).toContain(started['status']);
});
