// The dashboard through a client: every view in every format stays within its bounds on a store with much data.

import path from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VIEW_NAMES } from '../../src/dashboard/names.ts';
import { Documents } from '../../src/documents/documents.ts';
import type { Address } from '../../src/domain/team/channel.ts';
import { sendMessage } from '../../src/domain/team/send.ts';
import { selectPointers } from '../../src/path/query.ts';
import { fileBackend } from '../../src/store/open.ts';
import { parsePrometheus } from '../dashboard/prometheus-parser.ts';
import { type Answer, freshDir, Server } from './rig.ts';

const FORMATS = ['rows', 'text', 'markdown', 'prometheus', 'json', 'csv'];
/** 4,000 tokens at four characters each. */
const MOST_CHARS = 16_000;
const TASKS = 1_000;
const SESSIONS = 200;
const MESSAGES = 10_000;
const NASTY = '会議 👩‍💻 \u202eevil\u202c \u001b[31mred cafe\u0301 =1+1';

let server: Server;
let run = '';

/**
 * What ten thousand calls of message_send would leave, by another process on the same store, without waiting for the
 * disk.
 */
async function sendMany(dir: string): Promise<void> {
  const { session } = await server.call('session_start');
  const project = String((await server.call('project_get')).project);
  const backend = fileBackend({ dir: path.join(dir, 'state'), durability: 'none', forceNetworkFs: false });
  const documents = new Documents({ ...backend, now: Date.now, id: () => 'none', select: selectPointers });
  const by = { user: 'tester', session: String(session), tool: 'message_send' };
  const addresses: Address[] = [
    { kind: 'all', project },
    { kind: 'channel', project, name: 'build' },
    { kind: 'team', project, name: 'core' },
  ];
  const sent = Array.from({ length: MESSAGES }, (_, at) =>
    documents.change(
      (tx, ctx) =>
        sendMessage(tx, ctx, {
          from: { session: String(session) },
          to: addresses.slice(at % 3, (at % 3) + 1),
          text: `${NASTY} ${at} ${'long '.repeat(40)}`,
          kind: at % 10 === 0 ? 'escalation' : 'report',
          priority: 1 + (at % 5),
        }),
      { by },
    ),
  );
  for (const one of await Promise.all(sent)) expect(one.ok).toBe(true);
  await documents.close();
}

beforeAll(async () => {
  const dir = freshDir();
  server = await Server.start({ dir, env: { BATON_MAX_CALLS_PER_SECOND: '0' } });
  for (let at = 0; at < SESSIONS; at += 1)
    await server.call('session_start', { resume: 'new', name: `${NASTY} ${at}` });
  const teams = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [
      at === 0 ? 'core' : `team-${at}`,
      { orchestrator: `${NASTY} lead`, members: Array.from({ length: 12 }, (_, one) => `member ${at} ${one}`) },
    ]),
  );
  const pools = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`agent-${at}`, { max: 1 + at }]));
  const resources = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`resource-${at}`, { capacity: 1 + at, description: NASTY }]),
  );
  const global_settings = { max_concurrent_agents: 100 };
  await server.call('project_save', { config: { global_settings, teams, pools, resources } });
  for (let from = 0; from < TASKS; from += 200) {
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      key: `t${index}`,
      title: `${NASTY} ${from + index} ${'long '.repeat(30)}`,
      points: index % 8,
      assignee: `agent ${index % 7}`,
    }));
    const sprint = from === 0 ? { title: NASTY, goal: NASTY, status: 'active' } : { id: 'SPR-1' };
    const epic = from === 0 ? { title: NASTY } : { id: 'EPC-1' };
    await server.call('plan_save', { epic, sprint, tasks });
  }
  for (let at = 1; at <= 120; at += 1) await server.call('task_save', { id: `TSK-${at}`, status: 'active' });
  for (let at = 200; at <= 260; at += 1) {
    await server.call('task_save', { id: `TSK-${at}`, status: 'blocked', blocked_reason: NASTY });
  }
  const nodes = Array.from({ length: 60 }, (_, at) => ({
    id: `n${at}`,
    kind: 'agent',
    task: 'x',
    title: `${NASTY} ${at}`,
  }));
  const { hash } = await server.call('graph_check', { nodes, name: 'many' });
  run = String((await server.call('run_start', { graph: hash })).run);
  for (let at = 0; at < 50; at += 1) await server.call('run_claim', { run, agent: `agent-${at}` });
  for (let at = 0; at < 30; at += 1)
    await server.call('lock_acquire', { lock: `lock-${at}`, kind: 'database', reason: NASTY });
  await sendMany(dir);
  await server.call('decision_open', { title: NASTY, options: ['yes', 'no'], deadline_s: 3600 });
  await server.fail('run_status', { run: 'run-nothere1' });
}, 120_000);
afterAll(async () => {
  await server.close();
});

