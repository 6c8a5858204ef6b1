// Every kind of resource in two real servers: listed, completed, read, and reported to the client of one server when
// the other has changed it.

import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resourceKinds } from '../../src/resources/index.ts';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

let ann: Server;
let bob: Server;
let run = '';
let session = '';
let project = '';
const updates: string[] = [];

beforeAll(async () => {
  const dir = freshDir();
  ann = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'ann' } });
  bob = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'bob' } });
  await ann.call('session_start', { name: 'ann' });
  session = String((await bob.call('session_start', { name: 'bob' })).session);
  project = String((await bob.call('project_get')).project);
  const tasks = [{ key: 'a', title: 'one' }];
  await ann.call('plan_save', { sprint: { title: 'first', status: 'active' }, tasks });
  const nodes = ['a', 'b', 'c'].map((id) => ({ id, kind: 'agent', task: 'x' }));
  const { hash } = await ann.call('graph_check', { nodes, name: 'work' });
  run = String((await ann.call('run_start', { graph: hash })).run);
  bob.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updates.push(params.uri);
  });
}, 30_000);
afterAll(async () => {
  await ann.close();
  await bob.close();
});

async function read(server: Server, uri: string): Promise<Answer> {
  const { contents } = await server.client.readResource({ uri });
  const [first] = contents as { text: string; mimeType: string }[];
  expect(first?.mimeType).toBe('application/json');
  // Without spaces: what may be in an answer is counted that way.
  expect(first?.text).toBe(JSON.stringify(JSON.parse(first?.text ?? '')));
  return JSON.parse(first?.text ?? '');
}

/** Resolves once bob's client was told of the resource; what came before does not count. */
async function told(uri: string, change: () => Promise<unknown>): Promise<void> {
  updates.length = 0;
  await change();
  await expect.poll(() => updates, { timeout: 5_000 }).toContain(uri);
}

/** Of each kind: one id, what of it ann changes, and what bob then reads. */
const cases: Record<string, () => { id: string; change?(): Promise<unknown>; seen: object }> = {
  sessions: () => ({
    id: session,
    change: () => ann.call('state_set', { path: 'x', value: 7, session }),
    seen: { session: { id: session }, x: 7 },
  }),
  inboxes: () => ({
    id: session,
    change: () => ann.call('message_send', { to: session, text: 'hello' }),
    seen: { unread: 1, messages: [{ text: 'hello' }] },
  }),
  projects: () => ({
    id: project,
    change: () => ann.call('project_save', { config: { alerts: { idle_hours: 7 } } }),
    seen: { id: project, config: { alerts: { blocked_hours: 24, idle_hours: 7 } } },
  }),
  boards: () => ({
    id: project,
    change: () => ann.call('task_save', { id: 'TSK-1', status: 'active' }),
    seen: { sprint: { id: 'SPR-1' } },
  }),
  sprints: () => ({
    id: 'SPR-1',
    change: () => ann.call('task_save', { id: 'TSK-1', status: 'review' }),
    seen: { sprint: { id: 'SPR-1', tasks: 1 } },
  }),
  runs: () => ({
    id: run,
    change: () => ann.call('run_claim', { run, node: 'b', agent: 'critic' }),
    seen: {
      run,
      name: 'work',
      status: 'running',
      counts: { ready: 2, claimed: 1 },
      nodes: [{ node: 'a', status: 'ready' }, { node: 'b', status: 'claimed', agent: 'critic' }, { node: 'c' }],
    },
  }),
  docs: () => ({
    id: 'graphs',
    seen: {
      every_node: { when: expect.any(String), map: { fields: { over: expect.any(String) } } },
      kinds: { approval: { example: { kind: 'approval' }, fields: { ask: 'the question' } } },
    },
  }),
};

