// The rules of tasks, given/when/then: ids, statuses, needs, what becomes ready, archiving.

import { describe, expect, test } from 'vitest';
import type { Decide } from '../../../src/domain/command.ts';
import { type SaveTaskAnswer, saveTask } from '../../../src/domain/plan/save-task.ts';
import { saveTasks } from '../../../src/domain/plan/save-tasks.ts';
import { TASK_LEGAL, TASK_STATUSES, type TaskStatus } from '../../../src/domain/plan/task.ts';
import { PlanRig, PROJECT } from './plan-rig.ts';

describe('a new task', () => {
  test('counts from 1, shown in upper case, and takes its defaults', async () => {
    const rig = new PlanRig();
    expect(await rig.saveTask({ fields: { title: 'first' } })).toMatchObject({
      id: 'TSK-1',
      created: true,
      version: 1,
    });
    expect(await rig.task({ title: 'second' })).toBe('TSK-2');
    expect(await rig.taskDoc('TSK-1')).toMatchObject({
      id: 'tsk-1',
      status: 'todo',
      priority: 3,
      labels: [],
      needs: [],
    });
  });

  test('needs a title', async () => {
    const failure = await new PlanRig().refuseTask({ fields: { points: 3 } });
    expect(failure).toMatchObject({ code: 'invalid-input', issues: [{ at: 'title' }] });
  });

  test('stands in its sprint and epic, and they list it', async () => {
    const rig = new PlanRig();
    const [sprint, epic] = [await rig.sprint(), await rig.epic()];
    const id = await rig.task({ sprint: 'spr-1', epic: 'Epc-1' });
    expect(await rig.taskDoc(id)).toMatchObject({ sprint: 'spr-1', epic: 'epc-1' });
    expect((await rig.sprintDoc(sprint)).tasks).toEqual(['tsk-1']);
    expect((await rig.epicDoc(epic)).tasks).toEqual(['tsk-1']);
  });

  test('of one id at most: ids that are none, are of another kind or are not there are unknown', async () => {
    const rig = new PlanRig();
    await rig.task({});
    for (const id of ['TSK-2', 'tsk-01', 'EPC-1', 'x', '../x', 'TSK-1x', '', `TSK-${'9'.repeat(40)}`]) {
      expect(await rig.refuseTask({ id, fields: { title: 'x' } })).toMatchObject({ code: 'unknown-item', id });
    }
  });

  test('of another project is not used by mistake', async () => {
    const rig = new PlanRig();
    await rig.task({});
    const other: Decide<SaveTaskAnswer> = (tx, ctx) =>
      saveTask(tx, ctx, { project: 'prj-2', id: 'TSK-1', fields: { title: 'x' } });
    expect(await rig.refused(other)).toMatchObject({ code: 'unknown-item' });
    const linked: Decide<SaveTaskAnswer> = (tx, ctx) =>
      saveTask(tx, ctx, { project: 'prj-2', fields: { title: 'x', needs: ['TSK-1'] } });
    expect(await rig.refused(linked)).toMatchObject({ code: 'unknown-item' });
    const made = await rig.do((tx, ctx) => saveTask(tx, ctx, { project: 'prj-2', fields: { title: 'x' } }));
    expect(made.value.id).toBe('TSK-1');
  });
});

