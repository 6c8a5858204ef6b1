// What may start: tables and random runs against brute force, and whole runs that must end.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Graph } from '../../../src/graph/graph.ts';
import { type PreparedGraph, prepare } from '../../../src/graph/prepare.ts';
import { Frontier } from '../../../src/graph/ready/frontier.ts';
import { placeOf } from '../../../src/graph/ready/order.ts';
import { countNodes, runOutcome } from '../../../src/graph/ready/outcome.ts';
import { MAX_LOST_CLAIMS } from '../../../src/graph/ready/readiness.ts';
import { claimable, type Limits, newlyReady, readyNodes } from '../../../src/graph/ready/ready.ts';
import { retryDelayMs, retryPolicy } from '../../../src/graph/ready/retry.ts';
import type { RunNode, RunNodes } from '../../../src/graph/ready/run-node.ts';
import { chain, effects, graph, node, plainKinds, randomDag } from '../random-graph.ts';

const NOW = 1_000_000;

function at(status: RunNode['status'], more: Partial<RunNode> = {}): RunNode {
  return { status, attempt: 1, fence: 1, ...more };
}

const diamond = graph([node('a'), node('b', ['a']), node('c', ['a']), node('d', ['b', 'c'])]);
const once = graph([node('a', [], { effect: 'once' }), node('b', ['a'])]);
const live = at('claimed', { lease_until: NOW + 500 });
const ended = at('claimed', { lease_until: NOW });

interface Row {
  graph?: Graph;
  nodes: RunNodes;
  limits?: Limits;
  ready?: string[];
  none?: object;
  toDecide?: string[];
  outcome: string;
}

test.each<[string, Row]>([
  ['a fresh run', { nodes: {}, ready: ['a first 1 1'], outcome: 'running' }],
  ['a live claim', { nodes: { a: live }, none: { why: 'all_claimed', until: NOW + 500 }, outcome: 'running' }],
  ['an ended claim, repeatable', { nodes: { a: ended }, ready: ['a expired 1 2'], outcome: 'running' }],
  [
    'an ended claim, once',
    { graph: once, nodes: { a: ended }, toDecide: ['a'], none: { why: 'all_blocked' }, outcome: 'running' },
  ],
  [
    'lost too often',
    {
      nodes: { a: { ...ended, fence: 1 + MAX_LOST_CLAIMS } },
      toDecide: ['a'],
      none: { why: 'all_blocked' },
      outcome: 'running',
    },
  ],
  [
    'seen since',
    {
      nodes: { a: { ...ended, agent: 'x' } },
      limits: { lastSeen: () => NOW - 1 },
      none: { why: 'all_claimed', until: NOW - 1 + 600_000 },
      outcome: 'running',
    },
  ],
  ['one done', { nodes: { a: at('finished') }, ready: ['b first 1 1', 'c first 1 1'], outcome: 'running' }],
  [
    'one slot',
    {
      nodes: { a: at('finished'), b: live },
      limits: { maxParallel: 1 },
      none: { why: 'all_claimed', until: NOW + 500 },
      outcome: 'running',
    },
  ],
  ['skipped lets go on', { nodes: { a: at('skipped') }, ready: ['b first 1 1', 'c first 1 1'], outcome: 'running' }],
  ['retry is due', { nodes: { a: at('retrying', { not_before: NOW }) }, ready: ['a retry 2 2'], outcome: 'running' }],
  [
    'retry is not due',
    {
      nodes: { a: at('retrying', { not_before: NOW + 9 }) },
      none: { why: 'waiting_retry', until: NOW + 9 },
      outcome: 'running',
    },
  ],
  [
    'failed, fail fast',
    { nodes: { a: at('finished'), b: at('failed') }, none: { why: 'finished' }, outcome: 'failed' },
  ],
  [
    'failed, others run',
    {
      nodes: { a: at('finished'), b: at('failed'), c: live },
      none: { why: 'all_claimed', until: NOW + 500 },
      outcome: 'running',
    },
  ],
  [
    'failed, others lost',
    {
      nodes: { a: at('finished'), b: at('failed'), c: ended },
      toDecide: ['c'],
      none: { why: 'all_blocked' },
      outcome: 'running',
    },
  ],
  [
    'failed, continue',
    {
      nodes: { a: at('finished'), b: at('failed') },
      limits: { onFailure: 'continue' },
      ready: ['c first 1 1'],
      outcome: 'running',
    },
  ],
  [
    'failed, all else done',
    {
      nodes: { a: at('finished'), b: at('failed'), c: at('finished') },
      limits: { onFailure: 'continue' },
      none: { why: 'finished' },
      outcome: 'failed',
    },
  ],
  ['cancelled blocks what is behind', { nodes: { a: at('cancelled') }, none: { why: 'finished' }, outcome: 'failed' }],
  ['a decision is wanted', { nodes: { a: at('needs_decision') }, none: { why: 'all_blocked' }, outcome: 'stuck' }],
  [
    'a decision is wanted elsewhere',
    { nodes: { a: at('finished'), b: at('needs_decision') }, ready: ['c first 1 1'], outcome: 'running' },
  ],
  [
    'all done',
    {
      nodes: { a: at('finished'), b: at('skipped'), c: at('finished'), d: at('finished') },
      none: { why: 'finished' },
      outcome: 'finished',
    },
  ],
])('%s', (_name, row) => {
  const prepared = prepare(row.graph ?? diamond, plainKinds);
  const answer = readyNodes(prepared, row.nodes, NOW, row.limits);
  expect(answer.candidates.map((c) => `${c.id} ${c.why} ${c.attempt} ${c.fence}`)).toEqual(row.ready ?? []);
  expect(answer.none).toEqual(row.none);
  expect(answer.to_decide).toEqual(row.toDecide ?? []);
  const { onFailure = 'fail_fast' } = row.limits ?? {};
  expect(runOutcome(prepared, row.nodes, { onFailure })).toBe(row.outcome);
  expect(runOutcome(prepared, row.nodes, { onFailure, counters: countNodes(row.nodes) })).toBe(row.outcome);
});

