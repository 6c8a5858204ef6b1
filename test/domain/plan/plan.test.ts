// plan_save and projects, given/when/then: a whole plan or every fault at once; configuration, its checks and its past.

import { describe, expect, test } from 'vitest';
import { savePlan } from '../../../src/domain/plan/save-plan.ts';
import { globalSettingsOf, withDefaults } from '../../../src/domain/project/config.ts';
import type { ProjectDocument } from '../../../src/domain/project/document.ts';
import { saveProject } from '../../../src/domain/project/save.ts';
import { ok } from '../../../src/failure/failure.ts';
import type { JsonObject } from '../../../src/json/json.ts';
import { PlanRig, PROJECT } from './plan-rig.ts';

describe('a plan', () => {
  test('is made whole in one commit', async () => {
    const rig = new PlanRig();
    const before = rig.documents.store.seq();
    const plan = await rig.plan({
      epic: { title: 'Login' },
      sprint: { title: 'Week 1', status: 'active' },
      tasks: [
        { key: 'api', title: 'API', points: 3 },
        { key: 'ui', title: 'UI', points: 5, needs: ['api'], parent: 'all' },
        { key: 'docs', title: 'Docs', points: 1, needs: ['api'], parent: 'all' },
        { key: 'ship', title: 'Ship', needs: ['ui', 'docs'] },
        { key: 'all', title: 'Everything' },
      ],
    });
    expect(rig.documents.store.seq()).toBe(before + 1);
    expect(plan).toEqual({
      epic: 'EPC-1',
      sprint: 'SPR-1',
      ids: { api: 'TSK-1', ui: 'TSK-2', docs: 'TSK-3', ship: 'TSK-4', all: 'TSK-5' },
      ready: ['TSK-1', 'TSK-5'],
      critical_path: ['TSK-1', 'TSK-2', 'TSK-4'],
    });
    expect(await rig.taskDoc('TSK-1')).toMatchObject({ needed_by: ['tsk-2', 'tsk-3'], sprint: 'spr-1', epic: 'epc-1' });
    expect(await rig.taskDoc('TSK-5')).toMatchObject({ children: ['tsk-2', 'tsk-3'] });
    expect((await rig.sprintDoc('SPR-1')).tasks).toHaveLength(5);
    expect((await rig.set('TSK-1', { status: 'done' })).unblocked).toEqual(['TSK-2', 'TSK-3']);
  });

  test('goes on from what exists', async () => {
    const rig = new PlanRig();
    const [sprint, epic, task, finished] = [
      await rig.sprint(),
      await rig.epic(),
      await rig.task({}),
      await rig.task({ status: 'done' }),
    ];
    const plan = await rig.plan({
      epic: { id: epic },
      sprint: { id: sprint.toLowerCase() },
      tasks: [
        { key: 'a', title: 'A', needs: ['tsk-1'] },
        { key: 'b', title: 'B', needs: [finished], parent: task },
      ],
    });
    expect(plan).toMatchObject({ ready: ['TSK-4'], epic: 'EPC-1', sprint: 'SPR-1' });
    expect(await rig.taskDoc(task)).toMatchObject({ needed_by: ['tsk-3'], children: ['tsk-4'] });
  });

  test('with faults names every one of them and makes nothing', async () => {
    const rig = new PlanRig();
    const sprint = await rig.sprint({ status: 'cancelled' });
    const failure = await rig.refused((tx, ctx) =>
      savePlan(tx, ctx, {
        project: PROJECT,
        epic: { id: 'EPC-9' },
        sprint: { id: sprint },
        tasks: [
          { key: 'one', title: '1', needs: ['two', 'onne', 'TSK-7'] },
          { key: 'two', title: '2', needs: ['one', 'two'] },
          { key: 'one', title: '3' },
          { key: 'tsk-1', title: '4' },
          { key: 'constructor', title: '5', parent: 'nobody' },
        ],
      }),
    );
    expect(failure).toMatchObject({ code: 'invalid-input' });
    const issues = failure.code === 'invalid-input' ? failure.issues : [];
    expect(issues.map(({ at }) => at)).toEqual([
      '/tasks/2/key',
      '/tasks/3/key',
      '/tasks/4/key',
      '/tasks/0/needs/1',
      '/tasks/1/needs/1',
      '/tasks/4/parent',
      '/tasks/0/needs',
      '/tasks/0/needs/2',
      '/epic/id',
      '/sprint/id',
    ]);
    expect(issues[3]?.why).toContain('did you mean one?');
    expect(issues[6]?.why).toContain('one → two → one');
  });

  test('cannot close a circle through tasks that exist', async () => {
    const rig = new PlanRig();
    const parent = await rig.task({});
    const after = await rig.task({ needs: [parent] });
    const failure = await rig.refused((tx, ctx) =>
      savePlan(tx, ctx, { project: PROJECT, tasks: [{ key: 'a', title: 'A', parent, needs: [after] }] }),
    );
    expect(failure).toEqual({
      code: 'dependency-cycle',
      steps: ['TSK-3 needs TSK-2', 'TSK-2 needs TSK-1', 'TSK-1 contains TSK-3'],
    });
  });

  test('of 200 tasks in a row is one commit', async () => {
    const rig = new PlanRig();
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      key: `k${index}`,
      title: `task ${index}`,
      needs: index === 0 ? [] : [`k${index - 1}`],
    }));
    const plan = await rig.plan({ tasks });
    expect(plan.ready).toEqual(['TSK-1']);
    expect(plan.critical_path).toHaveLength(200);
  });
});

