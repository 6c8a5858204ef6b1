// Plans under random commands: every edge has both ends, circles are found exactly when there is one, what became ready
// is exactly told, ids stay unique when processes race. Failures print their seed.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Documents } from '../../../src/documents/documents.ts';
import type { EpicDocument } from '../../../src/domain/plan/epic.ts';
import { savePlan } from '../../../src/domain/plan/save-plan.ts';
import { saveSprint } from '../../../src/domain/plan/save-sprint.ts';
import { saveTask, type TaskFields } from '../../../src/domain/plan/save-task.ts';
import type { SprintDocument } from '../../../src/domain/plan/sprint.ts';
import { isMet, TASK_LEGAL, TASK_STATUSES, type TaskDocument } from '../../../src/domain/plan/task.ts';
import { heldByRun } from '../../../src/domain/run/sprint-run.ts';
import { PlanIndex } from '../../../src/views/plan/plan-index.ts';
import { PlanRig, PROJECT } from './plan-rig.ts';

const TASKS = 7;
const taskId = fc.integer({ min: 1, max: TASKS }).map((number) => `TSK-${number}`);
const statusFields = fc
  .constantFrom(...TASK_STATUSES)
  .map((status) => (status === 'blocked' ? { status, blocked_reason: 'x' } : { status }));

const fields: fc.Arbitrary<TaskFields> = fc.oneof(
  fc.uniqueArray(taskId, { maxLength: 3 }).map((needs) => ({ needs })),
  fc.oneof(taskId, fc.constant('')).map((parent) => ({ parent })),
  fc.constantFrom('SPR-1', 'SPR-2', 'backlog').map((sprint) => ({ sprint })),
  fc.constantFrom('EPC-1', '').map((epic) => ({ epic })),
  statusFields,
  fc.boolean().map((archived) => ({ archived })),
  fc.integer({ min: 1, max: 5 }).map((priority) => ({ priority, assignee: `agent-${priority % 2}`, points: priority })),
);

async function given(): Promise<PlanRig> {
  const rig = new PlanRig();
  await rig.sprint({ status: 'active' });
  await rig.sprint();
  await rig.epic();
  await rig.tasks(TASKS);
  return rig;
}

async function allTasks(documents: Documents): Promise<TaskDocument[]> {
  return await documents.read((view) =>
    view.streams('task/').flatMap((stream) => {
      const task = view.get<TaskDocument>(stream);
      return task === undefined ? [] : [structuredClone(task) as TaskDocument];
    }),
  );
}

function readyIds(tasks: readonly TaskDocument[]): string[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const met = (id: string): boolean => {
    const task = byId.get(id);
    return task === undefined || isMet(task);
  };
  return tasks
    .filter((task) => task.status === 'todo' && !task.archived && task.needs.every(met))
    .map(({ id }) => id.toUpperCase());
}

/** Whether a task waits for itself over needs and parts, by looking everywhere. */
function hasCircle(tasks: readonly TaskDocument[]): boolean {
  const edges = new Map(tasks.map((task) => [task.id, new Set(task.needs)]));
  for (const { id, parent } of tasks) if (parent !== undefined) edges.get(parent)?.add(id);
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  return tasks.some(({ id }) => reaches(id, id));
}

const sorted = (ids: readonly string[]) => [...ids].sort();