test('order: priority, then the longer way to the end, then the definition', () => {
  const nodes = [
    node('late', [], { priority: 4 }),
    node('short'),
    node('long'),
    node('next', ['long']),
    node('urgent', [], { priority: 1 }),
  ];
  const { candidates } = readyNodes(prepare(graph(nodes), plainKinds), {}, NOW);
  expect(candidates.map((c) => c.id)).toEqual(['urgent', 'long', 'short', 'late']);
});

test('prepare refuses what no run may use', () => {
  expect(() => prepare(graph([node('a', ['b']), node('b', ['a'])]), plainKinds)).toThrow('unchecked');
});

test('limits come from the definition unless given', () => {
  const prepared = prepare(graph([node('a'), node('b')], { max_parallel: 1, on_failure: 'continue' }), plainKinds);
  expect(readyNodes(prepared, { a: live }, NOW).candidates).toEqual([]);
  expect(readyNodes(prepared, { a: live }, NOW, { maxParallel: 2 }).candidates).toHaveLength(1);
  expect(readyNodes(prepared, { a: at('failed') }, NOW).candidates).toHaveLength(1);
  expect(runOutcome(prepared, { a: at('failed') })).toBe('running');
});

test('a retry waits longer each time, up to its limit, and ends', () => {
  const policy = retryPolicy(
    { defaults: { retry: { max_attempts: 5, max_backoff_s: 5 } } },
    { retry: { backoff_s: 2 } },
  );
  expect([1, 2, 3, 4, 5].map((attempt) => retryDelayMs(policy, attempt))).toEqual([2000, 4000, 5000, 5000, undefined]);
  expect(retryDelayMs(policy, 1, 0.25)).toBe(500);
  expect(retryDelayMs(retryPolicy({}, {}), 1)).toBeUndefined();
});

test('a chain of 20,000 becomes ready one by one', () => {
  const prepared = prepare(graph(chain(20_000)), plainKinds);
  const nodes: Record<string, RunNode> = {};
  for (let i = 0; i < 20_000; i++) {
    nodes[`n${i}`] = at('finished');
    expect(newlyReady(prepared, nodes, `n${i}`)).toEqual(i < 19_999 ? [`n${i + 1}`] : []);
  }
  expect(runOutcome(prepared, nodes)).toBe('finished');
});

const statuses = fc.constantFrom<RunNode['status'] | 'waiting'>(
  ...(['waiting', 'waiting', 'claimed', 'retrying', 'finished', 'finished', 'finished', 'failed'] as const),
  ...(['skipped', 'needs_decision', 'cancelled'] as const),
);
const anyNode = fc.record({
  status: statuses,
  offset: fc.integer({ min: -2, max: 2 }),
  lost: fc.constantFrom(0, 1, MAX_LOST_CLAIMS),
});

