// Triggers as a client meets them: the check, the brief, and why a node is dead or was skipped.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ dir: freshDir() });
});
afterAll(async () => {
  await server.close();
});

const agent = (id: string, needs: string[] = [], more: object = {}): Answer => {
  return { id, kind: 'agent', task: `Do ${id}.`, needs, ...more };
};

async function begin(nodes: Answer[], more: Answer = {}): Promise<string> {
  const { hash } = await server.call('graph_check', { nodes, ...more });
  return String((await server.call('run_start', { graph: hash }))['run']);
}

async function end(run: string, node: string, more: Answer): Promise<Answer> {
  const { claim } = await server.call('run_claim', { run, node });
  return await server.call('run_report', { claim, ...more });
}

async function detail(run: string, node: string): Promise<unknown> {
  return (await server.call('run_status', { run, node }))['detail'];
}

test('a report gets the outcomes of its needs, and what is dead names the first cause', async () => {
  const run = await begin([
    agent('test'),
    agent('pack', ['test']),
    agent('ship', ['pack']),
    agent('report', ['test', 'ship'], { trigger: 'all_done' }),
  ]);
  const failed = { status: 'failed', error_kind: 'terminal', summary: 'no' };
  expect(await end(run, 'test', failed)).toMatchObject({ newly_ready: ['report'], run_status: 'running' });
  expect(await server.call('run_status', { run })).toMatchObject({ counts: { failed: 1, dead: 2, ready: 1 } });
  expect(await detail(run, 'ship')).toMatchObject({ status: 'dead', first_cause: 'test failed' });
  const claimed = await server.call('run_claim', { run });
  expect(claimed).toMatchObject({ node: 'report', needs: { test: { status: 'failed' }, ship: { status: 'dead' } } });
  const done = await server.call('run_report', { claim: claimed['claim'], status: 'done' });
  expect(done).toMatchObject({ run_status: 'failed' });
});

test('a skip names its cause and the first one', async () => {
  const run = await begin([agent('a'), agent('b', ['a'], { trigger: 'any_failed' }), agent('c', ['b'])]);
  expect(await end(run, 'a', { status: 'done' })).toMatchObject({ run_status: 'finished' });
  expect(await detail(run, 'b')).toMatchObject({ status: 'skipped', why: 'upstream', cause: 'a' });
  expect(await detail(run, 'c')).toMatchObject({ cause: 'b', first_cause: 'a finished' });
});

test.each([
  ['trigger_rule', /trigger, such as .*all_done/],
  ['always', /trigger, such as .*all_done/],
  ['if', /when, such as/],
])('%s is refused with the name to use', async (key, hint) => {
  const report = await server.call('graph_check', { nodes: [agent('a', [], { [key]: 'all_done' })] });
  expect(report).toMatchObject({ ok: false, errors: [{ code: 'unknown-field', hint: expect.stringMatching(hint) }] });
});
