// A task that fails in the run of its sprint: what the answer says, and that the call which it names gives another try.

import { expect, test } from 'vitest';
import { planWindow } from './plan-window.ts';

test('given a task fails, then the answer names the retry, and after it the run goes on with the reason', async () => {
  const window = await planWindow('one');
  const tasks = [
    { key: 'a', title: 'A', assignee: 'ann' },
    { key: 'b', title: 'B', needs: ['a'] },
  ];
  await window.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks });
  const { run } = await window.call('run_start', { sprint: 'SPR-1' });
  const { claim } = await window.call('run_claim', { run, agent: 'bob' });
  const failed = await window.call('run_report', { claim, status: 'failed', summary: 'no host' });
  const retry = `run_control {run: "${run}", action: "retry_node", node: "tsk-1"}`;
  expect(failed).toMatchObject({ status: 'failed', run_status: 'failed', note: expect.stringContaining(retry) });
  await window.call('run_control', { run, action: 'retry_node', node: 'tsk-1', reason: 'use db2' });
  const again = await window.call('run_claim', { run, agent: 'ann' });
  expect(again).toMatchObject({ node: 'tsk-1', last_error: { message: 'no host' }, retry_reason: 'use db2' });
  await window.call('run_report', { claim: again.claim, status: 'done' });
  expect(await window.call('run_claim', { run, agent: 'ann' })).toMatchObject({ node: 'tsk-2' });
});
