// Two projects of one store, each with a TSK-1: every tool of plans and runs means the caller's own.

import { beforeEach, expect, test } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';

let rig: TeamRig;
let one: Window;
let two: Window;

beforeEach(async () => {
  rig = new TeamRig();
  one = await rig.window('one');
  two = await rig.window('two', {}, 'prj-2');
  for (const window of [one, two]) {
    await window.call('plan_save', {
      epic: { title: `epic of ${window === one ? 'one' : 'two'}` },
      sprint: { title: 's', status: 'active' },
      tasks: [
        { key: 'a', title: `a of ${window === one ? 'one' : 'two'}`, points: 2 },
        { key: 'b', title: 'b', needs: ['a'] },
      ],
    });
  }
});

test('lists, boards and joins are of the own project', async () => {
  const read = { kind: 'task', text: 'TSK-1', detail: 'full' };
  expect(await one.call('plan_list', read)).toMatchObject({ rows: [{ id: 'TSK-1', title: 'a of one' }] });
  expect(await two.call('plan_list', read)).toMatchObject({
    rows: [{ id: 'TSK-1', title: 'a of two', sprint: 'SPR-1', epic: 'EPC-1', needed_by: ['TSK-2'] }],
  });
  for (const parent of ['SPR-1', 'epc-1']) {
    const rows = (await two.call('plan_list', { kind: 'task', parent })).rows as { title: string }[];
    expect(rows.map(({ title }) => title)).toEqual(['a of two', 'b']);
  }
  expect(await two.call('plan_list', { kind: 'epic', text: 'EPC-1' })).toMatchObject({
    rows: [{ id: 'EPC-1', title: 'epic of two', tasks: 2 }],
  });
  expect(await two.call('sprint_board', { sprint: 'spr-1' })).toMatchObject({
    sprint: { id: 'SPR-1', tasks: 2, ready: 1 },
    suggest: [{ id: 'TSK-1', title: 'a of two' }],
  });
  await two.call('sprint_save', { id: 'SPR-1', join: true });
  expect(await two.call('state_get', { path: '$.session.sprint' })).toMatchObject({ value: 'SPR-1' });
  expect(await two.call('sprint_board')).toMatchObject({ sprint: { id: 'SPR-1', sessions: [two.session] } });
  expect((await one.call('sprint_board')).sprint).toMatchObject({ sessions: [] });
  expect(await two.fail('task_save', { id: 'TSK-3', title: 'x' })).toMatchObject({
    code: 'unknown-item',
    near: ['TSK-1', 'TSK-2'],
  });
});

test('a run of a sprint moves the tasks of its own project, and a task ended by hand ends its node', async () => {
  const { run, ready } = await two.call('run_start', { sprint: 'SPR-1' });
  expect(ready).toEqual(['tsk-1']);
  const { claim } = await two.call('run_claim', { run, agent: 'kim' });
  await two.call('run_report', { claim, status: 'done' });
  const first = { kind: 'task', text: 'TSK-1' };
  expect(await two.call('plan_list', first)).toMatchObject({ rows: [{ status: 'done', assignee: 'kim' }] });
  expect(await one.call('plan_list', first)).toMatchObject({ rows: [{ status: 'todo' }] });
  await two.call('task_save', { id: 'TSK-2', status: 'done' });
  expect(await two.call('run_status', { run })).toMatchObject({ counts: { finished: 2 } });
});
