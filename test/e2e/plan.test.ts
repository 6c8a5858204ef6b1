// Plans through clients: ten real servers create, move and read tasks of one board; and the answers of each plan tool.

import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const start = (dir: string, name: string): Promise<Server> =>
  startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: name } });

const rowsOf = (answer: Answer) => answer.rows as Record<string, unknown>[];

describe('ten processes on one board', () => {
  test('create, move and read with exact results', async () => {
    const dir = freshDir();
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => start(dir, `window-${at}`)));
    const [first] = all;
    if (first === undefined) throw new Error('no server');
    const { sprint, ids } = await first.call('plan_save', {
      sprint: { title: 'Ten at once', status: 'active' },
      tasks: [
        ...all.map((_, at) => ({ key: `gate${at}`, title: `gate ${at}` })),
        { key: 'last', title: 'last', needs: all.map((_, at) => `gate${at}`) },
      ],
    });
    const { gate0, last, ...gates } = ids as Record<string, string>;
    await Promise.all(all.map((server) => server.call('sprint_save', { id: sprint, join: true })));

    // Each makes ten tasks, five of which hang on the one before, and finishes those in order.
    const made = await Promise.all(
      all.map(async (server, at) => {
        const own: string[] = [];
        for (let index = 0; index < 10; index += 1) {
          const needs = index > 0 && index < 6 ? [own[index - 1]] : [];
          const saved = await server.call('task_save', {
            title: `${at}.${index}`,
            sprint,
            needs,
            assignee: `agent-${at}`,
          });
          own.push(String(saved.id));
        }
        for (const [index, id] of own.slice(0, 6).entries()) {
          await server.call('task_save', { id, status: 'active' });
          const { unblocked } = await server.call('task_save', { id, status: 'done' });
          expect(unblocked).toEqual(index < 5 ? [own[index + 1]] : []);
        }
        return own;
      }),
    );
    const every = made.flat();
    expect(new Set(every).size).toBe(100);
    expect(every.map((id) => Number(id.slice(4))).sort((a, b) => a - b)).toEqual(every.map((_, at) => at + 12));

    // All ten gates are finished at once by ten processes: exactly one is told that the last task is ready.
    const finished = await Promise.all(
      [gate0, ...Object.values(gates)].map((id, at) => all[at]?.call('task_save', { id, status: 'done' })),
    );
    expect(finished.flatMap((answer) => answer?.unblocked)).toEqual([last]);

    // All move the same task: one wins each round, the others are told the version.
    const { version } = await first.call('task_save', { id: last, title: 'the last one' });
    const raced = await Promise.allSettled(
      all.map((server) => server.call('task_save', { id: last, status: 'active', if_version: version })),
    );
    expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);

    const boards = await Promise.all(all.map((server) => server.call('sprint_board', { limit: 50, detail: 'ids' })));
    for (const { seq: _, ...board } of boards) expect(board).toEqual({ ...boards[0], seq: undefined });
    const columns = boards[0]?.columns as { status: string; count: number; cards: { id: string }[] }[];
    expect(Object.fromEntries(columns.map(({ status, count }) => [status, count]))).toEqual({
      todo: 40,
      active: 1,
      review: 0,
      blocked: 0,
      done: 70,
      cancelled: 0,
    });
    expect(columns[0]?.cards.map(({ id }) => id)).toEqual(made.flatMap((own) => own.slice(6)).sort(byNumber));
    expect(boards[0]?.sprint).toMatchObject({ tasks: 111, left: 41, ready: 40, sessions: { length: 10 } });
  }, 30_000);
});

