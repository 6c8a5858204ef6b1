// Gates through the tools: a program of the allow-list judges what an agent reported done.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { freshDir, startForTest } from './rig.ts';

test('a real command judges what was reported: it fails the try, and lets the next one pass', async () => {
  const dir = freshDir();
  const env = { CLAUDE_CODE_SESSION_ID: 'one', BATON_ALLOW_COMMANDS: 'node' };
  const server = await startForTest({ dir, env });
  const file = path.join(dir, 'made.txt');
  const script = `process.exit(require("node:fs").readFileSync(${JSON.stringify(file)}, "utf8") === "good" ? 0 : 7)`;
  const gates = [{ id: 'check', kind: 'command', command: ['node', '-e', script] }];
  const build = { id: 'build', kind: 'agent', task: 'Write it.', retry: { backoff_s: 0 }, gates };
  const nodes = [build, { id: 'ship', kind: 'agent', task: 'Ship it.', needs: ['build'] }];
  const { hash } = await server.call('graph_check', { nodes });
  const run = String((await server.call('run_start', { graph: hash }))['run']);
  const status = async () => {
    const { nodes: rows } = await server.call('run_status', { run });
    const all = rows as { node: string; status: string }[];
    return Object.fromEntries(all.map(({ node, status: one }) => [node, one]));
  };

  for (const [content, then] of [
    ['bad', /^(ready|retrying)$/],
    ['good', /^finished$/],
  ] as const) {
    writeFileSync(file, content);
    const brief = await server.call('run_claim', { run, node: 'build' });
    if (content === 'good')
      expect(brief).toMatchObject({ findings: [{ gate: 'check' }], last_error: { kind: 'gate' } });
    const reported = await server.call('run_report', { claim: brief['claim'], status: 'done', output: { file } });
    expect(reported).toMatchObject({ node: 'build', status: 'gating' });
    await vi.waitFor(async () => expect((await status())['build']).toMatch(then), 20_000);
  }
  expect(await status()).toMatchObject({ build: 'finished', 'build!check': 'finished', ship: 'ready' });
}, 60_000);
