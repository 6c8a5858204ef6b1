// Several existing tasks in one call: task_save {ids}, and changes among the tasks of plan_save.

import { beforeEach, expect, test } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

let window: Window;
let rig: TeamRig;

beforeEach(async () => {
  rig = new TeamRig();
  window = await planWindow('one', rig);
  await window.call('plan_save', {
    sprint: { title: 's', status: 'active' },
    tasks: [
      { key: 'a', title: 'a', points: 1 },
      { key: 'b', title: 'b', needs: ['a'] },
      { key: 'c', title: 'c', needs: ['b'] },
    ],
  });
});

async function statuses(): Promise<unknown[]> {
  const { rows } = await window.call('plan_list', { kind: 'task' });
  return (rows as { status: string }[]).map(({ status }) => status);
}

test('a chain is finished in one call and commit, in whatever order it is named', async () => {
  const lines = rig.lines;
  const saved = await window.call('task_save', { ids: ['TSK-2', 'tsk-1'], status: 'done' });
  expect(rig.lines).toBe(lines + 1);
  expect(saved).toMatchObject({
    saved: [
      { id: 'TSK-2', changed: expect.arrayContaining(['status']) },
      { id: 'TSK-1', changed: expect.arrayContaining(['status']) },
    ],
    unblocked: ['TSK-3'],
  });
  expect(await statuses()).toEqual(['done', 'done', 'todo']);
});

test('one that is refused leaves all as they were', async () => {
  expect(await window.fail('task_save', { ids: ['TSK-1', 'TSK-3'], status: 'done' })).toMatchObject({
    code: 'needs-open',
    what: 'TSK-3',
  });
  expect(await window.fail('task_save', { ids: ['TSK-1', 'TSK-9'], status: 'done' })).toMatchObject({
    code: 'unknown-item',
    id: 'TSK-9',
  });
  expect(await window.fail('task_save', { ids: ['TSK-1'], title: 'x' })).toMatchObject({
    issues: [{ at: 'title', why: expect.stringContaining('plan_save') }],
  });
  expect(await statuses()).toEqual(['todo', 'todo', 'todo']);
});

test('a task ended with others ends its node in the run of its sprint', async () => {
  const { run } = await window.call('run_start', { sprint: 'SPR-1' });
  await window.call('task_save', { ids: ['TSK-1', 'TSK-2'], status: 'done' });
  expect(await window.call('run_status', { run })).toMatchObject({ counts: { finished: 2, ready: 1 } });
  await window.call('plan_save', { tasks: [{ id: 'TSK-3', status: 'done' }] });
  expect(await window.call('run_status', { run })).toMatchObject({ status: 'finished' });
});

test('plan_save makes new tasks and changes others, which join its sprint and epic and may need the new ones', async () => {
  const saved = await window.call('plan_save', {
    epic: { title: 'E' },
    sprint: { title: 'next' },
    tasks: [
      { id: 'TSK-1', status: 'blocked', blocked_reason: 'no key' },
      { key: 'd', title: 'd', needs: ['TSK-1'] },
      { id: 'tsk-3', title: 'C', needs: ['d'], assignee: 'kim' },
    ],
  });
  expect(saved).toMatchObject({ sprint: 'SPR-2', epic: 'EPC-1', ids: { d: 'TSK-4' }, ready: [] });
  expect(saved.changed).toMatchObject({ 'TSK-1': expect.arrayContaining(['status', 'sprint', 'epic']) });
  const { rows } = await window.call('plan_list', { kind: 'task', parent: 'SPR-2', detail: 'full' });
  expect(rows).toMatchObject([
    { id: 'TSK-1', status: 'blocked', epic: 'EPC-1', needed_by: ['TSK-2', 'TSK-4'] },
    { id: 'TSK-3', title: 'C', needs: ['TSK-4'], assignee: 'kim' },
    { id: 'TSK-4', needs: ['TSK-1'], needed_by: ['TSK-3'] },
  ]);
});

test('every fault of changes is named by its place, with those of new tasks', async () => {
  const failed = await window.fail('plan_save', {
    tasks: [{ id: 'TSK-8' }, { key: 'x', title: 'x', needs: ['nobody'] }, { id: 'TSK-1', needs: ['TSK-7'] }],
  });
  expect((failed as { issues: { at: string }[] }).issues.map(({ at }) => at).sort()).toEqual([
    '/tasks/0/id',
    '/tasks/1/needs/0',
    '/tasks/2/needs/0',
  ]);
  const shape = await window.fail('plan_save', { tasks: [{ title: 'x' }, { key: 'y', title: 'y', status: 'done' }] });
  expect((shape as { issues: { at: string }[] }).issues.map(({ at }) => at)).toEqual([
    '/tasks/0/key',
    '/tasks/1/status',
  ]);
});
