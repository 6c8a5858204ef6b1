// Figures of views on runs and claims, compared with figures counted by hand.

import { describe, expect, test } from 'vitest';
import { dashboardViews } from '../../src/dashboard/index.ts';
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