describe('random commands', () => {
  test('both ends of every edge agree, no circle ever stands, and what became ready is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(taskId, fields, fc.boolean()), { maxLength: 25 }), async (commands) => {
        const rig = await given();
        const other = rig.process();
        for (const [index, [id, change, force]] of commands.entries()) {
          const before = await allTasks(rig.documents);
          const result = await (index % 2 ? other : rig.documents).change(
            (tx, ctx) => saveTask(tx, ctx, { project: PROJECT, id, fields: change, force }),
            { by: { user: 'test', tool: 'test' } },
          );
          const after = await allTasks(rig.documents);
          expect(hasCircle(after)).toBe(false);
          if (!result.ok) {
            expect(after).toEqual(before);
            if (result.failure.code === 'dependency-cycle')
              expect(hasCircle(withFields(before, id, change))).toBe(true);
            continue;
          }
          const news = readyIds(after).filter((ready) => !readyIds(before).includes(ready) && ready !== id);
          const metNow = after.some((task) => isMet(task) && !before.some((old) => old.id === task.id && isMet(old)));
          if (metNow) expect(sorted(result.value.value.unblocked)).toEqual(sorted(news));
          else expect(result.value.value.unblocked).toEqual([]);
        }
        await expectBothEnds(rig);
        await expectIndex(rig.documents);
      }),
      { numRuns: 150 },
    );
  });

  test('a status changes exactly along the legal ways', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(statusFields, { minLength: 1, maxLength: 12 }), async (steps) => {
        const rig = new PlanRig();
        const id = await rig.task({});
        let status: TaskDocument['status'] = 'todo';
        for (const step of steps) {
          const result = await rig.documents.change(
            (tx, ctx) => saveTask(tx, ctx, { project: PROJECT, id, fields: step }),
            { by: { user: 'test', tool: 'test' } },
          );
          expect(result.ok).toBe(step.status === status || TASK_LEGAL[status].includes(step.status));
          if (result.ok) status = step.status;
          expect(await rig.taskDoc(id)).toMatchObject({ status });
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** The tasks as they would be with the needs or parent that a command asked for. */
function withFields(tasks: readonly TaskDocument[], id: string, change: TaskFields): TaskDocument[] {
  return tasks.map((task) => {
    if (task.id !== id.toLowerCase()) return task;
    const needs = change.needs?.map((need) => need.toLowerCase()) ?? task.needs;
    return change.parent ? { ...task, needs, parent: change.parent.toLowerCase() } : { ...task, needs };
  });
}

async function expectBothEnds(rig: PlanRig): Promise<void> {
  const tasks = await allTasks(rig.documents);
  const where = (fits: (task: TaskDocument) => boolean) => sorted(tasks.filter(fits).map(({ id }) => id));
  for (const task of tasks) {
    expect(sorted(task.needed_by)).toEqual(where(({ needs }) => needs.includes(task.id)));
    expect(sorted(task.children)).toEqual(where(({ parent }) => parent === task.id));
  }
  for (const id of ['spr-1', 'spr-2']) {
    const sprint = await rig.doc<SprintDocument>(`sprint/${id}`);
    expect(sorted(sprint?.tasks ?? [])).toEqual(where((task) => task.sprint === id));
  }
  const epic = await rig.doc<EpicDocument>('epic/epc-1');
  expect(sorted(epic?.tasks ?? [])).toEqual(where((task) => task.epic === 'epc-1'));
}

/** An index that was kept up must say what one made afresh says, and both what the documents say. */
async function expectIndex(documents: Documents): Promise<void> {
  const tasks = await allTasks(documents);
  await documents.read((view) => {
    const plan = new PlanIndex(documents).at(view);
    const ready = [...plan.tasks.set(PROJECT, 'ready').after(0)].map(({ id }) => id.toUpperCase());
    expect(sorted(ready)).toEqual(sorted(readyIds(tasks)));
  });
}

describe('the index', () => {
  test('kept up by commits of several processes equals one made afresh', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(taskId, fields, fc.boolean()), { maxLength: 30 }), async (commands) => {
        const rig = await given();
        const other = rig.process();
        const kept = new PlanIndex(rig.documents);
        await rig.documents.read((view) => kept.at(view));
        for (const [index, [id, change, look]] of commands.entries()) {
          const by = { user: 'test', tool: 'test' };
          const command = { project: PROJECT, id, fields: change, force: true };
          await (index % 2 ? other : rig.documents).change((tx, ctx) => saveTask(tx, ctx, command), { by });
          if (look) await rig.documents.read((view) => kept.at(view));
        }
        await rig.documents.read((view) => {
          const fresh = new PlanIndex(rig.documents).at(view);
          expect(everything(kept.at(view))).toEqual(everything(fresh));
        });
      }),
      { numRuns: 150 },
    );
  });
});

