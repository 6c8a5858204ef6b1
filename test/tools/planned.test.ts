// run_claim in the run of a sprint whose tasks are planned for agents.

import { expect, test } from 'vitest';
import type { Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

async function planned(assignees: (string | undefined)[]): Promise<{ window: Window; run: unknown }> {
  const window = await planWindow('one');
  const tasks = assignees.map((assignee, at) => ({
    key: `k${at}`,
    title: `task ${at}`,
    ...(assignee !== undefined && { assignee }),
  }));
  await window.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks });
  const { run } = await window.call('run_start', { sprint: 'SPR-1' });
  return { window, run };
}

test('an agent is given what is planned for it, then what is for nobody, and is told of what is for another', async () => {
  const { window, run } = await planned(['carol', undefined, 'ann']);
  for (const node of ['tsk-3', 'tsk-2']) {
    const claimed = await window.call('run_claim', { run, agent: 'ann' });
    expect(claimed).toMatchObject({ node });
    expect(claimed).not.toHaveProperty('note');
    await window.call('run_report', { claim: claimed.claim, status: 'done' });
  }
  const others = { node: 'tsk-1', note: 'planned for carol, and theirs again if you release it' };
  const { claim } = await window.call('run_claim', { run, agent: 'ann' });
  expect(await window.call('run_claim', { run, agent: 'ann' })).toMatchObject({ ...others, claim });
  await window.call('run_report', { claim, status: 'released' });
  expect(await window.call('plan_list', { kind: 'task', assignee: 'carol' })).toMatchObject({ total: 1 });
});

test('a window is meant by its session and by the one agent that it said it is', async () => {
  const { window, run } = await planned([undefined, 'beta', undefined]);
  await window.call('session_update', { agent: { name: 'beta' } });
  const { claim, node } = await window.call('run_claim', { run });
  expect(node).toBe('tsk-2');
  await window.call('run_report', { claim, status: 'done' });
  await window.call('task_save', { id: 'TSK-3', assignee: window.session });
  const next = await window.call('run_claim', { run });
  expect(next).toMatchObject({ node: 'tsk-3' });
  expect(next).not.toHaveProperty('note');
});
