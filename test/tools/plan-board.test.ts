// What plan_list and sprint_board show: columns, counts, blockers, progress, velocity, burn-down, suggestions, pages;
// the bound on every answer; hostile text as inert data.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, TeamRig, type Window } from '../team-rig.ts';
import { planMany, planWindow } from './plan-window.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-05T10:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function hours(count: number): void {
  vi.setSystemTime(Date.now() + count * 3_600_000);
}

const columnsOf = (board: Answer) =>
  Object.fromEntries(
    (board.columns as { status: string; count: number }[]).map(({ status, count }) => [status, count]),
  );

async function given(): Promise<Window> {
  const window = await planWindow();
  await window.call('plan_save', {
    epic: { title: 'Login' },
    sprint: { title: 'Week 1', status: 'active', starts_at: '2026-01-05', ends_at: '2026-01-09', capacity: 20 },
    tasks: [
      { key: 'api', title: 'API', points: 5, priority: 2 },
      { key: 'ui', title: 'UI', points: 3, needs: ['api'] },
      { key: 'docs', title: 'Docs', points: 2, needs: ['ui'] },
      { key: 'logo', title: 'Logo', points: 2, priority: 1 },
      { key: 'keys', title: 'Keys', assignee: 'Kim' },
    ],
  });
  return window;
}

