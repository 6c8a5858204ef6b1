// Answers that combine several rooms: mail counted at session_start, registered agents in plan_list.

import { afterEach, expect, test } from 'vitest';
import { freshDir, Server } from './rig.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function windows(...ids: string[]): Promise<Server[]> {
  const dir = freshDir();
  for (const id of ids) servers.push(await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: id } }));
  return [...servers];
}

test('session_start and session_recover count the mail that waits', async () => {
  const [reader, sender] = await windows('reader', 'sender');
  if (reader === undefined || sender === undefined) throw new Error('no servers');
  const { session } = await reader.call('session_start');
  await sender.call('message_send', { to: session, text: 'look at the build', kind: 'request' });
  expect(await reader.call('session_start')).toMatchObject({ resumed: true, unread: 1 });
  expect(await reader.call('session_recover')).toMatchObject({ unread: 1 });
  await reader.call('message_read', { ack: [] });
  const { messages } = await reader.call('message_read');
  expect(messages).toEqual([]);
});

test('plan_list shows registered agents, and those that are merely there', async () => {
  const [server] = await windows('only');
  if (server === undefined) throw new Error('no server');
  await server.call('registry_save', { kind: 'agent', id: 'critic', skills: ['review'], tier: 'worker' });
  await server.call('session_update', { agent: { name: 'helper', tier: 'worker' } });
  const { rows, total } = await server.call('plan_list', { kind: 'agent' });
  expect(total).toBe(2);
  expect(rows).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 'critic', skills: ['review'] }),
      expect.objectContaining({ id: 'helper', registered: false }),
    ]),
  );
  expect(await server.call('plan_list', { kind: 'agent', text: 'nobody of that name' })).toMatchObject({ total: 0 });
  const { failure } = await server.fail('plan_list', { kind: 'command', status: 'live' });
  expect(failure.code).toBe('invalid-input');
});
