// The order of ready nodes as they age: nothing starves, the frontier agrees, and a young run is as if nothing aged.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../../src/graph/prepare.ts';
import { Frontier } from '../../../src/graph/ready/frontier.ts';
import { AGE_MS, readyTime } from '../../../src/graph/ready/order.ts';
import { readyNodes } from '../../../src/graph/ready/ready.ts';
import type { RunNode } from '../../../src/graph/ready/run-node.ts';
import { graph, node, plainKinds } from '../random-graph.ts';

const BEGIN = 1_000_000_000_000;
const HOURS = 5 * 3_600_000;
const PRIORITIES = 5;

/** Nodes with a priority, each behind one that ended so long after the run's begin. */
const work = fc.array(
  fc.record({
    priority: fc.integer({ min: 1, max: PRIORITIES }),
    after: fc.integer({ min: 0, max: HOURS }),
    estimate_s: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 12 },
);
type Work = { priority: number; after: number; estimate_s: number };

function given(items: readonly Work[]) {
  const nodes = items.flatMap(({ priority, estimate_s }, i) => [
    node(`before${i}`),
    node(`n${i}`, [`before${i}`], { priority, estimate_s }),
  ]);
  const records: Record<string, RunNode> = {};
  for (const [i, { after }] of items.entries())
    records[`before${i}`] = { status: 'finished', attempt: 1, fence: 1, ended_at: BEGIN + after };
  return { prepared: prepare(graph(nodes), plainKinds), records };
}

const begun = { run: BEGIN, scope: BEGIN };
const orderOf = ({ prepared, records }: ReturnType<typeof given>, more = {}): string[] =>
  readyNodes(prepared, records, BEGIN + HOURS, more).candidates.map(({ id }) => id);

test('property: whatever became ready so much earlier goes first, whatever its priority', () => {
  fc.assert(
    fc.property(work, (items) => {
      const order = orderOf(given(items), { begun });
      const placeOf = (i: number): number => order.indexOf(`n${i}`);
      for (const [i, one] of items.entries())
        for (const [k, other] of items.entries())
          if (other.after - one.after >= PRIORITIES * AGE_MS) expect(placeOf(i)).toBeLessThan(placeOf(k));
    }),
  );
});

test('property: the frontier gives nodes in the same order', () => {
  fc.assert(
    fc.property(work, (items) => {
      const run = given(items);
      const frontier = new Frontier(run.prepared, run.records, begun);
      const order = items.map(() => {
        const id = frontier.next(BEGIN + HOURS)?.id ?? '';
        frontier.set(id, { status: 'finished', attempt: 1, fence: 1 });
        return id;
      });
      expect(order).toEqual(orderOf(run, { begun }));
    }),
  );
});

test('property: in a run younger than ten minutes nothing has aged', () => {
  fc.assert(
    fc.property(work, (items) => {
      const run = given(items.map((item) => ({ ...item, after: item.after % AGE_MS })));
      expect(orderOf(run, { begun })).toEqual(orderOf(run));
    }),
  );
});

test.each([
  ['all_done', 9],
  ['any_success', 2],
  ['n_of', 5],
])('a node with %s is ready once so many needs have ended', (trigger, at) => {
  const n = trigger === 'n_of' ? { n: 2 } : {};
  const needs = ['a', 'b', 'c'];
  const nodes = [...needs.map((id) => node(id)), node('d', needs, { trigger, ...n })];
  const ended = (ended_at: number): RunNode => ({ status: 'finished', attempt: 1, fence: 1, ended_at });
  const prepared = prepare(graph(nodes), plainKinds);
  expect(readyTime(prepared, { a: ended(9), b: ended(2), c: ended(5) }, 3, 0)).toBe(at);
});