describe('changing a task', () => {
  test('answers what changed, and a save that says nothing new changes nothing', async () => {
    const rig = new PlanRig();
    const [first, sprint] = [await rig.task({ points: 2, labels: ['a'], assignee: 'kim' }), await rig.sprint()];
    const fields = { title: 'new', points: 5, labels: ['a', 'b'], sprint, needs: [await rig.task({})] };
    const saved = await rig.set(first, fields);
    expect(saved.changed.sort()).toEqual(['labels', 'needs', 'points', 'sprint', 'title']);
    const before = rig.documents.store.seq();
    expect(await rig.set(first, { ...fields, status: 'todo' })).toMatchObject({ changed: [], version: saved.version });
    expect(await rig.set(first, { archived: false })).toMatchObject({ changed: [] });
    expect(rig.documents.store.seq()).toBe(before);
  });

  test('a list that is given replaces the old one, and the answer names what it lost', async () => {
    const rig = new PlanRig();
    const [need, other] = [await rig.task({}), await rig.task({})];
    const id = await rig.task({ labels: ['a', 'b'], needs: [need, other] });
    const saved = await rig.set(id, { labels: ['b', 'c'], needs: [other] });
    expect(saved.removed).toEqual({ labels: ['a'], needs: ['TSK-1'] });
    expect(await rig.set(id, { labels: ['b', 'c', 'd'], title: 'new' })).not.toHaveProperty('removed');
    const several = await rig.do((tx, ctx) =>
      saveTasks(tx, ctx, { project: PROJECT, changes: [{ id, fields: { labels: ['d'] } }] }),
    );
    expect(several.value.saved).toMatchObject([{ removed: { labels: ['b', 'c'] } }]);
  });

  test('empty text clears what may be absent', async () => {
    const rig = new PlanRig();
    const [sprint, epic, parent] = [await rig.sprint(), await rig.epic(), await rig.task({})];
    const id = await rig.task({ sprint, epic, parent, assignee: 'kim', discovered_from: parent });
    await rig.set(id, { sprint: 'backlog', epic: '', parent: '', assignee: '', discovered_from: '' });
    const doc = await rig.taskDoc(id);
    for (const key of ['sprint', 'epic', 'parent', 'assignee', 'discovered_from']) expect(doc).not.toHaveProperty(key);
    expect((await rig.sprintDoc(sprint)).tasks).toEqual([]);
    expect((await rig.epicDoc(epic)).tasks).toEqual([]);
    expect((await rig.taskDoc(parent)).children).toEqual([]);
  });

  test('if_version refuses a change of what somebody else has changed', async () => {
    const rig = new PlanRig();
    const id = await rig.task({});
    await rig.set(id, { title: 'theirs' });
    const failure = await rig.refuseTask({ id, fields: { title: 'mine' }, ifVersion: 1 });
    expect(failure).toEqual({
      code: 'version-mismatch',
      present: '{"status":"todo","title":"theirs"}',
      by: expect.any(String),
      at: expect.any(String),
      what: 'TSK-1',
      expected: 1,
      actual: 2,
      read: 'plan_list {kind: "task", text: "TSK-1", detail: "full"}',
    });
    expect(await rig.saveTask({ id, fields: { title: 'mine' }, ifVersion: 2 })).toMatchObject({ version: 3 });
  });

  test('request_id makes one task however often it is asked', async () => {
    const rig = new PlanRig();
    const request = { id: 'r-1', arguments: { title: 'once' } };
    const command: Decide<SaveTaskAnswer> = (tx, ctx) =>
      saveTask(tx, ctx, { project: PROJECT, fields: { title: 'once' } });
    const first = await rig.do(command, { request });
    const second = await rig.do(command, { request, at: rig.process() });
    expect(second).toMatchObject({ value: first.value, replayed: true });
    expect(await rig.task({})).toBe('TSK-2');
  });

  test('a task of an ended sprint or epic goes nowhere new, and none goes into one', async () => {
    const rig = new PlanRig();
    const [sprint, epic] = [await rig.sprint(), await rig.epic()];
    await rig.setSprint(sprint, { status: 'cancelled' });
    await rig.setEpic(epic, { archived: true });
    expect(await rig.refuseTask({ fields: { title: 'x', sprint } })).toMatchObject({
      code: 'not-allowed',
      why: 'it is cancelled',
    });
    expect(await rig.refuseTask({ fields: { title: 'x', epic } })).toMatchObject({
      code: 'not-allowed',
      why: 'it is archived',
    });
  });
});

