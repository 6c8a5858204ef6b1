// The bound on what is read: with 1,000 tasks, 200 sessions, 10,000 messages, a run of all tasks and many decisions, no
// answer of a tool that reads, and no resource, is above 4,000 tokens.

import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServices, type Services } from '../../src/app/services.ts';
import { readConfig } from '../../src/config/config.ts';
import { VIEW_NAMES } from '../../src/dashboard/names.ts';
import { startSession } from '../../src/domain/session/commands.ts';
import type { ChannelDocument } from '../../src/domain/team/channel.ts';
import { sendMessage } from '../../src/domain/team/send.ts';
import { resourceKinds } from '../../src/resources/index.ts';
import { tools } from '../../src/tools/index.ts';
import { freshDir } from '../e2e/rig.ts';

const TASKS = 1_000;
const SESSIONS = 200;
const MESSAGES = 10_000;
/** 4,000 tokens of four characters. */
const MOST = 16_000;

type Answer = Record<string, unknown>;

let services: Services & { close(): Promise<void> };
let session = '';
let run = '';

async function call(name: string, args: object = {}): Promise<Answer> {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  const signal = new AbortController().signal;
  const result = await tool.invoke(args, {
    services,
    signal,
    deadlineAt: Date.now() + 50_000,
    progress: () => undefined,
  });
  if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.failure)}`);
  return { ...result.value };
}

/** `count` times, many at once. */
async function many(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - from) }, (_, at) => work(from + at)));
}

beforeAll(async () => {
  const dir = freshDir();
  const config = readConfig({ 'state-dir': `${dir}/state` }, { BATON_DURABILITY: 'none', BATON_PROJECT_DIR: dir });
  if (!config.ok) throw new Error('no config');
  const opened = await openServices({ ...config.value, clientSession: 'one' }, pino({ level: 'silent' }), 'serve');
  if (!opened.ok) throw new Error(opened.failure.code);
  services = opened.value;
  const { documents, workspace } = services;
  session = String((await call('session_start', { name: 'reader' })).session);
  const by = { user: 'tester', session, tool: 'test' };

  let sprint: unknown;
  for (let from = 0; from < TASKS; from += 200) {
    const tasks = Array.from({ length: 200 }, (_, at) => ({
      key: `k${at}`,
      title: `task ${from + at} ${'t'.repeat(150)}`,
      description: 'd'.repeat(2_000),
      assignee: `agent-${at % 50}`,
      points: 1,
      needs: at > 100 ? [`k${at - 100}`] : [],
    }));
    const home = sprint === undefined ? { title: 's', goal: 'g'.repeat(1_000), status: 'active' } : { id: sprint };
    sprint = (await call('plan_save', { sprint: home, tasks })).sprint;
  }
  await many(SESSIONS, (index) =>
    documents.change(
      (tx, ctx) =>
        startSession(tx, ctx, {
          workspace,
          name: `session ${index} ${'n'.repeat(90)}`,
          clientSession: `c-${index}`,
          sprint: 'SPR-1',
        }),
      { by },
    ),
  );
  const { project } = workspace;
  await many(MESSAGES, (index) =>
    documents.change(
      (tx, ctx) =>
        sendMessage(tx, ctx, {
          from: { session: 'ses-other' },
          to: [index % 2 === 0 ? { kind: 'all', project } : { kind: 'session', project, name: session }],
          text: `message ${index} ${'m'.repeat(index % 100 === 0 ? 7_000 : 300)}`,
          kind: index % 3 === 0 ? 'request' : 'report',
          priority: index % 50 === 0 ? 1 : 3,
        }),
      { by },
    ),
  );
  for (let index = 0; index < 60; index += 1)
    await call('decision_open', { title: `decision ${index} ${'q'.repeat(400)}`, options: ['yes', 'no'] });
  await many(150, (index) =>
    call('registry_save', { kind: 'agent', id: `agent-${index}`, description: 'a'.repeat(400), skills: ['go'] }),
  );
  run = String((await call('run_start', { sprint: 'SPR-1' })).run);
  await call('state_set', {
    path: '$.big',
    value: Array.from({ length: 2_000 }, (_, at) => ({ at, text: 'x'.repeat(50) })),
  });
}, 120_000);
afterAll(async () => {
  await services.close();
});

test('every answer of a tool that reads', async () => {
  expect(await call('session_list')).toMatchObject({ total: SESSIONS + 1 });
  expect(await call('plan_list', { kind: 'task' })).toMatchObject({ total: TASKS });
  expect(await call('run_status', { run })).toMatchObject({ total: TASKS });
  const inbox = services.documents.peek((view) => view.get<ChannelDocument>(`channel/${session}`)?.last);
  expect(inbox).toBe(MESSAGES / 2);
  const calls: [tool: string, args: object][] = [
    ['state_get', { path: '$' }],
    ['state_get', { path: '$.big[*]', limit: 200 }],
    ['state_history', { path: '$' }],
    ['session_start', {}],
    ['session_list', { limit: 100 }],
    ['session_recover', {}],
    ['project_get', {}],
    ['run_status', {}],
    ['run_status', { run, limit: 200 }],
    ['run_claim', { run, agent: 'ann' }],
    ['decision_vote', { limit: 50 }],
    ['message_read', { limit: 50 }],
    ['message_read', { text: 'message', limit: 50 }],
    ['message_read', { limit: 50 }],
    ['events_query', { limit: 100, patch: true }],
    ...['ids', 'brief', 'full'].flatMap((detail): [string, object][] => [
      ['sprint_board', { detail, limit: 50 }],
      ...['project', 'epic', 'sprint', 'task', 'agent'].map((kind): [string, object] => [
        'plan_list',
        { kind, detail, limit: 100 },
      ]),
    ]),
    ...VIEW_NAMES.flatMap((view) =>
      ['rows', 'text', 'markdown', 'csv', 'json'].map((format): [string, object] => [
        'dashboard_get',
        { view, format },
      ]),
    ),
  ];
  const sizes: Record<string, number> = {};
  for (const [tool, args] of calls) {
    const { length } = JSON.stringify(await call(tool, args));
    if (length > MOST) sizes[`${tool} ${JSON.stringify(args)}`] = length;
  }
  expect(sizes).toEqual({});
}, 60_000);

test('every resource', async () => {
  const { project } = services.workspace;
  const named: Record<string, string> = {
    boards: project,
    projects: project,
    inboxes: session,
    sprints: 'SPR-1',
    runs: run,
  };
  const sizes: Record<string, number> = {};
  for (const kind of resourceKinds) {
    const id = named[kind.name];
    if (id === undefined) continue;
    const read = await services.documents.read((view) => kind.read(view, id, services));
    const { length } = JSON.stringify(read);
    if (length > MOST) sizes[kind.name] = length;
  }
  expect(sizes).toEqual({});
});
