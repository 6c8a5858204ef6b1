// run_start of a sprint that changes between its definition and its start: tried again, but not for ever.

import { expect, test } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

/** Has another window change the sprint each time its definition has been made, so often. */
async function disturbed(times: number): Promise<{ window: Window; tried: () => number }> {
  const rig = new TeamRig();
  const [window, other] = [await planWindow('one', rig), await planWindow('other', rig)];
  await window.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks: [{ key: 'a', title: 'first' }] });
  const { documents } = window.services;
  const dryRun = documents.dryRun.bind(documents);
  let tried = 0;
  documents.dryRun = async (decide, by) => {
    const built = await dryRun(decide, by);
    tried += 1;
    if (tried <= times) await other.call('task_save', { title: `more ${tried}`, sprint: 'SPR-1' });
    return built;
  };
  return { window, tried: () => tried };
}

test('given it changes once, then the run is of the sprint as it is by then', async () => {
  const { window, tried } = await disturbed(1);
  const started = await window.call('run_start', { sprint: 'SPR-1' });
  expect(started).toMatchObject({ nodes: 2, ready: ['tsk-1', 'tsk-2'] });
  expect(tried()).toBe(2);
});

test('given it changes every time, then it is said after three tries, and nothing was started', async () => {
  const { window, tried } = await disturbed(100);
  expect(await window.fail('run_start', { sprint: 'SPR-1' })).toMatchObject({
    code: 'contended',
    streams: ['sprint/spr-1'],
  });
  expect(tried()).toBe(3);
  expect(await window.call('run_status')).toMatchObject({ runs: [] });
});

test('given a task by its id, then its node is meant', async () => {
  const { window } = await disturbed(0);
  await window.call('task_save', { title: 'second', sprint: 'SPR-1' });
  const { run } = await window.call('run_start', { sprint: 'SPR-1' });
  expect(await window.call('run_status', { run, node: 'TSK-1' })).toMatchObject({ detail: { status: 'ready' } });
  expect(await window.call('run_claim', { run, node: 'TSK-1' })).toMatchObject({ node: 'tsk-1' });
  const skipped = await window.call('run_control', { run, action: 'skip_node', node: 'TSK-2' });
  expect(skipped).toMatchObject({ node: 'tsk-2', node_status: 'skipped' });
  expect(await window.fail('run_control', { run, action: 'skip_node', node: 'TSK-22' })).toMatchObject({
    code: 'unknown-node',
    node: 'TSK-22',
  });
});

test('given one goes on, then a second is refused, dry or not, and a sprint that is not there comes with the nearest', async () => {
  const { window } = await disturbed(0);
  const { run } = await window.call('run_start', { sprint: 'SPR-1', request_id: 'r' });
  for (const dry_run of [true, false]) {
    const refused = { code: 'not-allowed', why: `its run ${run} is running` };
    expect(await window.fail('run_start', { sprint: 'SPR-1', dry_run })).toMatchObject(refused);
  }
  expect(await window.call('run_start', { sprint: 'SPR-1', request_id: 'r' })).toMatchObject({ run, replayed: true });
  expect(await window.call('sprint_board', { sprint: 'SPR-1' })).toMatchObject({ sprint: { run } });
  expect(await window.fail('run_start', { sprint: 'SPR-11' })).toMatchObject({ code: 'unknown-item', near: ['SPR-1'] });
});
