// Forecasts of runs: exact where they can be counted by hand, and always within the bounds of list scheduling.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Graph, GraphNode } from '../../../src/graph/graph.ts';
import { nodeKinds } from '../../../src/graph/kinds/index.ts';
import { forecast } from '../../../src/graph/plan/forecast.ts';
import { prepare } from '../../../src/graph/prepare.ts';
import type { RunNodes } from '../../../src/graph/ready/run-node.ts';

const done = (ms: number) => ({ status: 'finished' as const, attempt: 1, fence: 1, started_at: 0, ended_at: ms });

function graphOf(nodes: { id: string; kind?: string; needs?: string[]; estimate_s?: number }[]) {
  return prepare(
    { name: 'g', nodes: nodes.map((node) => ({ kind: 'agent', task: 'x', ...node })) } as unknown as Graph<GraphNode>,
    nodeKinds,
  );
}

test('nothing is foretold where nothing says how long a node takes', () => {
  expect(forecast(graphOf([{ id: 'a' }]), {}, { now: 0, workers: 1 })).toBeUndefined();
});

test('estimates are in seconds, and what was observed replaces them', () => {
  const graph = graphOf([
    { id: 'a', estimate_s: 10 },
    { id: 'b', needs: ['a'], estimate_s: 20 },
    { id: 'c', estimate_s: 30 },
  ]);
  expect(forecast(graph, {}, { now: 0, workers: 2 })).toEqual({
    nodesLeft: 3,
    leastMs: 30_000,
    mostMs: 45_000,
    observed: 0,
  });
  // Twice as long as estimated; c is half done, and nobody waits for a any more.
  const nodes: RunNodes = {
    a: done(20_000),
    c: { status: 'claimed', attempt: 1, fence: 1, started_at: 0 },
  };
  expect(forecast(graph, nodes, { now: 30_000, workers: 2 })).toEqual({
    nodesLeft: 2,
    leastMs: 40_000,
    mostMs: 55_000,
    observed: 1,
  });
  expect(forecast(graph, { a: done(1), b: done(1), c: done(1) }, { now: 0, workers: 1 })).toMatchObject({
    nodesLeft: 0,
    leastMs: 0,
    mostMs: 0,
  });
});

test('what failed, and what cannot start after it, takes no time more', () => {
  const graph = graphOf([
    { id: 'a', estimate_s: 10 },
    { id: 'b', needs: ['a'], estimate_s: 20 },
    { id: 'c', estimate_s: 30 },
  ]);
  const nodes: RunNodes = { a: { status: 'failed', attempt: 1, fence: 1 } };
  const asked = { now: 0, workers: 1 };
  expect(forecast(graph, nodes, { ...asked, onFailure: 'continue' })).toMatchObject({ nodesLeft: 1, mostMs: 30_000 });
  expect(forecast(graph, nodes, { ...asked, onFailure: 'fail_fast' })).toMatchObject({ nodesLeft: 0, mostMs: 0 });
});

test('what commands took says nothing of what agents take', () => {
  const nodes = [
    { id: 'lint', kind: 'command' },
    { id: 'test', kind: 'command', needs: ['lint'] },
    { id: 'review', needs: ['test'] },
  ];
  const now = { now: 0, workers: 1 };
  expect(forecast(graphOf(nodes), { lint: done(100) }, now)).toBeUndefined();
  const [lint, tested, review] = nodes;
  const told = graphOf([lint, tested, { ...review, estimate_s: 600 }] as typeof nodes);
  expect(forecast(told, { lint: done(100) }, now)).toMatchObject({ leastMs: 600_100, observed: 1 });
});

test('list scheduling always ends between the two bounds', () => {
  const arbitrary = fc.array(
    fc.record({ estimate: fc.integer({ min: 1, max: 50 }), needs: fc.array(fc.nat(30), { maxLength: 4 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 5 }), (given, workers) => {
      const nodes = given.map(({ estimate, needs }, at) => ({
        id: `n${at}`,
        estimate_s: estimate,
        needs: [...new Set(needs.filter((need) => need < at))].map((need) => `n${need}`),
      }));
      const found = forecast(graphOf(nodes), {}, { now: 0, workers });
      const took = listScheduled(nodes, workers) * 1_000;
      expect(took).toBeGreaterThanOrEqual((found?.leastMs ?? 0) - 1e-6);
      expect(took).toBeLessThanOrEqual((found?.mostMs ?? 0) + 1e-6);
    }),
    { seed: 20260401, numRuns: 300 },
  );
});

/** Whoever is free takes the first node that is ready. */
function listScheduled(nodes: { id: string; estimate_s: number; needs: string[] }[], workers: number): number {
  const ends = new Map<string, number>();
  let running: { id: string; at: number }[] = [];
  let [now, waiting] = [0, [...nodes]];
  while (ends.size < nodes.length) {
    for (const node of waiting) {
      if (running.length === workers) break;
      if (node.needs.every((need) => (ends.get(need) ?? Number.POSITIVE_INFINITY) <= now)) {
        running.push({ id: node.id, at: now + node.estimate_s });
        waiting = waiting.filter((one) => one !== node);
      }
    }
    now = Math.min(...running.map(({ at }) => at));
    for (const { id, at } of running) if (at <= now) ends.set(id, at);
    running = running.filter(({ at }) => at > now);
  }
  return Math.max(...ends.values());
}