describe('statuses', () => {
  const reason = (status: TaskStatus) => (status === 'blocked' ? { blocked_reason: 'waits for a key' } : {});

  for (const from of TASK_STATUSES) {
    test(`from ${from}: the legal ones work, the others name them`, async () => {
      for (const to of TASK_STATUSES) {
        const rig = new PlanRig();
        const id = await rig.task({ status: from, ...reason(from) });
        if (from === to || TASK_LEGAL[from].includes(to)) {
          await rig.set(id, { status: to, ...reason(to) });
          expect(await rig.taskDoc(id)).toMatchObject({ status: to });
        } else {
          const failure = await rig.refuseTask({ id, fields: { status: to, ...reason(to) } });
          expect(failure).toMatchObject({ code: 'illegal-transition', from, to, legal: TASK_LEGAL[from] });
        }
      }
    });
  }

  test('blocked says why, and nothing else does', async () => {
    const rig = new PlanRig();
    const id = await rig.task({});
    const issue = { code: 'invalid-input', issues: [{ at: 'blocked_reason' }] };
    expect(await rig.refuseTask({ id, fields: { status: 'blocked' } })).toMatchObject(issue);
    expect(await rig.refuseTask({ id, fields: { blocked_reason: 'because' } })).toMatchObject(issue);
    rig.now += 5_000;
    await rig.set(id, { status: 'blocked', blocked_reason: 'because' });
    expect(await rig.taskDoc(id)).toMatchObject({ blocked_reason: 'because', status_at: '2026-01-01T00:00:05.000Z' });
    await rig.set(id, { blocked_reason: 'something else' });
    expect(await rig.refuseTask({ id, fields: { blocked_reason: '' } })).toMatchObject(issue);
    await rig.set(id, { status: 'todo' });
    expect(await rig.taskDoc(id)).not.toHaveProperty('blocked_reason');
  });

  test('starting and finishing leave their times', async () => {
    const rig = new PlanRig();
    const id = await rig.task({});
    await rig.set(id, { status: 'active' });
    rig.now += 1_000;
    await rig.set(id, { status: 'done' });
    expect(await rig.taskDoc(id)).toMatchObject({
      started_at: '2026-01-01T00:00:00.000Z',
      done_at: '2026-01-01T00:00:01.000Z',
    });
    await rig.set(id, { status: 'active' });
    expect(await rig.taskDoc(id)).not.toHaveProperty('done_at');
  });
});

describe('needs', () => {
  test('a task with open needs cannot start or finish; a parent or child blocks nothing', async () => {
    const rig = new PlanRig();
    const [need, parent] = [await rig.task({}), await rig.task({})];
    const id = await rig.task({ needs: [need], parent });
    for (const status of ['active', 'done'] as const) {
      const failure = await rig.refuseTask({ id, fields: { status } });
      expect(failure).toEqual({ code: 'needs-open', what: 'TSK-3', waitsFor: ['TSK-1'] });
    }
    expect(await rig.refuseTask({ fields: { title: 'x', status: 'active', needs: [need] } })).toMatchObject({
      code: 'needs-open',
    });
    await rig.set(parent, { status: 'done' });
    await rig.set(need, { status: 'done' });
    await rig.set(id, { status: 'active' });
  });

  test('finishing answers exactly the tasks that became ready', async () => {
    const rig = new PlanRig();
    const [a, b] = [await rig.task({}), await rig.task({})];
    const onlyA = await rig.task({ needs: [a] });
    const both = await rig.task({ needs: [a, b, a] });
    const blocked = await rig.task({ needs: [a], status: 'blocked', blocked_reason: 'x' });
    await rig.task({ needs: [onlyA] });
    expect((await rig.set(a, { status: 'active' })).unblocked).toEqual([]);
    expect((await rig.set(a, { status: 'done' })).unblocked).toEqual([onlyA]);
    expect((await rig.set(a, { title: 'still done' })).unblocked).toEqual([]);
    expect((await rig.set(b, { status: 'done' })).unblocked).toEqual([both]);
    expect((await rig.set(blocked, { status: 'todo' })).unblocked).toEqual([]);
  });

  test('of two processes that finish the last two needs at once, one says what became ready', async () => {
    const rig = new PlanRig();
    const [a, b] = [await rig.task({}), await rig.task({})];
    const last = await rig.task({ needs: [a, b] });
    const other = rig.process();
    const finish = (id: string, at: typeof other) => rig.saveTask({ id, fields: { status: 'done' } }, at);
    const answers = await Promise.all([finish(a, rig.documents), finish(b, other)]);
    expect(answers.flatMap((answer) => answer.unblocked)).toEqual([last]);
  });

  test('a need that is cancelled or archived is not waited for', async () => {
    const rig = new PlanRig();
    const [a, b] = [await rig.task({}), await rig.task({})];
    const [one, two] = [await rig.task({ needs: [a] }), await rig.task({ needs: [b] })];
    expect((await rig.set(a, { status: 'cancelled' })).unblocked).toEqual([one]);
    const archive = { id: b, fields: { archived: true } };
    expect(await rig.refuseTask(archive)).toMatchObject({
      code: 'confirm-needed',
      would: ['let 1 start that wait for it (TSK-4)'],
    });
    expect((await rig.saveTask({ ...archive, force: true })).unblocked).toEqual([two]);
    await rig.set(b, { archived: false });
    expect(await rig.refuseTask({ id: two, fields: { status: 'active' } })).toMatchObject({ code: 'needs-open' });
  });

  test('dropping a need takes its other end away', async () => {
    const rig = new PlanRig();
    const [a, b] = await rig.tasks(2);
    const id = await rig.task({ needs: [a ?? '', b ?? ''] });
    await rig.set(id, { needs: [b ?? ''] });
    expect((await rig.taskDoc(a ?? '')).needed_by).toEqual([]);
    expect((await rig.taskDoc(b ?? '')).needed_by).toEqual(['tsk-3']);
  });
});