describe('the board', () => {
  test('shows columns, cards, what waits and what to take up next', async () => {
    const window = await given();
    const board = await window.call('sprint_board');
    expect(columnsOf(board)).toEqual({ todo: 5, active: 0, review: 0, blocked: 0, done: 0, cancelled: 0 });
    expect(board.columns).toMatchObject([
      {
        status: 'todo',
        points: 12,
        cards: [
          { id: 'TSK-4', title: 'Logo', priority: 1, points: 2 },
          { id: 'TSK-1', title: 'API', priority: 2 },
          { id: 'TSK-2', waits_for: ['TSK-1'] },
          { id: 'TSK-3', waits_for: ['TSK-2'] },
          { id: 'TSK-5', assignee: 'Kim' },
        ],
      },
      {},
      {},
      {},
      {},
      {},
    ]);
    expect(board.sprint).toMatchObject({
      id: 'SPR-1',
      status: 'active',
      capacity: 20,
      tasks: 5,
      points: 12,
      progress: 0,
      left: 5,
      ready: 3,
    });
    expect(board.suggest).toEqual([
      { id: 'TSK-1', title: 'API', unblocks: 2, to: 'Kim' },
      { id: 'TSK-4', title: 'Logo', unblocks: 0, to: 'Kim' },
    ]);
    expect(board).not.toHaveProperty('cut');
    expect(board).not.toHaveProperty('note');
  });

  test('suggests who has the skill, then who has the least in hand, within their capacity', async () => {
    const window = await planWindow();
    await window.call('registry_save', { kind: 'agent', id: 'ann', skills: ['css'], capacity: 1 });
    await window.call('registry_save', { kind: 'agent', id: 'bob', skills: ['sql'] });
    await window.call('registry_save', { kind: 'agent', id: 'old', skills: ['css', 'sql'], retired: true });
    await window.call('plan_save', {
      sprint: { title: 's', status: 'active' },
      tasks: [
        { key: 'a', title: 'style', labels: ['CSS'], priority: 1 },
        { key: 'b', title: 'query', labels: ['sql'], priority: 2, points: 3 },
        { key: 'c', title: 'more style', labels: ['css'] },
        { key: 'd', title: 'anything', priority: 4 },
        { key: 'e', title: 'taken', assignee: 'kim' },
      ],
    });
    const { suggest } = await window.call('sprint_board');
    expect((suggest as Answer[]).map(({ id, to }) => [id, to])).toEqual([
      ['TSK-1', 'ann'],
      ['TSK-2', 'bob'],
      ['TSK-3', 'kim'],
      ['TSK-4', 'kim'],
    ]);
  });

  test('says what is blocked, why, for how long, and marks what is overdue', async () => {
    const window = await given();
    await window.call('project_save', { config: { alerts: { blocked_hours: 3, idle_hours: 8 } } });
    await window.call('task_save', { id: 'TSK-1', status: 'blocked', blocked_reason: 'no key' });
    await window.call('task_save', { id: 'TSK-4', status: 'active', assignee: 'lee' });
    hours(2);
    await window.call('task_save', { id: 'TSK-5', status: 'blocked', blocked_reason: 'no time' });
    hours(2);
    const api = { id: 'TSK-1', title: 'API', epic: 'EPC-1', reason: 'no key' };
    const keys = { id: 'TSK-5', title: 'Keys', epic: 'EPC-1', reason: 'no time' };
    expect((await window.call('sprint_board')).blockers).toEqual([
      { ...api, age_h: 4, overdue: true, holds_up: 2, holds_up_points: 5 },
      { ...keys, age_h: 2, assignee: 'Kim', holds_up: 0, holds_up_points: 0 },
    ]);
    hours(6);
    const active = await window.call('sprint_board', { column: 'active' });
    expect(active.columns).toMatchObject([{ status: 'active', count: 1, cards: [{ id: 'TSK-4', overdue_h: 10 }] }]);
  });

  test('burns down by day, and knows the progress', async () => {
    const window = await given();
    await window.call('task_save', { id: 'TSK-1', status: 'done' });
    hours(24);
    await window.call('task_save', { id: 'TSK-4', status: 'done' });
    await window.call('task_save', { id: 'TSK-5', status: 'cancelled' });
    hours(24);
    const board = await window.call('sprint_board');
    expect(board.sprint).toMatchObject({
      progress: 58,
      points_done: 7,
      burn_down: [
        { date: '2026-01-05', points: 7, tasks: 3 },
        { date: '2026-01-06', points: 5, tasks: 2 },
        { date: '2026-01-07', points: 5, tasks: 2 },
      ],
    });
  });

  test('is at 100 only once nothing is left, points or not', async () => {
    const window = await planWindow();
    const tasks = ['a', 'b', 'c', 'd'].map((key) => ({ key, title: key, ...(key === 'a' ? { points: 5 } : {}) }));
    await window.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks });
    const progress = async () => ((await window.call('sprint_board')).sprint as { progress: number }).progress;
    expect(await progress()).toBe(0);
    await window.call('task_save', { id: 'TSK-1', status: 'done' });
    expect(await progress()).toBe(25);
    for (const id of ['TSK-2', 'TSK-3']) await window.call('task_save', { id, status: 'done' });
    expect(await progress()).toBe(75);
    await window.call('task_save', { id: 'TSK-4', status: 'cancelled' });
    expect(await progress()).toBe(100);
  });

  test('velocity is what the last three sprints finished', async () => {
    const window = await planWindow();
    for (const points of [100, 3, 5, 10]) {
      const { sprint, ids } = await window.call('plan_save', {
        sprint: { title: 's', status: 'active' },
        tasks: [
          { key: 'a', title: 'a', points },
          { key: 'b', title: 'b', points: 1 },
        ],
      });
      await window.call('task_save', { id: (ids as Record<string, string>).a, status: 'done' });
      hours(1);
      await window.call('sprint_save', { id: sprint, status: 'completed', carry_to: 'backlog' });
    }
    await window.call('sprint_save', { title: 'now', status: 'active' });
    const board = await window.call('sprint_board');
    expect(board.sprint).toMatchObject({
      id: 'SPR-5',
      velocity: {
        points: 6,
        tasks: 1,
        sprints: [
          { id: 'SPR-4', points: 10 },
          { id: 'SPR-3', points: 5 },
          { id: 'SPR-2', points: 3 },
        ],
      },
    });
    expect(board.note).toContain('no tasks yet');
  });

  test('given a need that is opened again, then what is done already does not wait for it', async () => {
    const window = await given();
    for (const [id, status] of [
      ['TSK-1', 'done'],
      ['TSK-2', 'done'],
      ['TSK-1', 'todo'],
    ])
      await window.call('task_save', { id, status });
    const { columns } = await window.call('sprint_board', { column: 'done' });
    expect(columns).toMatchObject([{ cards: [{ id: 'TSK-2' }] }]);
    expect(JSON.stringify(columns)).not.toContain('waits_for');
  });

  test('tells nothing ready from nothing left', async () => {
    const window = await planWindow();
    await window.call('plan_save', {
      sprint: { title: 's', status: 'active' },
      tasks: [
        { key: 'a', title: 'a' },
        { key: 'b', title: 'b', needs: ['a'] },
      ],
    });
    await window.call('task_save', { id: 'TSK-1', status: 'active' });
    expect((await window.call('sprint_board')).note).toContain('nothing ready');
    const none = await window.call('plan_list', { kind: 'task', status: 'ready' });
    expect(none).toMatchObject({
      rows: [],
      total: 0,
      note: 'nothing ready: 2 left in this project, 1 in work, 0 blocked, 1 waiting for those',
    });
    for (const id of ['TSK-1', 'TSK-2']) await window.call('task_save', { id, status: 'done' });
    expect((await window.call('sprint_board')).note).toContain('nothing left');
    const left = await window.call('plan_list', { kind: 'task', status: 'ready', parent: 'SPR-1' });
    expect(left.note).toBe('nothing left: no unfinished task in SPR-1');
  });

  test('is of the sprint that the session joined, else the newest active one, else none', async () => {
    const rig = new TeamRig();
    const [one, two] = [await planWindow('one', rig), await planWindow('two', rig)];
    expect(await one.fail('sprint_board')).toMatchObject({
      code: 'not-found',
      name: 'active',
      call: expect.stringMatching(/^sprint_save \{title/),
    });
    for (const title of ['first', 'second']) await one.call('sprint_save', { title, status: 'active' });
    await one.call('sprint_save', { id: 'SPR-1', join: true });
    expect((await one.call('sprint_board')).sprint).toMatchObject({ id: 'SPR-1' });
    expect((await two.call('sprint_board')).sprint).toMatchObject({ id: 'SPR-2' });
    await two.call('sprint_save', { id: 'spr-1', join: true });
    await one.call('task_save', { title: 'seen at once', sprint: 'SPR-1' });
    expect(await two.call('sprint_board')).toMatchObject({
      sprint: { id: 'SPR-1', sessions: [one.session, two.session] },
      columns: [{ cards: [{ title: 'seen at once' }] }, {}, {}, {}, {}, {}],
    });
  });

  test('shows the tasks of one assignee', async () => {
    const window = await given();
    const board = await window.call('sprint_board', { assignee: 'kim' });
    expect(columnsOf(board)).toMatchObject({ todo: 1 });
  });
});

