// What views say of runs, claims and calls: figures that can be counted by hand.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallMetrics } from '../../../src/metrics.ts';
import type { DashboardView, Row, Source } from '../../../src/views/dashboard/define.ts';
import { dashboardViews } from '../../../src/views/dashboard/index.ts';
import { PlanIndex } from '../../../src/views/plan/plan-index.ts';
import { memoryDocuments, RunRig, work } from '../../run-rig.ts';

function rowsOf(rig: RunRig, view: DashboardView, more: Partial<Source> = {}): Map<string, Row[]> {
  const { documents, graphs } = rig;
  const plans = new PlanIndex(documents);
  const sections = documents.peek((found) =>
    view.sections({
      view: found,
      now: rig.clock.now,
      presence: documents.presence,
      served: () => documents.presence.served(),
      project: { id: 'prj', name: 'demo' },
      store: documents.store.info(),
      sizeOf: (hash) => graphs.get(hash)?.prepared.ids.length ?? 0,
      process: { version: '0', pid: 1, uptime_ms: 1, rss_bytes: 1, heap_bytes: 1, settings: {} },
      plan: () => plans.at(found),
      ...more,
    }),
  );
  return new Map(sections.map(({ name, rows }) => [name, structuredClone([...rows])]));
}

describe('runs', () => {
  test('first tries, retries, failures and what is in flight', async () => {
    const retry = { retry: { max_attempts: 2, delay_s: 0 } };
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
    expect([...metrics.keys()]).toEqual(['runs', 'sessions']);
    expect(metrics.get('runs')?.[0]).not.toHaveProperty('first_try_percent');
    expect(rowsOf(rig, dashboardViews.cache).get('results')).toEqual([{ results: 0, reused: 0 }]);
  });

  test('results taken over are counted with the work they saved', async () => {
    const documents = memoryDocuments();
    const rig = new RunRig([work('a'), work('b', ['a'])], {}, documents);
    await rig.start();
    await rig.report(await rig.claimed(), 'done', { output: 1 });
    const first = rig.run;
    await rig.start({ resumeFrom: { run: first, graph: rig.graph } });
    const [totals] = rowsOf(rig, dashboardViews.cache).get('results') ?? [];
    expect(totals).toMatchObject({ results: 2, reused: 1, hit_percent: 50 });
    expect(rowsOf(rig, dashboardViews.cache).get('runs')).toMatchObject([{ run: rig.run, from: first, reused: 1 }]);
  });
});

describe('call metrics', () => {
  test('percentiles are right to within a tenth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.05, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (times) => {
          const metrics = new CallMetrics(0);
          for (const ms of times) metrics.record('state_get', ms, { kind: 'answer' });
          const [tool] = metrics.facts().tools;
          const sorted = [...times].sort((a, b) => a - b);
          for (const [share, found] of [
            [0.5, tool?.p50_ms],
            [0.95, tool?.p95_ms],
            [0.99, tool?.p99_ms],
          ] as const) {
            const exact = sorted[Math.max(0, Math.ceil(times.length * share) - 1)] ?? 0;
            expect(Math.abs((found ?? 0) - exact) / exact).toBeLessThan(0.11);
          }
          expect(tool?.max_ms).toBeCloseTo(sorted.at(-1) ?? 0, 2);
        },
      ),
      { seed: 20260104, numRuns: 200 },
    );
  });

  test('failures are counted by code and tool, bugs apart', () => {
    const metrics = new CallMetrics(0);
    metrics.record('a_b', 1, { kind: 'failure', code: 'unknown-run' });
    metrics.record('a_b', 1, { kind: 'failure', code: 'unknown-run' });
    metrics.record('a_b', 1, { kind: 'bug' });
    metrics.record('c_d', 0, { kind: 'answer' });
    const { tools, failures } = metrics.facts();
    expect(tools).toMatchObject([
      { tool: 'a_b', calls: 3, failures: 2, bugs: 1 },
      { tool: 'c_d', calls: 1, failures: 0 },
    ]);
    expect(failures).toEqual([{ code: 'unknown-run', tool: 'a_b', count: 2 }]);
  });
});
