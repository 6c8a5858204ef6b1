// Figures of views on runs and claims, compared with figures counted by hand.

import { describe, expect, test } from 'vitest';
import { fitted } from '../../src/dashboard/board.ts';
import { columns } from '../../src/dashboard/define.ts';
import { dashboardViews } from '../../src/dashboard/index.ts';
import { acquire } from '../../src/domain/resource/commands.ts';
import { MemoryPresence } from '../../src/store/memory.ts';
import type { Source } from '../../src/views/source.ts';
import { memoryDocuments, RunRig, work } from '../run-rig.ts';
import { rowsOf } from './looking.ts';

describe('runs', () => {
  test('first tries, retries, failures and what is in flight', async () => {
    const retry = { retry: { max_attempts: 2, backoff_s: 0 } };
    const rig = new RunRig(
      [work('a'), work('b', [], retry), work('c', [], { retry: { max_attempts: 1 } }), work('d')],
      { on_failure: 'continue' },
    );
    await rig.start();
    await rig.report(await rig.claimed({ node: 'a' }), 'done', { tokens: 100 });
    await rig.report(await rig.claimed({ node: 'b' }), 'failed', { errorKind: 'retryable', summary: 'once' });
    rig.clock.now += 60_000;
    await rig.report(await rig.claimed({ node: 'b' }), 'done', { tokens: 20 });
    await rig.report(await rig.claimed({ node: 'c' }), 'failed', { errorKind: 'terminal', summary: 'broken' });
    await rig.claimed({ node: 'd' });
    const [quality] = rowsOf(rig, dashboardViews.metrics).get('runs') ?? [];
    expect(quality).toMatchObject({ nodes_ended: 3, attempts: 5, retries: 1, failed: 1, late_results: 0, tokens: 120 });
    expect(quality?.first_try_percent).toBeCloseTo(100 / 3);
    expect(quality).not.toHaveProperty('cost_usd');
    const runs = rowsOf(rig, dashboardViews.runs);
    expect(runs.get('runs')).toMatchObject([
      { run: rig.run, done: 2, nodes: 4, done_percent: 50, claimed: 1, failed: 1 },
    ]);
    expect(runs.get('claims')).toMatchObject([{ node: 'd', state: 'held', agent: 'main' }]);
    expect(runs.get('waiting')).toMatchObject([{ node: 'c', status: 'failed' }]);
  });

  test('a lease that has ended is unverifiable, not lost, and health says what to call', async () => {
    const rig = new RunRig([work('a')]);
    await rig.start();
    await rig.claimed();
    rig.clock.now += 24 * 3_600_000;
    expect(rowsOf(rig, dashboardViews.runs).get('claims')).toMatchObject([{ node: 'a', state: 'unverifiable' }]);
    const checks = rowsOf(rig, dashboardViews.health).get('checks') ?? [];
    expect(checks.find(({ check }) => check === 'leases')).toMatchObject({
      state: 'warn',
      next: `run_claim {"run": "${rig.run}"}`,
    });
  });

  test('claims and locks of a window that is gone are found, with who to take over', async () => {
    const presence = new MemoryPresence();
    const clock = { now: Date.now() };
    const rig = new RunRig([work('a')], {}, memoryDocuments({ presence, clock }));
    rig.clock.now = clock.now;
    await rig.start();
    presence.attach('ses-one');
    presence.attach('ses-one.main');
    presence.touch('ses-one');
    await rig.claimed({ window: true });
    const lock = {
      project: 'prj',
      lock: 'db',
      kind: 'database',
      priority: 3,
      leaseMs: 3_600_000,
      queue: false,
    } as const;
    await rig.do((tx, ctx) => acquire(tx, ctx, { ...lock, caller: { session: 'ses-one' } }));
    const holders = () =>
      rowsOf(rig, dashboardViews.health)
        .get('checks')
        ?.find(({ check }) => check === 'holders');
    expect(holders()).toMatchObject({ state: 'ok' });
    presence.detach('ses-one.main');
    expect(holders()).toMatchObject({ state: 'warn', found: '1 held by a window that is gone: claim a' });
    // Somebody on the command line is served by no process; the lock is theirs for as long as they call.
    presence.detach('ses-one');
    expect(holders()).toMatchObject({ found: '1 held by a window that is gone: claim a' });
    rig.clock.now += 61_000;
    expect(holders()).toMatchObject({
      found: '2 held by a window that is gone: claim a',
      next: 'session_recover {"session": "ses-one"}',
    });
  });

  test('figures that nothing gives are absent', () => {
    const rig = new RunRig([work('a')]);
    const metrics = rowsOf(rig, dashboardViews.metrics);
    expect([...metrics.keys()]).toEqual(['runs', 'sessions', 'limits']);
    expect(metrics.get('runs')?.[0]).not.toHaveProperty('first_try_percent');
    expect(rowsOf(rig, dashboardViews.cache).get('results')).toEqual([{ results: 0, reused: 0 }]);
  });

  test('results taken over are counted with the work they saved', async () => {
    const documents = memoryDocuments();
    const rig = new RunRig([work('a'), work('b', ['a'])], {}, documents);
    await rig.start();
    await rig.report(await rig.claimed(), 'done', { output: 1 });
    const first = rig.run;
    await rig.start({ resumeFrom: first });
    const [totals] = rowsOf(rig, dashboardViews.cache).get('results') ?? [];
    expect(totals).toMatchObject({ results: 2, reused: 1, hit_percent: 50 });
    expect(rowsOf(rig, dashboardViews.cache).get('runs')).toMatchObject([{ run: rig.run, from: first, reused: 1 }]);
  });
});

test('a cut never leaves out what is not well', () => {
  const rows = Array.from({ length: 13 }, (_, index) => ({ alert: `a${index}` }));
  const section = { name: 'alerts', title: 'Alerts', columns: columns({ alert: 'id' }), rows, kept: 12 };
  const other = { ...section, name: 'other', kept: 0 };
  const place = { now: 0, project: { id: 'prj', name: 'demo' } };
  const taken = { view: dashboardViews.health, source: place, seq: 1, names: new Map(), hint: undefined };
  const { board } = fitted(
    { ...taken, sections: [section, other] },
    10,
    (shown) => shown,
    () => false,
  );
  expect(board.sections.map((shown) => shown.rows.length)).toEqual([13, 1]);
});

test('health keeps every check that is not ok', () => {
  const bad = { check: 'runs', state: 'bad', found: 'x', next: 'y' } as const;
  const view = { seq: 1, streamCounts: () => new Map() };
  const source = { view, store: {}, checks: () => [bad, { ...bad, state: 'ok' }] } as unknown as Source;
  const checks = dashboardViews.health.sections(source, 10).find(({ name }) => name === 'checks');
  expect(checks).toMatchObject({ kept: 1, rows: { length: 2 } });
});