describe('lists', () => {
  test('filter by status, parent, assignee and words, and page to the end', async () => {
    const window = await given();
    await window.call('task_save', { title: 'Login page', labels: ['web'], parent: 'TSK-2', epic: 'EPC-1' });
    const list = async (args: object) =>
      (await window.call('plan_list', { kind: 'task', detail: 'ids', ...args })).rows;
    expect(await list({ status: 'ready' })).toEqual([
      { id: 'TSK-4' },
      { id: 'TSK-1' },
      { id: 'TSK-5' },
      { id: 'TSK-6' },
    ]);
    expect(await list({ parent: 'tsk-2' })).toEqual([{ id: 'TSK-6' }]);
    expect(await list({ parent: 'EPC-1', text: 'page' })).toEqual([{ id: 'TSK-6' }]);
    expect(await list({ assignee: 'KIM', status: 'open' })).toEqual([{ id: 'TSK-5' }]);
    expect(await list({ parent: 'SPR-1', assignee: 'kim' })).toEqual([{ id: 'TSK-5' }]);
    expect(await list({ text: 'web login' })).toEqual([{ id: 'TSK-6' }]);
    expect(await list({ text: 'tsk-3' })).toEqual([{ id: 'TSK-3' }]);
    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await window.call('plan_list', {
        kind: 'task',
        detail: 'ids',
        limit: 4,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...(page.rows as unknown[]));
      cursor = page.next_cursor;
      expect(page.total).toBe(6);
    } while (cursor !== undefined);
    expect(seen).toHaveLength(6);
  });

  test('show epics, sprints and projects with how far they are, and one task in full', async () => {
    const window = await given();
    await window.call('task_save', { id: 'TSK-1', status: 'done', description: 'line one\nline two' });
    expect((await window.call('plan_list', { kind: 'epic' })).rows).toEqual([
      { id: 'EPC-1', title: 'Login', status: 'active', priority: 3, tasks: 5, done: 1, left: 4 },
    ]);
    expect((await window.call('plan_list', { kind: 'sprint', status: 'open', detail: 'full' })).rows).toMatchObject([
      { id: 'SPR-1', status: 'active', tasks: 5, done: 1, points: 12, points_done: 5, capacity: 20 },
    ]);
    expect((await window.call('plan_list', { kind: 'project' })).rows).toMatchObject([
      { id: 'prj-1', own: true, tasks: 5, left: 4 },
    ]);
    expect((await window.call('plan_list', { kind: 'task', text: 'TSK-1', detail: 'full' })).rows).toMatchObject([
      { id: 'TSK-1', description: 'line one\nline two', epic: 'EPC-1', needed_by: ['TSK-2'], version: 2 },
    ]);
  });

  test('show the backlog: what is in no sprint, as it moves in and out', async () => {
    const window = await given();
    await window.call('task_save', { title: 'Later' });
    await window.call('task_save', { id: 'TSK-4', sprint: 'backlog' });
    const backlog = async (more: object = {}) => {
      const { rows, note } = await window.call('plan_list', { kind: 'task', parent: 'backlog', ...more });
      return { ids: (rows as { id: string }[]).map(({ id }) => id), note };
    };
    expect(await backlog()).toMatchObject({ ids: ['TSK-4', 'TSK-6'] });
    expect(await backlog({ status: 'open', text: 'later' })).toMatchObject({ ids: ['TSK-6'] });
    await window.call('task_save', { id: 'TSK-4', sprint: 'SPR-1' });
    expect(await backlog({ status: 'open' })).toMatchObject({ ids: ['TSK-6'] });
    await window.call('task_save', { id: 'TSK-6', status: 'done' });
    expect(await backlog({ status: 'ready' })).toMatchObject({ ids: [], note: expect.stringMatching(/^nothing left/) });
  });

  test('archived ones are hidden until asked for', async () => {
    const window = await given();
    await window.call('task_save', { id: 'TSK-5', archived: true });
    expect((await window.call('plan_list', { kind: 'task' })).total).toBe(4);
    const archived = await window.call('plan_list', { kind: 'task', status: 'archived' });
    expect(archived.rows).toMatchObject([{ id: 'TSK-5', archived: true }]);
  });

  test('refuse what has no meaning, and name the nearest', async () => {
    const window = await given();
    expect(await window.fail('plan_list', { kind: 'task', status: 'planned' })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await window.fail('plan_list', { kind: 'epic', assignee: 'kim' })).toMatchObject({ code: 'invalid-input' });
    expect(await window.fail('plan_list', { kind: 'task', parent: 'SPR-2' })).toMatchObject({
      code: 'unknown-item',
      near: ['SPR-1'],
    });
    for (const [kind, text, near] of [
      ['task', 'TSK-55', 'TSK-5'],
      ['epic', 'epc-11', 'EPC-1'],
      ['sprint', 'SPR-11', 'SPR-1'],
    ] as const)
      expect(await window.fail('plan_list', { kind, text, detail: 'full' })).toMatchObject({
        code: 'unknown-item',
        near: expect.arrayContaining([near]),
      });
    expect(await window.fail('task_save', { id: 'TSK-55', title: 'x' })).toMatchObject({
      code: 'unknown-item',
      near: expect.arrayContaining(['TSK-5']),
    });
    const tasks = [{ key: 'a', title: 'A', needs: ['TSK-55'], parent: 'TSK-44' }];
    const faults = { issues: [{ why: expect.stringContaining('the nearest: TSK-5') }, { at: '/tasks/0/parent' }] };
    expect(await window.fail('plan_save', { tasks })).toMatchObject(faults);
    expect(await window.fail('plan_save', { epic: { id: 'EPC-11' }, tasks: [{ key: 'a', title: 'A' }] })).toMatchObject(
      {
        issues: [{ at: '/epic/id', why: 'there is no epic EPC-11; the nearest: EPC-1' }],
      },
    );
    expect(await window.fail('sprint_board', { sprint: 'nope' })).toMatchObject({
      code: 'unknown-item',
      kind: 'sprint',
    });
    expect(await window.fail('sprint_save', { title: 'x', starts_at: 'tomorrow' })).toMatchObject({
      code: 'invalid-input',
    });
  });
});