/** A random run: whatever is not waiting needs nothing of its neighbours, so impossible documents are covered too. */
function randomRun(input: Graph, picks: { status: RunNode['status'] | 'waiting'; offset: number; lost: number }[]) {
  const nodes: Record<string, RunNode> = {};
  for (const [i, { id }] of input.nodes.entries()) {
    const pick = picks[i % picks.length];
    if (!pick || pick.status === 'waiting') continue;
    nodes[id] = { status: pick.status, attempt: 1, fence: 1 + pick.lost };
    if (pick.status === 'claimed') Object.assign(nodes[id], { lease_until: NOW + pick.offset });
    if (pick.status === 'retrying') Object.assign(nodes[id], { not_before: NOW + pick.offset });
  }
  return nodes;
}

/** The rules once more, as plainly as they can be said. */
function bruteReady(input: Graph, nodes: RunNodes, onFailure: string): string[] {
  if (onFailure === 'fail_fast' && Object.values(nodes).some((n) => n.status === 'failed')) return [];
  return input.nodes
    .filter(({ id, needs = [], effect }) => {
      const own = nodes[id];
      if (!own) return needs.every((need) => ['finished', 'skipped'].includes(nodes[need]?.status ?? ''));
      if (own.status === 'retrying') return (own.not_before ?? 0) <= NOW;
      const over = own.status === 'claimed' && (own.lease_until ?? 0) <= NOW;
      return over && effect !== 'once' && own.fence - own.attempt < MAX_LOST_CLAIMS;
    })
    .map(({ id }) => id);
}

const anyRun = fc.tuple(
  randomDag(14, fc.record({ effect: effects, priority: fc.integer({ min: 1, max: 5 }) })),
  fc.array(anyNode, { minLength: 14, maxLength: 14 }),
  fc.constantFrom<'fail_fast' | 'continue'>('fail_fast', 'continue'),
);

test('property: the ready set is what the rules say, however it is asked for', () => {
  fc.assert(
    fc.property(anyRun, ([input, picks, onFailure]) => {
      const prepared = prepare(input, plainKinds);
      const nodes = randomRun(input, picks);
      const answer = readyNodes(prepared, nodes, NOW, { onFailure });
      const ids = answer.candidates.map((c) => c.id);
      expect(ids.toSorted()).toEqual(bruteReady(input, nodes, onFailure).toSorted());
      const places = ids.map((id) => placeOf(prepared, nodes, prepared.index.get(id) ?? 0, undefined));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(answer.none === undefined).toBe(ids.length > 0);
      const single = input.nodes.filter(({ id }) => claimable(prepared, nodes, id, NOW)).map(({ id }) => id);
      expect(single.toSorted()).toEqual(bruteReady(input, nodes, 'continue').toSorted());
      expect(new Frontier(prepared, nodes).next(NOW, { onFailure })).toEqual(answer.candidates[0]);
    }),
    { numRuns: 500 },
  );
});

test('property: newlyReady is the difference that a finished node makes', () => {
  fc.assert(
    fc.property(anyRun, fc.nat(), ([input, picks], which) => {
      const prepared = prepare(input, plainKinds);
      const nodes = randomRun(input, picks);
      const id = input.nodes[which % input.nodes.length]?.id ?? '';
      delete nodes[id];
      const fresh = (run: RunNodes) =>
        readyNodes(prepared, run, NOW, { onFailure: 'continue' })
          .candidates.filter((c) => c.why === 'first')
          .map((c) => c.id);
      const before = new Set(fresh({ ...nodes, [id]: at('claimed', { lease_until: NOW + 1 }) }));
      const after = { ...nodes, [id]: at('finished') };
      expect(newlyReady(prepared, after, id).toSorted()).toEqual(
        fresh(after)
          .filter((n) => !before.has(n))
          .toSorted(),
      );
    }),
  );
});

/**
 * Plays a run with random events until nothing happens any more; the frontier is asked beside `readyNodes` throughout.
 */