describe('circles', () => {
  test('over needs are refused with their path', async () => {
    const rig = new PlanRig();
    const a = await rig.task({});
    const b = await rig.task({ needs: [a] });
    const c = await rig.task({ needs: [b] });
    const failure = await rig.refuseTask({ id: a, fields: { needs: [c] } });
    expect(failure).toEqual({
      code: 'dependency-cycle',
      steps: ['TSK-1 needs TSK-3', 'TSK-3 needs TSK-2', 'TSK-2 needs TSK-1'],
    });
    expect(await rig.refuseTask({ id: a, fields: { needs: [a] } })).toEqual({
      code: 'dependency-cycle',
      steps: ['TSK-1 needs TSK-1'],
    });
  });

  test('over parents, and over both together', async () => {
    const rig = new PlanRig();
    const top = await rig.task({});
    const part = await rig.task({ parent: top });
    expect(await rig.refuseTask({ id: top, fields: { parent: part } })).toMatchObject({ code: 'dependency-cycle' });
    const failure = await rig.refuseTask({ id: part, fields: { needs: [top] } });
    expect(failure).toEqual({ code: 'dependency-cycle', steps: ['TSK-2 needs TSK-1', 'TSK-1 contains TSK-2'] });
    await rig.set(top, { needs: [part] });
  });

  test('a new task at the end of a long chain reads little', async () => {
    const rig = new PlanRig();
    let last = await rig.task({});
    for (let index = 0; index < 300; index += 1) last = await rig.task({ needs: [last] });
    const tried = await rig.documents.dryRun(
      (tx, ctx) => saveTask(tx, ctx, { project: PROJECT, fields: { title: 'x', needs: [last], parent: 'TSK-1' } }),
      { user: 'test', tool: 'test' },
    );
    // Its parent is waited for by the whole chain, which it needs the end of: that is a circle, found from either side.
    expect(tried).toMatchObject({ ok: false, failure: { code: 'dependency-cycle' } });
    await rig.task({ needs: [last] });
    const commits = await rig.documents.store.readAll(rig.documents.store.seq() - 1, 1);
    expect(Object.keys(commits[0]?.commit.expect ?? {}).length).toBeLessThan(6);
  });
});

describe('archiving', () => {
  test('a parent says what goes with it, takes it along when told, and brings it back', async () => {
    const rig = new PlanRig();
    const top = await rig.task({});
    const [open, done] = [await rig.task({ parent: top }), await rig.task({ parent: top, status: 'done' })];
    const deep = await rig.task({ parent: open });
    const alone = await rig.task({ parent: top });
    await rig.set(alone, { archived: true });
    const failure = await rig.refuseTask({ id: top, fields: { archived: true } });
    expect(failure).toMatchObject({
      code: 'confirm-needed',
      would: ['archive 2 unfinished and 1 finished below it (TSK-2, TSK-4)'],
    });
    await rig.saveTask({ id: top, fields: { archived: true }, force: true });
    for (const id of [top, open, done, deep]) expect(await rig.taskDoc(id)).toMatchObject({ archived: true });
    await rig.set(top, { archived: false });
    for (const id of [top, open, done, deep]) expect(await rig.taskDoc(id)).toMatchObject({ archived: false });
    expect(await rig.taskDoc(alone)).toMatchObject({ archived: true });
  });

  test('an archived task is changed only by restoring it', async () => {
    const rig = new PlanRig();
    const id = await rig.task({});
    await rig.set(id, { archived: true });
    expect(await rig.refuseTask({ id, fields: { title: 'x' } })).toMatchObject({ code: 'not-allowed' });
    expect(await rig.set(id, { archived: true })).toMatchObject({ changed: [] });
    await rig.set(id, { archived: false, title: 'x' });
    expect(await rig.taskDoc(id)).toMatchObject({ title: 'x', archived: false });
  });
});
