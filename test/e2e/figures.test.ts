// Figures from the whole log, as clients of two real servers see them, compared with figures counted by hand: pass
// rates, limits in use, escalations, forecasts.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resourceKinds } from '../../src/resources/index.ts';
import { CHECKS } from '../../src/views/health/alerts.ts';
import { parsePrometheus } from '../dashboard/prometheus-parser.ts';
import { type Answer, freshDir, Server } from './rig.ts';

let ann: Server;
let bob: Server;
let session = '';
let run = '';

beforeAll(async () => {
  const dir = freshDir();
  ann = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'ann', BATON_ALLOW_COMMANDS: 'node' } });
  bob = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'bob' } });
  session = String((await ann.call('session_start', { name: 'ann' })).session);
  await bob.call('session_start', { name: 'bob' });
  await reviews();
  await runs();
  await escalations();
}, 60_000);
afterAll(async () => {
  await ann.close();
  await bob.close();
});

/** Four reviews passed, one sent back and then passed, one task blocked out of its review, one still in it. */
async function reviews(): Promise<void> {
  const tasks = Array.from({ length: 7 }, (_, at) => ({ key: `t${at}`, title: `task ${at}`, points: 1 }));
  await ann.call('plan_save', { sprint: { title: 'first', status: 'active' }, tasks });
  const move = async (server: Server, id: number, ...statuses: string[]) => {
    for (const status of statuses)
      await server.call('task_save', {
        id: `TSK-${id}`,
        status,
        ...(status === 'blocked' ? { blocked_reason: 'no key' } : {}),
      });
  };
  for (const id of [1, 2, 3]) await move(id === 2 ? bob : ann, id, 'active', 'review', 'done');
  await move(ann, 4, 'active', 'review', 'active', 'review', 'done');
  await move(bob, 5, 'active', 'review', 'blocked');
  await move(bob, 6, 'active', 'review');
}

/** A command that fails once and then passes, an agent's node that fails once and then passes, one that is held. */
async function runs(): Promise<void> {
  const flaky =
    "const f='went'; const fs=require('fs'); if (!fs.existsSync(f)) { fs.writeFileSync(f,''); process.exit(1); }";
  const retry = { max_attempts: 3, backoff_s: 0 };
  const nodes = [
    { id: 'cmd', kind: 'command', command: ['node', '-e', flaky], retry, estimate_s: 10 },
    { id: 'one', kind: 'agent', task: 'x', retry, needs: ['cmd'], estimate_s: 20 },
    { id: 'two', kind: 'agent', task: 'y', needs: ['one'], estimate_s: 20 },
  ];
  const { hash } = await ann.call('graph_check', { nodes, name: 'work' });
  run = String((await ann.call('run_start', { graph: hash })).run);
  const claim = async (agent: string) => (await bob.call('run_claim', { run, agent, wait_s: 20 })).claim;
  await bob.call('run_report', { claim: await claim('critic'), status: 'failed', summary: 'no', tokens: 100 });
  await bob.call('run_report', { claim: await claim('critic'), status: 'done', tokens: 50 });
  await claim('critic');
}

/** critic reports to lead, who reports to chief: one call for help is taken up, one is not. */
async function escalations(): Promise<void> {
  for (const [id, reports_to] of [['chief'], ['lead', 'chief'], ['critic', 'lead']] as const)
    await ann.call('registry_save', {
      kind: 'agent',
      id,
      capacity: 2,
      ...(reports_to === undefined ? {} : { reports_to }),
    });
  await ann.call('project_save', { config: { pools: { critic: { max: 4 } } } });
  await bob.call('session_update', { agent: { name: 'critic', tier: 'worker' } });
  await bob.call('message_send', { text: 'the build is red', kind: 'escalation' });
  await bob.call('message_send', { text: 'nobody answers', kind: 'escalation' });
  await bob.call('message_send', { to: 'all', text: 'just a report' });
  await ann.call('session_update', { agent: { name: 'lead', tier: 'coordinator' } });
  const { messages } = await ann.call('message_read', {});
  const first = (messages as Answer[]).find(({ text }) => text === 'the build is red');
  await ann.call('message_read', { ack: [first?.id] });
}

