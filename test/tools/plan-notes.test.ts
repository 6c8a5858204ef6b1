// What a save says that it did not do: the run of a sprint takes in no later task, and an epic does not end by itself.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

let window: Window;

beforeEach(async () => {
  window = await planWindow();
  await window.call('plan_save', {
    epic: { title: 'E' },
    sprint: { title: 's', status: 'active' },
    tasks: [
      { key: 'a', title: 'a' },
      { key: 'b', title: 'b' },
    ],
  });
});

async function epicStatus(): Promise<unknown> {
  const { rows } = await window.call('plan_list', { kind: 'epic', text: 'EPC-1' });
  return (rows as { status: string }[])[0]?.status;
}

describe('while a run of the sprint goes on', () => {
  const without = (id: string) =>
    expect.stringMatching(new RegExp(`^run-\\w+ began without ${id} .*run_start {sprint: "SPR-1"}`));

  test('each save that adds or frees a task says that the run does not take it in', async () => {
    await window.call('task_save', { id: 'TSK-2', status: 'blocked', blocked_reason: 'no key' });
    await window.call('run_start', { sprint: 'SPR-1' });
    expect(await window.call('task_save', { title: 'c', sprint: 'SPR-1' })).toMatchObject({ note: without('TSK-3') });
    const planned = { sprint: { id: 'SPR-1' }, tasks: [{ key: 'd', title: 'd' }] };
    expect(await window.call('plan_save', planned)).toMatchObject({ note: without('TSK-4') });
    expect(await window.call('task_save', { id: 'TSK-2', status: 'todo' })).toMatchObject({ note: without('TSK-2') });
    await window.call('task_save', { title: 'later' });
    const moved = { ids: ['TSK-5'], sprint: 'SPR-1' };
    expect(await window.call('task_save', moved)).toMatchObject({ note: without('TSK-5') });
    await window.call('plan_save', { sprint: { title: 'old' }, tasks: [{ key: 'o', title: 'o' }] });
    const ended = { id: 'SPR-2', status: 'cancelled', carry_to: 'SPR-1' };
    expect(await window.call('sprint_save', ended)).toMatchObject({ note: without('.*TSK-6') });
  });

  test('nothing is said of a task that is a node, of one elsewhere, or after the run', async () => {
    const { run } = await window.call('run_start', { sprint: 'SPR-1' });
    expect(await window.call('task_save', { id: 'TSK-1', title: 'A' })).not.toHaveProperty('note');
    expect(await window.call('task_save', { title: 'c' })).not.toHaveProperty('note');
    await window.call('run_control', { run, action: 'cancel' });
    expect(await window.call('task_save', { title: 'd', sprint: 'SPR-1' })).not.toHaveProperty('note');
  });
});

describe('an epic', () => {
  test('is active from its first task in work, and its last finished one says so', async () => {
    expect(await epicStatus()).toBe('planned');
    await window.call('task_save', { id: 'TSK-1', status: 'active' });
    expect(await epicStatus()).toBe('active');
    expect(await window.call('task_save', { id: 'TSK-1', status: 'done' })).not.toHaveProperty('note');
    const done = 'every task of EPC-1 is finished: epic_save {id: "EPC-1", status: "completed"}';
    expect(await window.call('task_save', { ids: ['TSK-2'], status: 'done' })).toMatchObject({ note: done });
    await window.call('epic_save', { id: 'EPC-1', status: 'completed' });
    expect(await window.call('task_save', { id: 'TSK-2', priority: 1 })).not.toHaveProperty('note');
  });

  test('is active when a task in work joins it, or a run starts one', async () => {
    await window.call('task_save', { title: 'x', status: 'active' });
    await window.call('task_save', { id: 'TSK-3', epic: 'EPC-1' });
    expect(await epicStatus()).toBe('active');
    await window.call('epic_save', { id: 'EPC-1', status: 'planned' });
    await window.call('run_start', { sprint: 'SPR-1' });
    await window.call('run_claim', { agent: 'kim' });
    expect(await epicStatus()).toBe('active');
  });
});
