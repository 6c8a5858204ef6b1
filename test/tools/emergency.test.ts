// Priorities of an emergency: its messages, its tasks, and its runs for all that claim work.

import { afterEach, expect, test, vi } from 'vitest';
import { rows, TeamRig, type Window } from '../team-rig.ts';

afterEach(() => {
  vi.useRealTimers();
});

const agent = (id: string) => ({ id, kind: 'agent', task: `Do ${id}.` });

async function begin(window: Window, id: string): Promise<unknown> {
  const { hash } = await window.call('graph_check', { nodes: [agent(id)], name: id });
  return (await window.call('run_start', { graph: hash })).run;
}

async function priorities(window: Window): Promise<unknown[]> {
  return rows(await window.call('message_read'), 'messages').map(({ priority }) => priority);
}

test('messages have priority 1 unless another is given, as long as it goes on', async () => {
  const rig = new TeamRig();
  const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
  const send = (more: object = {}) => ann.call('message_send', { to: bob.session, text: 'the login is down', ...more });
  await send();
  expect(await priorities(bob)).toEqual([3]);
  await ann.call('session_update', { mode: 'emergency' });
  expect(await priorities(bob)).toEqual([1]);
  await send();
  await send({ priority: 4 });
  expect(await priorities(bob)).toEqual([1, 4]);
  await ann.call('session_update', { mode: 'development' });
  await send();
  expect(await priorities(bob)).toEqual([3]);
});

test('new tasks come first, in its plans too; what is changed keeps its place', async () => {
  const rig = new TeamRig();
  const ann = await rig.window('ann');
  const usual = (await ann.call('task_save', { title: 'usual' })).id;
  await ann.call('session_update', { mode: 'emergency' });
  await ann.call('task_save', { title: 'urgent' });
  await ann.call('task_save', { title: 'later', priority: 5 });
  await ann.call('task_save', { id: usual, title: 'as usual' });
  const tasks = [
    { key: 'a', title: 'planned' },
    { key: 'b', title: 'planned later', priority: 4 },
  ];
  await ann.call('plan_save', { tasks });
  const { rows: found } = await ann.call('plan_list', { kind: 'task', detail: 'full' });
  const list = found as { title: string; priority: number }[];
  expect(Object.fromEntries(list.map(({ title, priority }) => [title, priority]))).toEqual({
    'as usual': 3,
    urgent: 1,
    later: 5,
    planned: 1,
    'planned later': 4,
  });
});

test('whoever asks for work without naming a run gets that of the emergency first', async () => {
  const rig = new TeamRig();
  const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
  const own = await begin(bob, 'own');
  const urgent = await begin(ann, 'urgent');
  await ann.call('session_update', { mode: 'emergency' });
  const first = await bob.call('run_claim', { agent: 'coder' });
  expect(first).toMatchObject({ run: urgent, node: 'urgent' });
  await bob.call('run_report', { claim: first.claim, status: 'done' });
  expect(await bob.call('run_claim', { agent: 'coder' })).toMatchObject({ run: own });
});

test("it ends when nobody has been seen in it for four hours: then its run comes after one's own", async () => {
  const rig = new TeamRig();
  const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
  await begin(ann, 'urgent');
  await ann.call('session_update', { mode: 'emergency' });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4.1 * 3_600_000 });
  const own = await begin(bob, 'own');
  expect(await bob.call('run_claim', { agent: 'coder' })).toMatchObject({ run: own });
});