async function sections(server: Server, view: string): Promise<Map<unknown, Answer[]>> {
  const { rows } = await server.call('dashboard_get', { view, detail: 'full' });
  const found = new Map<unknown, Answer[]>();
  for (const row of rows as Answer[]) found.set(row.section, [...(found.get(row.section) ?? []), row]);
  return found;
}

describe('gates', () => {
  test.each(['ann', 'bob'])('reviews of tasks and attempts at nodes, whoever asks: %s', async (who) => {
    const found = (await sections(who === 'ann' ? ann : bob, 'metrics')).get('gates');
    expect(found).toEqual([
      { section: 'gates', gate: 'review of tasks', passed: 4, refused: 1, pass_percent: 80 },
      { section: 'gates', gate: 'attempts at nodes', evidence: 'claimed', passed: 1, refused: 1, pass_percent: 50 },
      {
        section: 'gates',
        gate: 'attempts at nodes',
        evidence: 'run-by-server',
        passed: 1,
        refused: 1,
        pass_percent: 50,
      },
    ]);
  });
});

test('burn-down: what is left is a share of all there is to do, not of the most that was ever left', async () => {
  const [today] = (await sections(ann, 'sprint')).get('burn_down') ?? [];
  expect(today).toMatchObject({ points: 3, tasks: 3, left_percent: 42.857 });
});

test('sessions are shown with the agents that work in them, whether or not they were ever named', async () => {
  const found = (await sections(bob, 'agents')).get('sessions') ?? [];
  expect(found.filter(({ claims }) => claims === 1)).toMatchObject([{ agents: 1 }]);
});

test('utilisation: claims held and tokens spent against what is allowed, and against what agents can take', async () => {
  const found = (await sections(ann, 'metrics')).get('limits') ?? [];
  expect(found.map(({ limit, used, allowed, use_percent }) => [limit, used, allowed, use_percent])).toEqual([
    ['capacity of critic', 1, 2, 50],
    ['pool critic', 1, 4, 25],
    ['all agents', 1, 10, 10],
    [`tokens of ${run}`, 150, 100_000, 0.15],
    ['capacity of chief', 0, 2, 0],
    ['capacity of lead', 0, 2, 0],
  ]);
  for (const view of ['leadership', 'resources'])
    expect((await sections(bob, view)).get('limits')?.length, view).toBe(6);
});

const DOCS = readFileSync(path.resolve(import.meta.dirname, '../../docs/observability.md'), 'utf8');
/** Figures that are there only once there is something to count. */
const OPTIONAL = ['baton_metrics_process_spans_total', 'baton_metrics_process_spans_dropped_total'];
OPTIONAL.push('baton_metrics_runs_cost_usd');

test('docs/observability.md names each figure as a scraper meets it, with its labels, and no other', async () => {
  await ann.call('state_get', { path: 'x' });
  await ann.fail('state_get', { path: '$.__proto__' });
  const met = new Map<string, string>();
  for (const view of ['metrics', 'health']) {
    const { text } = await ann.call('dashboard_get', { view, format: 'prometheus', detail: 'full' });
    for (const [name, { type, samples }] of parsePrometheus(String(text))) {
      // By the convention of OpenMetrics a counter ends in _total, and nothing else does.
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      const labels = name.endsWith('_info') ? [] : samples.flatMap((one) => Object.keys(one.labels));
      met.set(name, [...new Set(labels)].sort().join());
    }
  }
  const told = new Map<string, string>();
  for (const [, start, labels = '', figures = ''] of DOCS.matchAll(/`(baton_[a-z_]+)\*(?:\{(.*?)\})?` \| (.*?) \|/g))
    for (const [, figure] of figures.matchAll(/`(.*?)`/g))
      told.set(`${start}${figure}`, labels.split(',').sort().join());
  for (const name of OPTIONAL) {
    expect([...told.keys()]).toContain(name);
    told.delete(name);
  }
  expect(Object.fromEntries([...met].sort())).toEqual(Object.fromEntries([...told].sort()));
});