function simulate(input: Graph, prepared: PreparedGraph, limits: Limits, roll: (below: number) => number) {
  const nodes: Record<string, RunNode> = {};
  const frontier = new Frontier(prepared);
  const starts = new Map<string, number>();
  let now = NOW;
  const put = (id: string, value: RunNode) => {
    nodes[id] = value;
    frontier.set(id, value);
  };
  for (let step = 0; step < 100_000; step++) {
    const answer = readyNodes(prepared, nodes, now, limits);
    expect(frontier.next(now, limits)).toEqual(answer.candidates[0]);
    for (const id of answer.to_decide) put(id, { ...(nodes[id] ?? at('claimed')), status: 'needs_decision' });
    if (answer.to_decide.length > 0) continue;
    const claimed = Object.entries(nodes).filter(([, n]) => n.status === 'claimed' && (n.lease_until ?? 0) > now);
    expect(claimed.length).toBeLessThanOrEqual(limits.maxParallel ?? Number.POSITIVE_INFINITY);
    const pick = answer.candidates[roll(Math.max(1, answer.candidates.length))];
    if (pick && roll(2) === 0) {
      const own = input.nodes.find(({ id }) => id === pick.id);
      for (const need of own?.needs ?? []) expect(['finished', 'skipped']).toContain(nodes[need]?.status);
      if (own?.effect === 'once') expect(pick.why).not.toBe('expired');
      expect(pick.fence).toBeGreaterThan(nodes[pick.id]?.fence ?? 0);
      put(pick.id, { status: 'claimed', attempt: pick.attempt, fence: pick.fence, lease_until: now + 1 + roll(30) });
      starts.set(pick.id, (starts.get(pick.id) ?? 0) + 1);
      continue;
    }
    const [report] = claimed.slice(roll(Math.max(1, claimed.length)));
    if (report && roll(3) > 0) {
      const [id, own] = report;
      const policy = prepared.retry[prepared.index.get(id) ?? 0] ?? retryPolicy({}, {});
      const delay = retryDelayMs(policy, own.attempt);
      if (roll(4) > 0) put(id, { ...own, status: 'finished' });
      else if (delay === undefined) put(id, { ...own, status: 'failed' });
      else put(id, { ...own, status: 'retrying', not_before: now + delay });
      continue;
    }
    if (answer.candidates.length === 0 && answer.none?.until === undefined) {
      const undecided = Object.entries(nodes).find(([, n]) => n.status === 'needs_decision');
      if (runOutcome(prepared, nodes, limits) !== 'stuck' || !undecided)
        return { nodes, starts, why: answer.none?.why };
      put(undecided[0], { ...undecided[1], status: roll(2) === 0 ? 'skipped' : 'retrying' });
      continue;
    }
    now = Math.max(now + 1, answer.candidates.length > 0 ? now + roll(10) : (answer.none?.until ?? now));
  }
  throw new Error('the run did not end');
}

test('property: every run ends, starts nothing too early, and repeats only what may be repeated', () => {
  const extra = fc.record({ effect: effects, retry: fc.record({ max_attempts: fc.integer({ min: 1, max: 3 }) }) });
  const policy = fc.constantFrom<'fail_fast' | 'continue'>('fail_fast', 'continue');
  fc.assert(
    fc.property(
      randomDag(12, extra),
      policy,
      fc.integer({ min: 1, max: 4 }),
      fc.nat(),
      (input, onFailure, most, seed) => {
        let state = seed + 1;
        const roll = (below: number) => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return Math.floor((state / 2 ** 32) * below);
        };
        const prepared = prepare(input, plainKinds);
        const { nodes, why } = simulate(input, prepared, { onFailure, maxParallel: most }, roll);
        const outcome = runOutcome(prepared, nodes, { onFailure });
        expect(why).toBe('finished');
        expect(['finished', 'failed']).toContain(outcome);
        const all = Object.values(nodes);
        if (outcome === 'finished') expect(all).toHaveLength(input.nodes.length);
        else expect(all.some((n) => n.status === 'failed')).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test('without failures everything finishes exactly once', () => {
  fc.assert(
    fc.property(randomDag(14), (input) => {
      const prepared = prepare(input, plainKinds);
      const frontier = new Frontier(prepared);
      let count = 0;
      for (let next = frontier.next(NOW); next; next = frontier.next(NOW)) {
        frontier.set(next.id, { status: 'claimed', attempt: 1, fence: 1 });
        frontier.set(next.id, at('finished'));
        count++;
      }
      expect(count).toBe(input.nodes.length);
    }),
  );
});

test('the frontier passes over what does not suit the asker, and keeps it', () => {
  const frontier = new Frontier(prepare(diamond, plainKinds), { a: at('finished') });
  expect(frontier.next(NOW, {}, (id) => id === 'c')?.id).toBe('c');
  expect(frontier.next(NOW)?.id).toBe('b');
  expect(frontier.next(NOW, {}, () => false)).toBeUndefined();
  expect(frontier.next(NOW)?.id).toBe('b');
});