describe('plans over stdio', () => {
  test('from a plan to an ended sprint, with a repeat and a restart in between', async () => {
    const dir = freshDir();
    const one = await start(dir, 'one');
    const plan = {
      epic: { title: 'Login' },
      sprint: { title: 'Week 1', status: 'active' },
      tasks: [
        { key: 'api', title: 'API' },
        { key: 'ui', title: 'UI', needs: ['api'] },
      ],
      request_id: 'plan-1',
    };
    const saved = await one.call('plan_save', plan);
    expect(saved).toMatchObject({
      epic: 'EPC-1',
      sprint: 'SPR-1',
      ids: { api: 'TSK-1', ui: 'TSK-2' },
      ready: ['TSK-1'],
    });
    const second = await start(dir, 'one');
    expect(await second.call('plan_save', plan)).toEqual({ ...saved, replayed: true });
    expect((await second.fail('task_save', { id: 'TSK-2', status: 'active' })).text).toContain('it needs TSK-1');
    expect((await second.fail('task_save', { id: 'TSK-1', needs: ['TSK-2'] })).text).toContain(
      'TSK-1 needs TSK-2, TSK-2 needs TSK-1',
    );
    expect((await second.fail('task_save', { id: 'TSK-1', status: 'review' })).text).toContain(
      'from todo it can go to active, blocked, done, cancelled',
    );
    expect(await second.call('task_save', { id: 'tsk-1', status: 'done' })).toMatchObject({ unblocked: ['TSK-2'] });
    await one.kill();
    const third = await start(dir, 'two');
    const ended = await third.fail('sprint_save', { id: 'SPR-1', status: 'completed' });
    expect(ended.failure).toMatchObject({ code: 'confirm-needed', would: ['leave 1 unfinished tasks (TSK-2)'] });
    await third.call('sprint_save', { id: 'SPR-1', status: 'completed', carry_to: 'backlog' });
    expect(await third.call('epic_save', { id: 'EPC-1', status: 'completed' })).toMatchObject({
      note: '1 unfinished tasks remain in EPC-1',
    });
    expect(rowsOf(await second.call('plan_list', { kind: 'sprint', detail: 'full' }))).toMatchObject([
      { id: 'SPR-1', status: 'completed', result: { tasks: 2, done: 1, carried: 1 } },
    ]);
  });

  test('a session joins a sprint by its first call, or later; one that is not there comes with the nearest', async () => {
    const dir = freshDir();
    const [one, two] = [await start(dir, 'one'), await start(dir, 'two')];
    await one.call('plan_save', { sprint: { title: 'S', status: 'active' }, tasks: [{ key: 'a', title: 'A' }] });
    const unknown = { code: 'unknown-item', id: 'SPR-11', near: ['SPR-1'] };
    for (const tool of ['session_start', 'session_update'])
      expect((await two.fail(tool, { sprint: 'SPR-11' })).failure).toMatchObject(unknown);
    const { session } = await two.call('session_start', { sprint: 'spr-1' });
    const later = await one.call('session_update', { sprint: 'SPR-1' });
    expect(later.changed).toEqual(['sprint']);
    const sprint = (await one.call('sprint_board')).sprint as Answer;
    expect(sprint.sessions).toEqual([session, later.session]);
    await two.call('session_update', { status: 'completed' });
    expect((await one.call('sprint_board')).sprint).toMatchObject({ sessions: [later.session] });
  });

  test('a project: preview, change in force elsewhere at once, the past, and back', async () => {
    const dir = freshDir();
    const [one, two] = [await start(dir, 'one'), await start(dir, 'two')];
    const before = await one.call('project_get');
    expect(before.config).toMatchObject({ global_settings: { token_budget: 100_000, max_concurrent_agents: 10 } });
    const config = { global_settings: { max_concurrent_agents: 4 }, teams: { core: { members: ['ann'] } } };
    const dry = await one.call('project_save', { config, dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, difference: [{ op: 'add', path: '/config', value: config }] });
    expect(await two.call('project_get')).toMatchObject({ config: { teams: {} } });
    const saved = await one.call('project_save', { config });
    expect(await two.call('project_get')).toMatchObject({ version: saved.version, config });
    expect(await two.call('project_get', { at: Number(saved.seq) - 1 })).toMatchObject({ config: { teams: {} } });
    await two.call('project_save', { rollback_to: Number(saved.seq) - 1 });
    expect(await one.call('project_get')).toMatchObject({
      config: { teams: {}, global_settings: { max_concurrent_agents: 10 } },
    });
    expect((await one.fail('project_save', { config: { polices: {} } })).text).toContain(
      '/config/polices: unknown key, did you mean policies?',
    );
    expect((await one.fail('project_save', { rollback_to: 99_999 })).failure).toMatchObject({ code: 'unknown-seq' });
  });
});

describe('resources', () => {
  test('a board that another process moved is told, listed, completed and read', async () => {
    const dir = freshDir();
    const [reader, writer] = [await start(dir, 'one'), await start(dir, 'two')];
    await writer.call('plan_save', {
      sprint: { title: 'Week 1', status: 'active' },
      tasks: [{ key: 'a', title: 'A' }],
    });
    const { project } = await reader.call('project_get');
    const uri = `baton://projects/${project}/board`;
    const updated = new Promise<string>((resolve) => {
      reader.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri));
    });
    await reader.client.subscribeResource({ uri });
    await writer.call('task_save', { id: 'TSK-1', status: 'active' });
    expect(await updated).toBe(uri);
    for (const at of [uri, 'baton://sprints/SPR-1']) {
      const { contents } = await reader.client.readResource({ uri: at });
      const text = contents[0] !== undefined && 'text' in contents[0] ? contents[0].text : '';
      expect(JSON.parse(text)).toMatchObject({
        sprint: { id: 'SPR-1' },
        columns: [{}, { status: 'active', count: 1 }, {}, {}, {}, {}],
      });
    }
    const listed = (await reader.client.listResources()).resources.map((resource) => resource.uri);
    expect(listed).toEqual(expect.arrayContaining([uri, 'baton://sprints/SPR-1', `baton://projects/${project}`]));
    const ref = { type: 'ref/resource' as const, uri: 'baton://sprints/{id}' };
    const { completion } = await reader.client.complete({ ref, argument: { name: 'id', value: 'spr' } });
    expect(completion.values).toEqual(['SPR-1']);
    await expect(reader.client.readResource({ uri: 'baton://sprints/spr-9' })).rejects.toThrow(/There is no resource/);
  });
});

function byNumber(a: string, b: string): number {
  return Number(a.slice(4)) - Number(b.slice(4));
}
