// Values that command nodes refer to, as real servers put them into real processes.

import { afterEach, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const servers: Server[] = [];

async function serve(): Promise<Server> {
  const server = await Server.start({ dir: freshDir(), env: { BATON_ALLOW_COMMANDS: 'node' } });
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function begin(server: Server, nodes: Answer[]): Promise<string> {
  const report = await server.call('graph_check', { nodes });
  expect(report['errors']).toEqual([]);
  return String((await server.call('run_start', { graph: report['hash'] }))['run']);
}

const say = (value: string): Answer[] => ['node', '-e', 'console.log(process.argv[1])', { $from: value }] as never;

test('a map runs its command once for each item, and the results come in the order of the list', async () => {
  const server = await serve();
  const list = `console.log(JSON.stringify(['b.ts', 'a.ts', 'c d']))`;
  const run = await begin(server, [
    { id: 'list', kind: 'agent', task: list },
    { id: 'test', kind: 'command', command: say('$.item'), needs: ['list'], map: { over: '$.needs.list.output' } },
    { id: 'sum', kind: 'agent', task: 'Sum up.', needs: ['test'] },
  ]);
  const { claim } = await server.call('run_claim', { run });
  await server.call('run_report', { claim, status: 'done', output: ['b.ts', 'a.ts', 'c d'] });
  const { inputs } = await server.call('run_claim', { run, node: 'sum', wait_s: 20 }).catch(async () => {
    return await server.call('run_claim', { run, wait_s: 20 });
  });
  const results = (inputs as { test: Answer[] }).test;
  expect(results.map(({ key }) => String(key).split('.')[0])).toEqual(['b', 'a', 'c-d']);
  expect(JSON.stringify(results)).toContain('c d');
});

test('a value that is no text fails its node by name, and nothing is started', async () => {
  const server = await serve();
  const run = await begin(server, [
    { id: 'plan', kind: 'agent', task: 'Plan.' },
    { id: 'say', kind: 'command', command: say('$.needs.plan.output'), needs: ['plan'] },
  ]);
  const { claim } = await server.call('run_claim', { run });
  await server.call('run_report', { claim, status: 'done', output: { steps: [] } });
  expect(await server.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'failed' });
  const { detail } = await server.call('run_status', { run, node: 'say' });
  expect(detail).toMatchObject({
    error: { message: 'the value at $.needs.plan.output is a list or an object, not a text' },
  });
});

test('a reference to what the node is not given is a fault with a place', async () => {
  const server = await serve();
  const nodes = [{ id: 'say', kind: 'command', command: say('$.needs.plan.output') }];
  const report = await server.call('graph_check', { nodes });
  expect(report['errors']).toMatchObject([{ code: 'bad-reference', at: '/nodes/0/command/3' }]);
});
