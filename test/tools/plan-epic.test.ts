// An epic in one answer, by id or title, and lists and boards of one epic.

import { beforeEach, describe, expect, test } from 'vitest';
import { dashboardViews } from '../../src/dashboard/index.ts';
import { rowsOf } from '../dashboard/looking.ts';
import type { Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

let window: Window;

beforeEach(async () => {
  window = await planWindow();
  await window.call('plan_save', {
    epic: { title: 'Pay by card', description: 'Everybody can pay', owner: 'lea' },
    sprint: { title: 'Week 1', status: 'active', starts_at: '2026-01-01', ends_at: '2026-01-14' },
    tasks: [
      { key: 'form', title: 'Form', points: 2, assignee: 'kim' },
      { key: 'api', title: 'API', points: 3, assignee: 'kim' },
      { key: 'hook', title: 'Hook', points: 5, needs: ['api'] },
      { key: 'mail', title: 'Mail', points: 8, needs: ['hook'] },
      { key: 'law', title: 'Terms' },
    ],
  });
  await window.call('plan_save', { epic: { title: 'Pay by phone' }, tasks: [{ key: 'x', title: 'Other', points: 1 }] });
  await window.call('task_save', { title: 'Key of the bank', assignee: 'bo', points: 1 });
  await window.call('task_save', { id: 'TSK-4', needs: ['TSK-3', 'TSK-7'] });
  await window.call('task_save', { id: 'TSK-1', status: 'active' });
  await window.call('task_save', { id: 'TSK-2', status: 'blocked', blocked_reason: 'no key yet' });
});

describe('an epic in full', () => {
  test.each(['EPC-1', 'epc-1', 'Pay by card', 'card'])('is one answer, found by %s', async (text) => {
    const answer = await window.call('plan_list', { kind: 'epic', text, detail: 'full' });
    expect(answer.total).toBe(1);
    expect((answer.rows as object[])[0]).toMatchObject({
      id: 'EPC-1',
      title: 'Pay by card',
      description: 'Everybody can pay',
      owner: 'lea',
      ended_at: null,
      tasks: 5,
      done: 0,
      left: 5,
      points: 18,
      points_done: 0,
      points_left: 18,
      sprints: [{ id: 'SPR-1', status: 'active', starts_at: '2026-01-01', ends_at: '2026-01-14', left: 5 }],
      people: [{ who: 'kim', tasks: 2, points: 5, active: ['TSK-1'] }],
      in_work: [{ id: 'TSK-1', assignee: 'kim', status: 'active' }],
      blockers: [
        { id: 'TSK-2', reason: 'no key yet', holds_up: 2, holds_up_points: 13, holds_up_tasks: ['TSK-3', 'TSK-4'] },
        { id: 'TSK-7', outside: true, assignee: 'bo', holds_up: 1, holds_up_points: 8, holds_up_tasks: ['TSK-4'] },
      ],
      unassigned: [{ id: 'TSK-3' }, { id: 'TSK-4' }, { id: 'TSK-5' }],
      next: [{ id: 'TSK-5', title: 'Terms' }],
    });
  });

  test('of which every task is finished says so, and what to call', async () => {
    await window.call('task_save', { id: 'TSK-6', status: 'done' });
    const { rows } = await window.call('plan_list', { kind: 'epic', text: 'EPC-2', detail: 'full' });
    expect(rows).toMatchObject([{ hint: expect.stringContaining('epic_save {id: "EPC-2", status: "completed"}') }]);
  });

  test('words that several titles have list them all, without a report', async () => {
    const { rows, total } = await window.call('plan_list', { kind: 'epic', text: 'pay', detail: 'full' });
    expect([total, (rows as object[]).some((row) => 'blockers' in row)]).toEqual([2, false]);
  });
});

describe('of one epic', () => {
  test('plan_list lists its tasks, also within a sprint, and cards name it', async () => {
    const of = async (args: object) =>
      (await window.call('plan_list', { kind: 'task', ...args })).rows as { id: string }[];
    expect(await of({ epic: 'phone' })).toMatchObject([{ id: 'TSK-6', epic: 'EPC-2' }]);
    await window.call('task_save', { id: 'TSK-6', sprint: 'SPR-1' });
    expect((await of({ parent: 'SPR-1' })).length).toBe(6);
    expect(await of({ parent: 'SPR-1', epic: 'EPC-2' })).toMatchObject([{ id: 'TSK-6' }]);
    expect(await of({ epic: 'Pay by card', assignee: 'KIM' })).toMatchObject([{ id: 'TSK-1' }, { id: 'TSK-2' }]);
  });

  test('sprint_board shows its cards, blockers and suggestions alone', async () => {
    await window.call('task_save', { id: 'TSK-6', sprint: 'SPR-1' });
    const board = await window.call('sprint_board', { epic: 'phone' });
    const counts = (board.columns as { count: number }[]).map(({ count }) => count);
    expect([counts.reduce((a, b) => a + b), board.blockers]).toEqual([1, []]);
    expect(board.suggest).toMatchObject([{ id: 'TSK-6' }]);
    const all = await window.call('sprint_board');
    expect(all.blockers).toMatchObject([{ id: 'TSK-2', epic: 'EPC-1', holds_up: 2, holds_up_points: 13 }]);
  });

  test('an empty board says which filter emptied it, and what there is', async () => {
    const note = async (args: object) => (await window.call('sprint_board', args)).note;
    expect(await note({ assignee: 'zoe' })).toBe('no task of SPR-1 is assigned to "zoe"; there are: nobody 3, kim 2');
    expect(await note({ epic: 'phone' })).toBe('no task of SPR-1 belongs to EPC-2; there are: EPC-1 5');
    expect(await note({ column: 'review' })).toBe('no task of SPR-1 is review; there are: todo 3, active 1, blocked 1');
    const both = await note({ column: 'todo', assignee: 'kim' });
    expect(both).toBe('tasks of SPR-1 fit each filter, but none fits all of them');
    expect(await note({ column: 'active' })).toBe(undefined);
  });

  test('an epic that is not there is named with those like it', async () => {
    for (const [tool, args] of [
      ['sprint_board', {}],
      ['plan_list', { kind: 'task' }],
    ] as const) {
      const failed = await window.fail(tool, { ...args, epic: 'Pay by cart' });
      expect(failed).toMatchObject({ code: 'unknown-item', kind: 'epic', near: ['EPC-1'] });
    }
    expect(await window.fail('plan_list', { kind: 'sprint', epic: 'EPC-1' })).toMatchObject({ code: 'invalid-input' });
  });
});

test('the view epics shows every open epic, what is in its way and why, who works on it, and what comes next', async () => {
  await window.call('plan_save', { epic: { title: 'Over' }, tasks: [{ key: 'y', title: 'Last' }] });
  await window.call('task_save', { id: 'TSK-8', status: 'done' });
  const { documents, workspace } = window.services;
  const place = { documents, graphs: documents.definitions, clock: { now: Date.now() } };
  const shown = rowsOf(place, dashboardViews.epics, { project: { id: workspace.project, name: 'demo' } });
  expect(shown.get('epics')).toMatchObject([
    { epic: 'EPC-1', title: 'Pay by card', status: 'active', progress_percent: 0, tasks: 5, left: 5, points: 18 },
    { epic: 'EPC-2', title: 'Pay by phone', tasks: 1, left: 1 },
    { epic: 'EPC-3', title: 'Over', progress_percent: 100, tasks: 1, left: 0 },
  ]);
  expect(shown.get('blockers')).toMatchObject([
    { epic: 'EPC-1', task: 'TSK-2', why: 'no key yet', holds_up: 2, holds_up_points: 13 },
    { epic: 'EPC-1', task: 'TSK-7', assignee: 'bo', holds_up: 1, holds_up_points: 8 },
  ]);
  expect(shown.get('work')).toMatchObject([{ epic: 'EPC-1', task: 'TSK-1', assignee: 'kim', status: 'active' }]);
  expect(shown.get('next')).toMatchObject([
    { epic: 'EPC-1', task: 'TSK-5' },
    { epic: 'EPC-2', task: 'TSK-6' },
  ]);
});