describe('a project', () => {
  async function given() {
    const rig = new PlanRig();
    await rig.session();
    const save = (input: { name?: string; config?: JsonObject; ifVersion?: number }) =>
      rig.do((tx, ctx) => saveProject(tx, ctx, { project: PROJECT, ...input }));
    const refuse = (config: JsonObject) => rig.refused((tx, ctx) => saveProject(tx, ctx, { project: PROJECT, config }));
    return { rig, save, refuse };
  }

  test('has defaults, and a change is in force at the next decision of another process', async () => {
    const { rig, save } = await given();
    const other = rig.process();
    const limits = () =>
      rig.do((tx) => ok(globalSettingsOf(tx.read<ProjectDocument>(`project/${PROJECT}`)?.config)), { at: other });
    expect((await limits()).value).toEqual({ token_budget: 100_000, max_concurrent_agents: 10 });
    const saved = await save({ config: { global_settings: { max_concurrent_agents: 3 } } });
    expect(saved.value).toMatchObject({ project: PROJECT, version: 2, changed: ['/config/global_settings'] });
    expect((await limits()).value).toEqual({ token_budget: 100_000, max_concurrent_agents: 3 });
  });

  test('merges, removes by null, and a save that says nothing new changes nothing', async () => {
    const { rig, save } = await given();
    await save({ config: { teams: { core: { members: ['ann'] } }, pools: { builder: { max: 2 } } } });
    await save({ config: { teams: { core: { orchestrator: 'lee' } }, pools: null } });
    const { config } = (await rig.doc<{ config: JsonObject }>(`project/${PROJECT}`)) ?? {};
    expect(config).toEqual({ teams: { core: { members: ['ann'], orchestrator: 'lee' } } });
    expect(withDefaults(config)).toMatchObject({ pools: {}, alerts: { blocked_hours: 24 } });
    const seq = rig.documents.store.seq();
    expect((await save({ config: { teams: { core: { orchestrator: 'lee' } } }, name: 'demo' })).value.changed).toEqual(
      [],
    );
    expect((await save({ config: {} })).changed).toBe(false);
    expect(rig.documents.store.seq()).toBe(seq);
  });

  test('refuses what nothing would keep, every fault at once', async () => {
    const { refuse } = await given();
    const failure = await refuse({
      global_settings: { token_budget: -1, max_agents: 3 },
      teams: { 'No Name': {}, core: { members: 'ann' } },
      pools: { a: { min: 5, max: 2 }, b: {} },
      polices: [],
      resources: { db: { capacity: 1.5 } },
    });
    const issues = failure.code === 'invalid-input' ? failure.issues.map(({ at }) => at) : [];
    expect(issues).toEqual([
      '/config/global_settings/token_budget',
      '/config/global_settings/max_agents',
      '/config/teams/No Name',
      '/config/teams/core/members',
      '/config/pools/a/min',
      '/config/pools/b/max',
      '/config/polices',
      '/config/resources/db/capacity',
    ]);
  });

  test('goes back to what it was', async () => {
    const { rig, save } = await given();
    await save({ config: { pools: { a: { max: 1 } } } });
    await save({ name: 'other', config: { pools: { a: { max: 9 } } } });
    const then = { name: 'demo', config: { pools: { a: { max: 1 } } } };
    const back = await rig.do((tx, ctx) => saveProject(tx, ctx, { project: PROJECT, restore: then }));
    expect(back.value.changed).toEqual(['/name', '/config']);
    expect(await rig.doc(`project/${PROJECT}`)).toMatchObject(then);
    const empty = await rig.do((tx, ctx) => saveProject(tx, ctx, { project: PROJECT, restore: { name: 'demo' } }));
    expect(empty.value.changed).toEqual(['/config']);
    expect(await rig.doc(`project/${PROJECT}`)).not.toHaveProperty('config');
  });
});