function everything(plan: ReturnType<PlanIndex['at']>) {
  const facets = [...TASK_STATUSES, 'all', 'open', 'ready', 'archived'] as const;
  const scopes = [PROJECT, 'spr-1', 'spr-2', 'epc-1', ...Array.from({ length: TASKS }, (_, at) => `tsk-${at + 1}`)];
  const sets = scopes.flatMap((scope) =>
    facets.map((facet) => {
      const set = plan.tasks.set(scope, facet);
      const rows = [...set.after(0)];
      expect(rows.length).toBe(set.size);
      return [scope, facet, set.points, rows];
    }),
  );
  const totals = ['spr-1', 'spr-2'].map((sprint) => {
    const { done, load } = plan.tasks.totalsOf(sprint);
    return [Object.fromEntries(done), Object.fromEntries(load)];
  });
  return { sets, totals, assigned: [...plan.tasks.assigned(PROJECT, 'agent-1', 'all').after(0)] };
}

describe('races', () => {
  test('ids stay unique and gap-free when processes create at once', async () => {
    const rig = new PlanRig();
    const processes = [rig.documents, rig.process(), rig.process()];
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, at) => rig.task({ title: `${at}` }, processes[at % processes.length])),
    );
    expect(sorted(made)).toEqual(sorted(Array.from({ length: 60 }, (_, at) => `TSK-${at + 1}`)));
  });

  test('of a circle that two processes close at once, one half is refused', async () => {
    for (let round = 0; round < 20; round += 1) {
      const rig = new PlanRig();
      const [a = '', b = ''] = await rig.tasks(2);
      const by = { user: 'test', tool: 'test' };
      const need = (id: string, needs: string[], at: Documents) =>
        at.change((tx, ctx) => saveTask(tx, ctx, { project: PROJECT, id, fields: { needs } }), { by });
      const results = await Promise.all([need(a, [b], rig.documents), need(b, [a], rig.process())]);
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect(hasCircle(await allTasks(rig.documents))).toBe(false);
    }
  });

  test('a task that joins a sprint as it ends is either carried over or refused, never left in it unfinished', async () => {
    for (let round = 0; round < 20; round += 1) {
      const rig = new PlanRig();
      const sprint = await rig.sprint({ status: 'active' });
      await rig.task({ sprint });
      const by = { user: 'test', tool: 'test' };
      const end = { project: PROJECT, id: sprint, fields: { status: 'completed' as const }, carryTo: 'backlog' };
      await Promise.all([
        rig
          .process()
          .change((tx, ctx) => saveTask(tx, ctx, { project: PROJECT, fields: { title: 'late', sprint } }), { by }),
        rig.documents.change((tx, ctx) => saveSprint(tx, ctx, { ...end, heldBy: heldByRun }), { by }),
      ]);
      expect((await rig.sprintDoc(sprint)).tasks).toEqual([]);
      for (const task of await allTasks(rig.documents)) expect(task).not.toHaveProperty('sprint');
    }
  });

  test('a plan is made whole or not at all', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'TSK-1', 'TSK-9');
    const planned = fc.record({ key, title: fc.constant('t'), needs: fc.array(key, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(planned, { minLength: 1, maxLength: 5 }), async (tasks) => {
        const rig = new PlanRig();
        await rig.task({});
        const seq = rig.documents.store.seq();
        const result = await rig.documents.change(
          (tx, ctx) => savePlan(tx, ctx, { project: PROJECT, sprint: { title: 's' }, tasks }),
          { by: { user: 'test', tool: 'test' } },
        );
        const after = await allTasks(rig.documents);
        expect(hasCircle(after)).toBe(false);
        expect(after).toHaveLength(result.ok ? tasks.length + 1 : 1);
        expect(rig.documents.store.seq()).toBe(result.ok ? seq + 1 : seq);
        if (result.ok) {
          const made = Object.values(result.value.value.ids);
          expect(sorted(result.value.value.ready)).toEqual(sorted(readyIds(after).filter((id) => made.includes(id))));
        }
      }),
      { numRuns: 200 },
    );
  });
});