describe('bounds', () => {
  const MOST = 16_000;

  test('every answer stays within 4,000 tokens with 1,000 tasks of long and hostile text', async () => {
    const window = await planWindow();
    const nasty = '\u0000\u001b[31m\u202e"\\';
    const long = (length: number) => nasty.repeat(Math.ceil(length / nasty.length)).slice(0, length);
    await planMany(
      window,
      1_000,
      (index) => ({
        title: long(200),
        description: long(5_000),
        assignee: long(64),
        labels: Array.from({ length: 20 }, (_, at) => `${at}${long(30)}`),
        needs: index % 200 === 0 ? [] : Array.from({ length: Math.min(50, index % 200) }, (_, at) => `k${at}`),
        points: 1,
      }),
      { title: long(200), goal: long(2_000), status: 'active', starts_at: '2025-11-01', ends_at: '2026-03-01' },
    );
    for (let at = 1; at <= 15; at += 1) {
      await window.call('task_save', {
        id: `TSK-${1 + (at % 5) * 200}`,
        status: at % 2 ? 'blocked' : 'todo',
        ...(at % 2 ? { blocked_reason: long(1_000) } : {}),
      });
    }
    const sizes: Record<string, number> = {};
    for (const detail of ['ids', 'brief', 'full']) {
      for (const limit of [10, 50])
        sizes[`board ${detail} ${limit}`] = JSON.stringify(await window.call('sprint_board', { detail, limit })).length;
      for (const kind of ['task', 'epic', 'sprint', 'project']) {
        sizes[`${kind} ${detail}`] = JSON.stringify(
          await window.call('plan_list', { kind, detail, limit: 100 }),
        ).length;
      }
    }
    sizes.one = JSON.stringify(
      await window.call('plan_list', { kind: 'task', text: 'TSK-200', detail: 'full' }),
    ).length;
    sizes.project = JSON.stringify(await window.call('project_get')).length;
    expect(Object.entries(sizes).filter(([, size]) => size > MOST)).toEqual([]);
  });

  test('a task written among thousands is a line as long as one among ten, and so is one that is finished', async () => {
    const rig = new TeamRig();
    const window = await planWindow('one', rig);
    const lineOf = async (work: () => Promise<unknown>) => {
      const before = rig.lines;
      await work();
      expect(rig.lines - before).toBe(1);
      return rig.bytesFrom(before);
    };
    const costs: number[][] = [];
    for (const count of [10, 3_000]) {
      const sprint = await planMany(window, count, () => ({}));
      let id: unknown;
      costs.push([
        await lineOf(async () => {
          id = (await window.call('task_save', { title: 'one more', sprint })).id;
        }),
        await lineOf(() => window.call('task_save', { id, status: 'done' })),
      ]);
    }
    const [few = [], lots = []] = costs;
    // But for the digits of numbers.
    for (const [at, cost] of lots.entries()) expect(cost - (few[at] ?? 0)).toBeLessThan(40);
  });

  test('a cut board names the call that shows more, and that call does', async () => {
    const window = await planWindow();
    const sprint = await planMany(window, 1_000, () => ({}));
    const board = await window.call('sprint_board');
    expect(board.cut).toBe(`990 more todo: plan_list {kind: "task", parent: "${sprint}", status: "todo"}`);
    const seen = new Set<unknown>();
    let cursor: unknown;
    do {
      const page = await window.call('plan_list', {
        kind: 'task',
        parent: sprint,
        status: 'todo',
        limit: 100,
        ...(cursor ? { cursor } : {}),
      });
      for (const row of page.rows as { id: string }[]) seen.add(row.id);
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen.size).toBe(1_000);
  });

  test('control and bidirectional characters of a title come back visible, and lines like the protocol as text', async () => {
    const window = await planWindow();
    const title = 'a\u202eb\u0007c\n{"jsonrpc":"2.0"}';
    await window.call('plan_save', {
      sprint: { title, status: 'active' },
      tasks: [{ key: 'a', title, description: title }],
    });
    for (const answer of [
      await window.call('sprint_board', { detail: 'full' }),
      await window.call('plan_list', { kind: 'task' }),
    ]) {
      const text = JSON.stringify(answer, (key, item) => (key === 'description' ? '' : item));
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(text).toContain('a\\\\u202eb\\\\u0007c\\\\u000a{\\"jsonrpc\\"');
    }
  });
});
