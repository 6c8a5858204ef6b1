// The rules of sprints and epics, given/when/then: joining, ending, carry-over, archiving.

import { describe, expect, test } from 'vitest';
import { EPIC_LEGAL, EPIC_STATUSES } from '../../../src/domain/plan/epic.ts';
import { saveEpic } from '../../../src/domain/plan/save-epic.ts';
import { saveSprint } from '../../../src/domain/plan/save-sprint.ts';
import { SPRINT_LEGAL, SPRINT_STATUSES } from '../../../src/domain/plan/sprint.ts';
import { sprintGraph } from '../../../src/domain/plan/sprint-graph.ts';
import { heldByRun } from '../../../src/domain/run/sprint-run.ts';
import type { SessionDocument } from '../../../src/domain/session/document.ts';
import { PlanRig, PROJECT } from './plan-rig.ts';

describe('a sprint', () => {
  for (const from of SPRINT_STATUSES) {
    test(`from ${from}: the legal changes work, the others name them`, async () => {
      for (const to of SPRINT_STATUSES) {
        const rig = new PlanRig();
        const id = await rig.sprint({ status: from });
        if (from === to || SPRINT_LEGAL[from].includes(to)) {
          await rig.setSprint(id, { status: to });
          expect(await rig.sprintDoc(id)).toMatchObject({ status: to });
        } else {
          const failure = await rig.refuseSprint(id, { status: to });
          expect(failure).toMatchObject({ code: 'illegal-transition', what: 'SPR-1', legal: SPRINT_LEGAL[from] });
        }
      }
    });
  }

  test('ends after it starts', async () => {
    const rig = new PlanRig();
    const id = await rig.sprint({ starts_at: '2026-01-10' });
    expect(await rig.refuseSprint(id, { ends_at: '2026-01-09' })).toMatchObject({
      code: 'invalid-input',
      issues: [{ at: 'ends_at' }],
    });
    await rig.setSprint(id, { ends_at: '2026-01-24', capacity: 20, goal: 'ship' });
    expect(await rig.sprintDoc(id)).toMatchObject({ capacity: 20, goal: 'ship', ends_at: '2026-01-24' });
    await rig.setSprint(id, { ends_at: '' });
    expect(await rig.sprintDoc(id)).not.toHaveProperty('ends_at');
  });

  test('two sessions join it; session and sprint say so in one commit', async () => {
    const rig = new PlanRig();
    const [one, two] = [await rig.session(), await rig.session()];
    const id = await rig.sprint();
    expect(await rig.setSprint(id, {}, { join: one })).toMatchObject({ changed: ['sessions'] });
    const seq = rig.documents.store.seq();
    expect(await rig.setSprint(id, {}, { join: one })).toMatchObject({ changed: [] });
    expect(rig.documents.store.seq()).toBe(seq);
    const other = rig.process();
    await rig.do((tx, ctx) => saveSprint(tx, ctx, { heldBy: heldByRun, project: PROJECT, id, fields: {}, join: two }), {
      at: other,
    });
    expect((await rig.sprintDoc(id)).sessions).toEqual([one, two]);
    for (const session of [one, two]) {
      expect(await rig.doc<SessionDocument>(`session/${session}`)).toMatchObject({ session: { sprint: 'SPR-1' } });
    }
  });

  test('cannot be joined once it has ended, nor by a session that has', async () => {
    const rig = new PlanRig();
    const session = await rig.session();
    const id = await rig.sprint({ status: 'active' });
    expect(await rig.refuseSprint(id, {}, { join: 'ses-none' })).toMatchObject({ code: 'unknown-session' });
    await rig.setSprint(id, { status: 'completed' });
    expect(await rig.refuseSprint(id, {}, { join: session })).toMatchObject({
      code: 'not-allowed',
      why: 'it is completed',
    });
  });
});

