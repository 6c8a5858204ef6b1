// What a window is told after another one was killed or failed: who held what and how far it was, what a failed node
// needs, and what can be voted for or performed.

import { expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const servers: Server[] = [];

async function window(dir: string, id: string): Promise<Server> {
  const server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: id } });
  servers.push(server);
  return server;
}

test('a killed window: session_recover without arguments takes what it held, with its agent and its progress', async () => {
  const dir = freshDir();
  const one = await window(dir, 'one');
  await one.call('session_start', { name: 'cart' });
  const nodes = [{ id: 'api', kind: 'agent', task: 'x' }];
  const { hash } = await one.call('graph_check', { nodes });
  const { run } = await one.call('run_start', { graph: hash });
  const { claim } = await one.call('run_claim', { agent: 'backend' });
  await one.call('run_report', { claim, status: 'progress', percent: 40, summary: 'GET done, POST half done' });
  const { session } = await one.call('session_start');
  await one.kill();
  const two = await window(dir, 'two');
  // A window that began anew must not be told that nothing was in flight.
  await two.call('session_start', { resume: 'new' });
  const recover = expect.stringContaining(`session_recover {session: "${session}"}`);
  expect(await two.call('run_claim', { run })).toMatchObject({ none: 'all_claimed', note: recover });
  expect((await two.fail('run_claim', { run, node: 'api' })).failure).toMatchObject({ call: recover });
  const found = await two.call('session_recover', {});
  expect(found).toMatchObject({
    session,
    in_flight: [{ claim, run, node: 'api', agent: 'backend', percent: 40, summary: 'GET done, POST half done' }],
  });
  const claimed = await two.call('run_claim', { agent: 'backend' });
  expect(claimed).toMatchObject({ node: 'api' });
  await two.close();
});

test('a node that failed for good says what gives it another try', async () => {
  const one = await window(freshDir(), 'one');
  const { hash } = await one.call('graph_check', { nodes: [{ id: 'a', kind: 'agent', task: 'x' }] });
  const { run } = await one.call('run_start', { graph: hash });
  const { claim } = await one.call('run_claim');
  const failed = await one.call('run_report', { claim, status: 'failed', summary: 'no' });
  expect(failed).toMatchObject({ status: 'failed', note: expect.stringContaining('action: "retry_node"') });
  await one.call('run_control', { run, action: 'retry_node', node: 'a' });
  expect(await one.call('run_claim')).toMatchObject({ node: 'a' });
  await one.close();
});

test('graph_check warns of programs that this server does not run, and open decisions show their options', async () => {
  const one = await window(freshDir(), 'one');
  const nodes = [{ id: 'shell', kind: 'command', command: ['sh', '-c', 'exit 3'] }];
  const checked = await one.call('graph_check', { nodes });
  expect(checked).toMatchObject({ ok: true });
  const warnings = (checked['warnings'] as Answer[]).filter(({ code }) => code === 'nobody_allows');
  expect(warnings).toMatchObject([{ at: 'shell', message: expect.stringContaining('--allow-commands') }]);
  await one.call('decision_open', { title: 'Which?', options: ['files', 'postgres'] });
  expect((await one.call('decision_vote'))['decisions']).toMatchObject([{ options: ['files', 'postgres'] }]);
  await one.close();
});

test('session_start counts as unread what this window has not read, and says where JSON text was meant as an object', async () => {
  const dir = freshDir();
  const one = await window(dir, 'one');
  const two = await window(dir, 'two');
  const { session } = await two.call('session_start');
  await one.call('message_send', { to: session, text: 'Which port?', kind: 'request' });
  expect((await two.call('session_start')).unread).toBe(1);
  await two.call('message_read');
  expect((await two.call('session_start')).unread).toBe(0);
  await one.call('state_set', { path: '$.cfg', value: { a: 1, b: 2 } });
  const refused = await one.fail('state_merge', { path: '$.cfg', value: '{"b":3}' });
  expect(refused.failure).toMatchObject({ code: 'invalid-input', issues: [{ at: 'value' }] });
  expect((await one.call('state_get', { path: '$.cfg' })).value).toEqual({ a: 1, b: 2 });
  await one.close();
  await two.close();
});