const see = (args: Answer) => server.call('dashboard_get', args);

describe('dashboard_get', () => {
  test.each(VIEW_NAMES.flatMap((view) => FORMATS.map((format) => [view, format])))('%s as %s', async (view, format) => {
    for (const detail of ['brief', 'full']) {
      const answer = await see({ view, format, detail });
      expect(answer).toMatchObject({ view });
      expect(JSON.stringify(answer).length).toBeLessThanOrEqual(MOST_CHARS);
      if (format === 'rows') {
        expect((answer.rows as unknown[]).length).toBeGreaterThan(0);
        expect(JSON.stringify(answer.rows)).not.toMatch(/[\p{Cf}\p{Cc}]/u);
        continue;
      }
      const text = String(answer.text);
      expect(text.replaceAll(/\r?\n/g, '')).not.toMatch(/[\p{Cf}\p{Cc}]/u);
      if (format === 'json') expect(JSON.parse(text)).toMatchObject({ view });
      if (format === 'prometheus') expect(parsePrometheus(text).size).toBeGreaterThan(0);
      if (format === 'csv') expect(text.split('\r\n').length).toBeGreaterThan(1);
      if (format === 'markdown') expect(text).toMatch(/^# Baton/);
    }
  });

  test.each(VIEW_NAMES.flatMap((view) => [80, 120].map((width) => [view, width] as const)))(
    'the screen of %s at %i columns',
    async (view, width) => {
      const { text } = await see({ view, format: 'text', width });
      for (const line of String(text).split('\n')) expect(stringWidth(line), line).toBe(width);
    },
  );

  test('what is left out is named, with the call that has it', async () => {
    const { cut } = await see({ view: 'agents' });
    expect(cut).toContain(`sessions: 10 of ${SESSIONS} (session_list {"limit": 100})`);
    const work = await see({ view: 'sprint' });
    expect(work.cut).toContain('work: 10 of 181');
    for (const part of String(work.cut).split('; ')) expect(part).toMatch(/ \([a-z_]+ \{.*\}\)$/);
  });

  test('figures are those of the store', async () => {
    const { rows } = await see({ view: 'sprint' });
    const board = (rows as Answer[]).filter(({ section }) => section === 'board');
    expect(board.map(({ status, tasks }) => [status, tasks])).toEqual([
      ['todo', TASKS - 181],
      ['active', 120],
      ['blocked', 61],
    ]);
    const runs = (await see({ view: 'runs' })).rows as Answer[];
    expect(runs[0]).toMatchObject({ section: 'runs', run, claimed: 50, done: 0, nodes: 60, done_percent: 0 });
  });

  test('calls are counted by tool and failure code, with percentiles, for this process alone', async () => {
    const rows = (await see({ view: 'metrics', detail: 'full' })).rows as Answer[];
    const tools = new Map(rows.filter(({ section }) => section === 'tools').map((row) => [row.tool, row]));
    expect(tools.get('task_save')).toMatchObject({ calls: 181, failures: 0, bugs: 0 });
    expect(tools.get('run_status')).toMatchObject({ calls: 1, failures: 1 });
    const { p50_ms, p95_ms, p99_ms, max_ms } = tools.get('task_save') ?? {};
    expect([p50_ms, p95_ms, p99_ms, max_ms]).toEqual(
      [p50_ms, p95_ms, p99_ms, max_ms].map(Number).sort((a, b) => a - b),
    );
    expect(rows).toContainEqual({ section: 'failures', code: 'unknown-run', tool: 'run_status', count: 1 });
    const commits = rows.find(({ section, tool }) => section === 'commits' && tool === 'task_save');
    expect(commits).toMatchObject({ commits: 181 });
  });

  test('unknown views are refused, naming those there are', async () => {
    const { failure, text } = await server.fail('dashboard_get', { view: 'teem' });
    expect(failure.code).toBe('invalid-input');
    expect(text).toContain('"team"');
  });
});

describe('joined parts of a session, on the same full store', () => {
  const joined = async (path: string): Promise<Answer> => {
    const answer = await server.call('state_get', { path });
    expect(JSON.stringify(answer).length).toBeLessThanOrEqual(MOST_CHARS);
    expect(JSON.stringify(answer)).not.toMatch(/[\p{Cf}\p{Cc}]/u);
    expect(answer).toMatchObject({ matches: 1 });
    return answer.value as Answer;
  };

  test('organization: teams, settings, projects, sessions, and what is left out', async () => {
    const found = await joined('organization');
    expect(found).toMatchObject({
      project: { id: expect.stringMatching(/^prj-/) },
      settings: { alerts: { blocked_hours: 24 }, global_settings: { max_concurrent_agents: 100 } },
      projects: [{ tasks_left: TASKS, sprint: 'SPR-1' }],
      more: {
        teams: expect.stringMatching(/^\d+ more: project_get/),
        sessions: expect.stringMatching(/more: session_list/),
      },
    });
    expect(await joined('$.organization.teams.core')).toMatchObject({ of: 12, here: 0, members: { length: 10 } });
  });

  test('communication: unread by kind and priority, channels, locks', async () => {
    const { session } = await server.call('session_start', { resume: 'new' });
    await server.call('lock_acquire', { lock: 'mine', kind: 'database' });
    const found = await joined('communication');
    expect(found).toMatchObject({
      unread: { by_kind: { report: expect.any(Number), escalation: expect.any(Number) } },
      locks: { held: [{ lock: 'mine', who: session, fence: 1 }], waiting: [], of_everybody: { held: 31 } },
    });
    expect(found.channels).toContainEqual({ channel: 'channel:build', joined: false, messages: expect.any(Number) });
    const { by_kind, by_priority } = found.unread as Record<string, Record<string, number>>;
    const sum = (counts: Record<string, number> = {}) => Object.values(counts).reduce((all, one) => all + one, 0);
    expect(sum(by_kind)).toBe(sum(by_priority));
    expect(sum(by_kind)).toBeGreaterThan(1_000 - 1);
    // Looking takes nothing.
    expect(await joined('communication.unread')).toEqual(found.unread);
  });

  test('observability: health with alerts, figures of this process and of all, what happened last', async () => {
    const found = await joined('observability');
    expect(found).toMatchObject({
      health: { writable: true, durability: 'fsync', alerts: expect.any(Array) },
      metrics: {
        this_process: {
          tools: expect.arrayContaining([expect.objectContaining({ tool: 'state_get' })]),
        },
        all_processes: { commits_by_tool: { message_send: MESSAGES } },
      },
      recent: { length: 10 },
      more: { metrics: 'dashboard_get {"view": "metrics", "detail": "full"}' },
    });
    expect(await joined('observability.health.writable')).toBe(true);
  });

  test.each(['organization', 'communication', 'observability'])(
    '%s cannot be written, and says what to call',
    async (key) => {
      const { failure } = await server.fail('state_set', { path: `${key}.x`, value: 1 });
      expect(failure).toMatchObject({ code: 'path-reserved', call: expect.stringMatching(/[a-z]+_[a-z]+/) });
    },
  );
});

describe('events_query', () => {
  async function all(args: Answer): Promise<Answer[]> {
    const events: Answer[] = [];
    for (let cursor: unknown; ; ) {
      const page = await server.call('events_query', { ...args, ...(cursor === undefined ? {} : { cursor }) });
      expect(JSON.stringify(page).length).toBeLessThanOrEqual(MOST_CHARS);
      events.push(...(page.events as Answer[]));
      cursor = page.next_cursor;
      if (cursor === undefined) return events;
    }
  }

  test('pages are complete and in order, either way', async () => {
    const newest = await all({ stream: 'task/', limit: 200 });
    expect(newest).toHaveLength(TASKS + 181);
    const seqs = newest.map(({ seq }) => Number(seq));
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    const oldest = await all({ stream: 'task/', limit: 37, order: 'oldest' });
    const keys = (events: Answer[]) => events.map(({ seq, stream, type }) => `${seq} ${stream} ${type}`).sort();
    expect(keys(oldest)).toEqual(keys(newest));
  });

  test('by type, author and place', async () => {
    const blocked = await all({ type: 'task.blocked' });
    expect(blocked).toHaveLength(61);
    const last = Number(blocked.at(-1)?.seq);
    expect(await all({ type: 'task.', from: last, to: last })).toMatchObject([
      { stream: 'task/tsk-200', tool: 'task_save' },
    ]);
    expect(await all({ author: 'run_claim', stream: 'run/' })).toHaveLength(50);
    expect(await all({ author: 'nobody' })).toEqual([]);
    expect((await server.fail('events_query', { from: 5, to: 4 })).failure.code).toBe('invalid-input');
  });

  test('a patch shows what changed, and no claim that could be used', async () => {
    const [event] = await all({ type: 'node.claimed', patch: true });
    const text = JSON.stringify(event);
    expect(text).toContain('"path":"/nodes/');
    expect(text).not.toMatch(/run-[a-z0-9]+\.n\d+\.1\.[a-z0-9]{6}/);
  });
});