test('docs/observability.md names the checks and the resources that there are', () => {
  for (const check of CHECKS) expect(DOCS).toContain(`\`${check}\``);
  for (const { template } of resourceKinds) expect(DOCS).toContain(`\`${template}\``);
});

test('paths are counted by shape, caches by hits, each process for itself', async () => {
  for (let at = 0; at < 5; at += 1) await ann.call('state_set', { path: `tasks.task-${at}.status`, value: at });
  await ann.fail('state_set', { path: '$.__proto__', value: 1 });
  const of = await sections(ann, 'metrics');
  expect(of.get('paths')).toContainEqual({
    section: 'paths',
    tool: 'state_set',
    path: '$.tasks[*].status',
    calls: 5,
    failures: 0,
  });
  expect((await sections(bob, 'metrics')).get('paths')).toBeUndefined();
  const caches = of.get('caches') ?? [];
  expect(caches.map(({ cache }) => cache)).toEqual(['documents', 'graphs', 'mail note']);
  for (const { hits, misses, hit_percent } of caches)
    expect(hit_percent).toBeCloseTo((100 * Number(hits)) / (Number(hits) + Number(misses)));
});

describe('leadership', () => {
  test('escalations: what nobody has taken up comes first, with who is next to be asked', async () => {
    const found = (await sections(bob, 'leadership')).get('escalations') ?? [];
    expect(found.map(({ text, state, to, above }) => [text, state, to, above])).toEqual([
      ['nobody answers', expect.stringMatching(/^(queued|offered|seen)$/), 'agent:lead', 'chief'],
      ['the build is red', 'acked', 'agent:lead', 'chief'],
    ]);
  });

  test('forecasts: a run by its graph and the times so far, sprint and project by the pace of sprints', async () => {
    const found = (await sections(ann, 'leadership')).get('forecast') ?? [];
    expect(found.map(({ scope }) => scope)).toEqual([run, 'SPR-1', 'project']);
    const [graph, sprint] = found;
    expect(graph).toMatchObject({ left: 1, rests_on: 'times of 2 nodes, 1 at once' });
    expect(Number(graph?.least_ms)).toBeLessThanOrEqual(Number(graph?.most_ms));
    // No sprint has ended yet: there is no pace, and so no figure.
    expect(sprint).toEqual({ section: 'forecast', scope: 'SPR-1', left: 3, points_left: 3 });
  });
});

test('alerts stand first in every view that shows what they are about, with what to call', async () => {
  await ann.call('project_save', { config: { global_settings: { token_budget: 150 } } });
  const alert = { section: 'alerts', alert: 'tokens', state: 'warn', found: '150 of 150 tokens' };
  for (const view of ['team', 'leadership', 'runs']) {
    const { rows } = await ann.call('dashboard_get', { view });
    expect((rows as Answer[])[0], view).toMatchObject(alert);
  }
  for (const view of ['sprint', 'agents', 'cache']) expect((await sections(ann, view)).get('alerts')).toBeUndefined();
  const checks = (await sections(ann, 'health')).get('checks') ?? [];
  expect(checks[0]).toMatchObject({ check: 'tokens', level: 1 });
  const { text } = await ann.call('dashboard_get', { view: 'health', format: 'prometheus' });
  const levels = parsePrometheus(String(text)).get('baton_health_checks_level')?.samples ?? [];
  expect(levels.find(({ labels }) => labels.check === 'tokens')).toEqual({
    labels: { check: 'tokens', state: 'warn' },
    value: 1,
  });
  expect(session).not.toBe('');
});
