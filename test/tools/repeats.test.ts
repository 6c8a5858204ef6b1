// A repeat with the same request_id: given a call that was answered, when it is made again after others have written,
// then it has no effect and the same seq, whichever tool it is.

import { describe, expect, test } from 'vitest';
import { tools } from '../../src/tools/index.ts';
import { type Answer, TeamRig, type Window } from '../team-rig.ts';

type Given = (window: Window) => Promise<object>;

const nodes = [{ id: 'a', kind: 'agent', task: 'do a' }];
const saved = async (window: Window) => (await window.call('graph_check', { nodes, name: 'g' })).hash;
const started = async (window: Window) => window.call('run_start', { graph: await saved(window) });
const set: Given = async (window) => window.call('state_set', { path: '$.x', value: { y: 1 } });

/** By tool: arguments that change something, after what they need was made. */
const calls: Record<string, (window: Window) => Promise<object>> = {
  decision_open: async () => ({ title: 'which', options: ['a', 'b'] }),
  decision_vote: async (window) => {
    const opened = await window.call('decision_open', { title: 'which', options: ['a', 'b'] });
    return { decision: opened.decision, option: 'a' };
  },
  epic_save: async () => ({ title: 'an epic' }),
  graph_check: async () => ({ nodes, save_as: 'kept' }),
  lock_release: async (window) => {
    const held = await window.call('lock_acquire', { lock: 'l' });
    return { lock: 'l', fence: held.fence };
  },
  message_send: async () => ({ to: 'all', text: 'hello' }),
  plan_save: async () => ({ tasks: [{ key: 'a', title: 'a task' }] }),
  project_save: async () => ({ name: 'renamed' }),
  registry_save: async () => ({ kind: 'agent', id: 'worker', skills: ['typescript'] }),
  run_claim: async (window) => ({ run: (await started(window)).run, agent: 'main' }),
  run_control: async (window) => ({ run: (await started(window)).run, action: 'pause' }),
  run_report: async (window) => {
    const { run } = await started(window);
    return { claim: (await window.call('run_claim', { run })).claim, status: 'done' };
  },
  run_start: async (window) => ({ graph: await saved(window) }),
  session_handoff: async () => ({ summary: 'all of it' }),
  session_start: async () => ({ resume: 'new', name: 'other' }),
  session_update: async () => ({ name: 'renamed' }),
  sprint_save: async () => ({ title: 'a sprint' }),
  state_batch: async () => ({ operations: [{ op: 'set', path: '$.x', value: 1 }] }),
  state_delete: async (window) => set(window).then(() => ({ path: '$.x' })),
  state_merge: async () => ({ path: '$.x', value: { y: 2 } }),
  state_restore: async (window) => {
    const { seq } = (await set(window)) as Answer;
    await window.call('state_delete', { path: '$.x' });
    return { path: '$.x', to: seq };
  },
  state_set: async () => ({ path: '$.x', value: 1 }),
  task_save: async () => ({ title: 'a task' }),
};

const repeatable = tools.filter(({ input }) => 'request_id' in input.shape).map(({ name }) => name);

test('every tool that takes a request_id is tried here', () => {
  expect(Object.keys(calls).sort()).toEqual([...repeatable].sort());
});

describe.each(Object.keys(calls).sort())('%s', (name) => {
  test('a repeat has no effect, and the seq of the first call', async () => {
    const rig = new TeamRig();
    const window = await rig.window('ann');
    const other = await rig.window('bob');
    const args = { ...(await calls[name]?.(window)), request_id: 'r' };
    const first = await window.call(name, args);
    await other.call('state_set', { path: '$.later', value: 1 });
    const lines = rig.lines;
    const again = await window.call(name, args);
    expect(rig.lines).toBe(lines);
    expect(again).toMatchObject({ replayed: true });
    expect(first).not.toHaveProperty('replayed');
    expect(again.seq).toBe(first.seq);
  });
});
