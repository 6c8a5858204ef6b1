// Numbers of tasks, sprints and epics count per project: in a new store, in one from before they did, and in every
// command that takes an id as people see it.

import { describe, expect, test } from 'vitest';
import { importLinks, importTasks } from '../../../src/domain/import/tasks.ts';
import { showId } from '../../../src/domain/plan/ids.ts';
import { type SavePlanAnswer, savePlan } from '../../../src/domain/plan/save-plan.ts';
import { saveTask, type TaskFields } from '../../../src/domain/plan/save-task.ts';
import type { TaskDocument } from '../../../src/domain/plan/task.ts';
import type { Workspace } from '../../../src/domain/session/document.ts';
import { Refused } from '../../rig.ts';
import { PlanRig } from './plan-rig.ts';

const place = (project: string): Workspace => ({
  project,
  projectName: project,
  workspace: `wsp-${project}`,
  directory: '~',
});

class NumberRig extends PlanRig {
  async add(project: string, fields: TaskFields = {}): Promise<string> {
    const saved = await this.do((tx, ctx) => saveTask(tx, ctx, { project, fields: { title: 't', ...fields } }));
    return saved.value.id;
  }

  async change(project: string, id: string, fields: TaskFields): Promise<string[]> {
    return (await this.do((tx, ctx) => saveTask(tx, ctx, { project, id, fields }))).value.changed;
  }

  async planIn(project: string): Promise<SavePlanAnswer> {
    const [epic, sprint] = [{ title: 'e' }, { title: 's' }];
    const tasks = [
      { key: 'a', title: 'a' },
      { key: 'b', title: 'b', needs: ['a'] },
    ];
    return (await this.do((tx, ctx) => savePlan(tx, ctx, { project, epic, sprint, tasks }))).value;
  }

  /** A store in which all projects counted by one counter: `taken` of its numbers are given out. */
  async old(taken: number, project: string): Promise<void> {
    await this.do((tx) => {
      tx.create('counter/task', { type: 'counter.advanced' }, { schema: 1, last: taken });
      const created_at = '2025-01-01T00:00:00Z';
      tx.create(`project/${project}`, { type: 'project.created' }, { schema: 1, id: project, name: 'o', created_at });
      return { ok: true, value: undefined };
    });
  }
}

describe('each project counts from 1', () => {
  test('for every kind, and its ids mean its own objects', async () => {
    const rig = new NumberRig();
    for (const project of ['prj-1', 'prj-2', 'prj-3']) {
      const plan = await rig.planIn(project);
      expect(plan).toMatchObject({ epic: 'EPC-1', sprint: 'SPR-1', ids: { a: 'TSK-1', b: 'TSK-2' }, ready: ['TSK-1'] });
    }
    expect(await rig.add('prj-2', { needs: ['TSK-1'], sprint: 'spr-1', epic: 'epc-1', parent: 'tsk-2' })).toBe('TSK-3');
    expect(await rig.doc<TaskDocument>('task/prj-2/tsk-3')).toMatchObject({
      project: 'prj-2',
      needs: ['prj-2/tsk-1'],
      sprint: 'prj-2/spr-1',
      epic: 'prj-2/epc-1',
      parent: 'prj-2/tsk-2',
    });
    expect((await rig.taskDoc('TSK-1')).needed_by).toEqual(['tsk-2']);
    expect(await rig.change('prj-2', 'tsk-1', { status: 'done' })).toContain('status');
    expect((await rig.taskDoc('TSK-1')).status).toBe('todo');
  });

  test('a save that repeats the links of a task changes nothing', async () => {
    const rig = new NumberRig();
    await rig.planIn('prj-1');
    await rig.planIn('prj-2');
    const same = { sprint: 'SPR-1', epic: 'epc-1', needs: ['Tsk-1'] };
    for (const project of ['prj-1', 'prj-2']) expect(await rig.change(project, 'TSK-2', same)).toEqual([]);
  });

  test('an import makes and links tasks of its own project', async () => {
    const rig = new NumberRig();
    await rig.add('prj-1');
    await rig.add('prj-1', { status: 'active' });
    const source = { project: 'prj-2', from: 'csv', identity: '', name: 'f' };
    const item = { description: '', labels: [], needs: [] };
    const tasks = [
      { ...item, key: 'x', title: 'x', status: 'done' as const },
      { ...item, key: 'y', title: 'y', status: 'active' as const, needs: ['x'] },
    ];
    const made = (await rig.do((tx, ctx) => importTasks(tx, ctx, source, tasks))).value;
    expect(made).toEqual({ made: { x: 'TSK-1', y: 'TSK-2' } });
    const linked = await rig.do((tx, ctx) => importLinks(tx, ctx, source, [{ key: 'y', discovered_from: 'x' }]));
    expect(linked.value).toBe(1);
    expect(await rig.doc('task/prj-2/tsk-2')).toMatchObject({ discovered_from: 'prj-2/tsk-1', status: 'active' });
    expect(await rig.taskDoc('TSK-2')).not.toHaveProperty('discovered_from');
  });
});

describe('in a store where all projects counted together', () => {
  test('existing numbers stay, an old project goes on after them, and a new one counts from 1', async () => {
    const rig = new NumberRig();
    await rig.old(41, 'prj-old');
    await rig.do((tx, ctx) => {
      const task = {
        schema: 1,
        id: 'tsk-41',
        project: 'prj-old',
        title: 'was',
        status: 'todo',
        priority: 3,
        labels: [],
      };
      const rest = { description: '', needs: [], needed_by: [], children: [], archived: false, created_at: '' };
      tx.create(
        'task/tsk-41',
        { type: 'task.created' },
        { ...task, ...rest, status_at: new Date(ctx.now).toISOString() },
      );
      return { ok: true, value: undefined };
    });
    await rig.session({ workspace: place('prj-new') });
    expect(await rig.add('prj-old', { needs: ['TSK-41'] })).toBe('TSK-42');
    expect(await rig.add('prj-new')).toBe('TSK-1');
    expect(await rig.add('prj-old')).toBe('TSK-43');
    expect(await rig.add('prj-new')).toBe('TSK-2');
    expect(await rig.change('prj-old', 'TSK-41', { title: 'is' })).toEqual(['title']);
    expect(await rig.doc('task/tsk-41')).toMatchObject({ title: 'is', needed_by: ['prj-old/tsk-42'] });
    await expect(rig.change('prj-new', 'TSK-41', { title: 'x' })).rejects.toBeInstanceOf(Refused);
  });

  test('two processes that begin to count at once give out no number twice', async () => {
    const rig = new NumberRig();
    await rig.old(5, 'prj-old');
    const other = rig.process();
    const add = (at: typeof other) =>
      at.change((tx, ctx) => saveTask(tx, ctx, { project: 'prj-old', fields: { title: 't' } }), {
        by: { user: 'u', tool: 't' },
      });
    const saved = await Promise.all([add(other), add(rig.documents), add(other), add(rig.documents)]);
    const ids = saved.map((one) => (one.ok ? one.value.value.id : one.failure.code));
    expect([...ids].sort()).toEqual(['TSK-6', 'TSK-7', 'TSK-8', 'TSK-9']);
  });
});

test('an id is shown without the project that is stored before it', () => {
  expect(['tsk-1', 'prj-2/tsk-1', 'prj-x.y_z/spr-12'].map(showId)).toEqual(['TSK-1', 'TSK-1', 'SPR-12']);
});