describe('ending a sprint', () => {
  async function given() {
    const rig = new PlanRig();
    const sprint = await rig.sprint({ status: 'active' });
    const done = await rig.task({ sprint, status: 'done', points: 3 });
    const open = await rig.task({ sprint, points: 5 });
    const waiting = await rig.task({ sprint, status: 'blocked', blocked_reason: 'x' });
    const dropped = await rig.task({ sprint, status: 'cancelled', points: 1 });
    return { rig, sprint, done, open, waiting, dropped };
  }

  test('carry_to without an end is refused: it would do nothing', async () => {
    const { rig, sprint } = await given();
    const refused = { code: 'invalid-input', issues: [{ at: 'carry_to' }] };
    expect(await rig.refuseSprint(sprint, { goal: 'x' }, { carryTo: 'backlog' })).toMatchObject(refused);
  });

  test('with unfinished tasks asks where they go', async () => {
    const { rig, sprint } = await given();
    const failure = await rig.refuseSprint(sprint, { status: 'completed' });
    expect(failure).toMatchObject({
      code: 'confirm-needed',
      what: 'Ending SPR-1',
      would: ['leave 2 unfinished tasks (TSK-2, TSK-3)'],
    });
  });

  test('moves them to the next sprint, keeps the finished ones, and notes how it stood', async () => {
    const { rig, sprint, done, open, waiting, dropped } = await given();
    const next = await rig.sprint();
    expect(await rig.refuseSprint(sprint, { status: 'completed' }, { carryTo: sprint })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await rig.setSprint(sprint, { status: 'completed' }, { carryTo: next })).toMatchObject({ carried: 2 });
    expect(await rig.sprintDoc(sprint)).toMatchObject({
      status: 'completed',
      tasks: [done, dropped].map((id) => id.toLowerCase()),
      result: { tasks: 4, done: 1, points: 9, points_done: 3, carried: 2, carried_to: 'spr-2' },
    });
    expect((await rig.sprintDoc(next)).tasks).toEqual([open, waiting].map((id) => id.toLowerCase()));
    for (const id of [open, waiting]) expect(await rig.taskDoc(id)).toMatchObject({ sprint: 'spr-2' });
  });

  test('or to the backlog; a task reopened later is in the backlog too', async () => {
    const { rig, sprint, done, open } = await given();
    await rig.setSprint(sprint, { status: 'completed' }, { carryTo: 'backlog' });
    expect(await rig.taskDoc(open)).not.toHaveProperty('sprint');
    expect(await rig.set(done, { status: 'active' })).toMatchObject({
      changed: expect.arrayContaining(['sprint', 'status']),
    });
    expect(await rig.taskDoc(done)).not.toHaveProperty('sprint');
    expect((await rig.sprintDoc(sprint)).tasks).not.toContain(done.toLowerCase());
  });

  test('archiving an open sprint sends its tasks back when confirmed', async () => {
    const { rig, sprint, open } = await given();
    expect(await rig.refuseSprint(sprint, { archived: true })).toMatchObject({
      code: 'confirm-needed',
      what: 'Archiving SPR-1',
    });
    await rig.setSprint(sprint, { archived: true }, { force: true });
    expect(await rig.taskDoc(open)).not.toHaveProperty('sprint');
    await rig.setSprint(sprint, { archived: false });
    expect(await rig.sprintDoc(sprint)).toMatchObject({ archived: false });
  });
});

describe('an epic', () => {
  for (const from of EPIC_STATUSES) {
    test(`from ${from}: the legal changes work, the others name them`, async () => {
      for (const to of EPIC_STATUSES) {
        const rig = new PlanRig();
        const id = await rig.epic({ status: from });
        if (from === to || EPIC_LEGAL[from].includes(to)) await rig.setEpic(id, { status: to });
        else {
          const failure = await rig.refused((tx, ctx) =>
            saveEpic(tx, ctx, { project: PROJECT, id, fields: { status: to } }),
          );
          expect(failure).toMatchObject({ code: 'illegal-transition', legal: EPIC_LEGAL[from] });
        }
      }
    });
  }

  test('ends whatever its tasks do: a parent never waits', async () => {
    const rig = new PlanRig();
    const epic = await rig.epic({ status: 'active' });
    await rig.task({ epic });
    expect(await rig.setEpic(epic, { status: 'completed' })).toMatchObject({ changed: ['status', 'ended_at'] });
  });

  test('archived takes its tasks along when confirmed, and brings them back', async () => {
    const rig = new PlanRig();
    const epic = await rig.epic();
    const task = await rig.task({ epic });
    const outside = await rig.task({ needs: [task] });
    const archive = { project: PROJECT, id: epic, fields: { archived: true } };
    expect(await rig.refused((tx, ctx) => saveEpic(tx, ctx, archive))).toMatchObject({
      code: 'confirm-needed',
      would: ['archive 1 unfinished below it (TSK-1)', 'let 1 start that wait for it (TSK-2)'],
    });
    expect(await rig.setEpic(epic, { archived: true }, true)).toMatchObject({ unblocked: [outside] });
    expect(await rig.taskDoc(task)).toMatchObject({ archived: true, archived_with: 'epc-1' });
    await rig.setEpic(epic, { archived: false });
    expect(await rig.taskDoc(task)).toMatchObject({ archived: false });
  });

  test('saving what it says already changes nothing', async () => {
    const rig = new PlanRig();
    const epic = await rig.epic({ owner: 'kim' });
    const seq = rig.documents.store.seq();
    expect(await rig.setEpic(epic, { owner: 'kim', title: 'an epic', priority: 3 })).toMatchObject({ changed: [] });
    expect(rig.documents.store.seq()).toBe(seq);
  });
});

describe('the graph of a sprint', () => {
  test('has a node for every task that a run of it could finish', async () => {
    const rig = new PlanRig();
    const sprint = await rig.sprint({ status: 'active' });
    const outside = await rig.task({});
    const done = await rig.task({ sprint, status: 'done' });
    const first = await rig.task({ sprint, title: 'first', description: 'in words', needs: [done] });
    await rig.task({ sprint, title: 'second', needs: [first, done], priority: 1 });
    const blocked = await rig.task({ sprint, status: 'blocked', blocked_reason: 'x' });
    const waits = await rig.task({ sprint, needs: [outside] });
    const behind = await rig.task({ sprint, needs: [waits, first] });
    const archived = await rig.task({ sprint });
    await rig.set(archived, { archived: true });
    const graph = await rig.do((tx) => sprintGraph(tx, PROJECT, sprint));
    expect(graph.value).toEqual({
      nodes: [
        { id: 'tsk-3', title: 'first', task: 'first\n\nin words', needs: [], priority: 3 },
        { id: 'tsk-4', title: 'second', task: 'second', needs: ['tsk-3'], priority: 1 },
      ],
      leftOut: [blocked, waits, behind].map((id) => id.toLowerCase()),
    });
    expect(await rig.refused((tx) => sprintGraph(tx, PROJECT, 'SPR-9'))).toMatchObject({ code: 'unknown-item' });
  });
});