describe.each(resourceKinds.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
  test('is listed, completed, and told to another server’s client when it changes', async () => {
    const made = cases[name]?.();
    if (made === undefined) throw new Error(`no case for ${name}`);
    const { id, change, seen } = made;
    const uri = kind.template.replace('{id}', id);
    const { resources } = await bob.client.listResources();
    expect(resources.map((one) => one.uri)).toContain(uri);
    const { resourceTemplates } = await bob.client.listResourceTemplates();
    expect(resourceTemplates.map((one) => one.uriTemplate)).toContain(kind.template);
    const ref = { type: 'ref/resource' as const, uri: kind.template };
    const complete = async (value: string): Promise<string[]> =>
      (await bob.client.complete({ ref, argument: { name: 'id', value } })).completion.values;
    expect(await complete(id.slice(0, 3).toUpperCase())).toContain(id);
    expect(await complete('nothing-begins-like-this')).toEqual([]);
    await bob.client.subscribeResource({ uri });
    // What comes with the program changes with it alone.
    if (change !== undefined) await told(uri, change);
    expect(await read(bob, uri)).toMatchObject(seen);
    await bob.client.unsubscribeResource({ uri });
  });
});

test('additions by any process are told to a client that listed and subscribed to nothing, once a burst', async () => {
  let told = 0;
  bob.client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
    told++;
  });
  const uris = async (): Promise<string[]> => (await bob.client.listResources()).resources.map(({ uri }) => uri);
  const before = await uris();
  await ann.call('state_set', { path: 'no', value: 1 });
  for (const title of ['second', 'third']) await bob.call('sprint_save', { title });
  await expect.poll(() => told, { timeout: 5_000 }).toBe(1);
  expect(await uris()).toEqual(expect.arrayContaining([...before, 'baton://sprints/SPR-2', 'baton://sprints/SPR-3']));
  // By the other server, while this one is idle.
  await ann.call('sprint_save', { title: 'fourth' });
  await expect.poll(() => told, { timeout: 8_000 }).toBe(2);
  expect(await uris()).toContain('baton://sprints/SPR-4');
});

test('an inbox tells of teams and channels that its session joins later, and not of state that is written', async () => {
  const uri = `baton://sessions/${session}/inbox`;
  await bob.client.subscribeResource({ uri });
  await told(uri, () => ann.call('project_save', { config: { teams: { core: { members: [session] } } } }));
  await told(uri, () => ann.call('message_send', { to: 'team:core', text: 'to the team' }));
  await told(uri, () => bob.call('session_update', { agent: { name: 'critic', tier: 'worker' } }));
  await told(uri, () => ann.call('message_send', { to: 'critic', text: 'to the agent' }));
  updates.length = 0;
  await ann.call('state_set', { path: 'y', value: 1, session });
  await told(uri, () => ann.call('message_send', { to: session, text: 'after' }));
  expect(updates).toEqual([uri]);
  await bob.client.unsubscribeResource({ uri });
});

test('a run shows no claim that somebody could report with, and a sprint may be named as people write it', async () => {
  const { claim } = await ann.call('run_claim', { run, node: 'c', agent: 'other' });
  expect(String(claim)).toContain(run);
  expect(JSON.stringify(await read(bob, `baton://runs/${run}`))).not.toContain(`${run}.`);
  expect(await read(bob, 'baton://sprints/SPR-1')).toMatchObject({ sprint: { id: 'SPR-1' } });
});

test('what is very large is shown in part, with the call that has the rest', async () => {
  await ann.call('state_set', { path: 'big', value: 'x'.repeat(300_000), session });
  const found = await read(bob, `baton://sessions/${session}`);
  expect(JSON.stringify(found).length).toBeLessThan(20_000);
  expect(found).toMatchObject({ session: { id: session }, cut: expect.stringContaining('state_get') });
  const nodes = Array.from({ length: 500 }, (_, at) => ({ id: `node-number-${at}`, kind: 'agent', task: 'x' }));
  const { hash } = await ann.call('graph_check', { nodes, name: 'many' });
  const many = String((await ann.call('run_start', { graph: hash })).run);
  const shown = await read(bob, `baton://runs/${many}`);
  expect(JSON.stringify(shown).length).toBeLessThan(16_000);
  expect(shown.cut).toContain(`run_status {"run": "${many}"`);
});
