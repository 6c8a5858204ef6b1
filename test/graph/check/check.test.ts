// Checking graphs: every fault at once, cycles with their path, levels and the critical path, at any size.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { components, findCycles } from '../../../src/graph/check/cycles.ts';
import { canonicalGraph, type Graph } from '../../../src/graph/graph.ts';
import { nodeKinds } from '../../../src/graph/kinds/index.ts';
import { link, topologicalOrder } from '../../../src/graph/links.ts';
import { measure, redundantEdges, weights } from '../../../src/graph/plan/measure.ts';
import { counting } from '../../counting.ts';
import { chain, graph, isWay, layered, node, plainKinds, randomDag } from '../random-graph.ts';

function codes(input: Graph): string[] {
  return checkGraph(input, plainKinds).errors.map((fault) => `${fault.code} ${fault.at}`);
}

test.each<[string, Graph, string[]]>([
  ['a sound graph', graph([node('a'), node('b', ['a'])]), []],
  ['no nodes', graph([]), ['empty-graph /nodes']],
  ['no name', graph([node('a')], { name: ' ' }), ['bad-value /name']],
  ['two with one id', graph([node('a'), node('b'), node('a')]), ['duplicate-id /nodes/2/id']],
  ['an id in capitals', graph([node('Build')]), ['bad-id /nodes/0/id']],
  ['an id with a slash', graph([node('a/b')]), ['bad-id /nodes/0/id']],
  ['an id of 65', graph([node('a'.repeat(65))]), ['bad-id /nodes/0/id']],
  ['an id of 64', graph([node('a'.repeat(64))]), []],
  ['an id that objects answer to', graph([node('constructor')]), ['bad-id /nodes/0/id']],
  ['a missing need', graph([node('a', ['b'])]), ['missing-dependency /nodes/0/needs/0']],
  ['itself', graph([node('a', ['a'])]), ['self-dependency /nodes/0/needs/0']],
  ['a cycle of two', graph([node('a', ['b']), node('b', ['a'])]), ['cycle /nodes/0/needs']],
  [
    'two cycles and one behind',
    graph([node('a', ['b']), node('b', ['a']), node('c', ['d']), node('d', ['c', 'a']), node('e', ['d'])]),
    ['cycle /nodes/0/needs', 'cycle /nodes/2/needs', 'unreachable /nodes/4'],
  ],
  [
    'behind a missing one',
    graph([node('b', ['a']), node('a', ['x'])]),
    ['missing-dependency /nodes/1/needs/0', 'unreachable /nodes/0'],
  ],
  ['an unknown kind', graph([node('a', [], { kind: 'wrok' })]), ['unknown-kind /nodes/0/kind']],
  [
    'an unknown kind and half a priority',
    graph([node('a', [], { kind: 'wrok', priority: 2.5, strange: 1 })]),
    ['unknown-kind /nodes/0/kind', 'bad-value /nodes/0/priority'],
  ],
  ['a text for a time', graph([node('a', [], { timeouts: { run_s: 'long' } })]), ['bad-value /nodes/0/timeouts/run_s']],
  ['a priority of 0', graph([node('a', [], { priority: 0 })]), ['bad-value /nodes/0/priority']],
  ['half a priority', graph([node('a', [], { priority: 2.5 })]), ['bad-value /nodes/0/priority']],
  ['eleven tries', graph([node('a', [], { retry: { max_attempts: 11 } })]), ['bad-value /nodes/0/retry/max_attempts']],
  ['no time', graph([node('a', [], { timeouts: { run_s: 0 } })]), ['bad-value /nodes/0/timeouts/run_s']],
  ['not a number', graph([node('a', [], { estimate_s: Number.NaN })]), ['bad-value /nodes/0/estimate_s']],
  ['no parallel', graph([node('a')], { max_parallel: 0 }), ['bad-value /max_parallel']],
  ['auto', graph([node('a')], { max_parallel: 'auto' }), []],
  ['bad defaults', graph([node('a')], { defaults: { retry: { factor: 0 } } }), ['bad-value /defaults/retry/factor']],
])('%s', (_name, input, expected) => {
  expect(codes(input)).toEqual(expected);
});

test('every fault is reported at once, each with a hint', () => {
  const report = checkGraph(
    graph([node('Bad'), node('a', ['b', 'b', 'aa']), node('b', ['a', 'nope']), node('c', ['c'], { kind: 'x' })]),
    plainKinds,
  );
  expect(report.errors.map((fault) => fault.code)).toEqual([
    'bad-id',
    'unknown-kind',
    'missing-dependency',
    'missing-dependency',
    'self-dependency',
    'cycle',
  ]);
  expect(report.warnings.map((fault) => fault.code)).toEqual(['duplicate-need']);
  for (const fault of [...report.errors, ...report.warnings]) expect(fault.hint).not.toBe('');
});

test('a cycle is printed as a path, a missing name with its neighbours', () => {
  const [cycle] = checkGraph(graph([node('a', ['b']), node('b', ['c']), node('c', ['a'])]), plainKinds).errors;
  expect(cycle?.message).toContain('a → b → c → a');
  expect(cycle?.hint).toContain('removing "b" from the needs of "a"');
  const [missing] = checkGraph(graph([node('build-api'), node('test', ['biuld-api'])]), plainKinds).errors;
  expect(missing?.hint).toBe('did you mean build-api?');
});

test('what a kind does not know is a fault that names the owner or the nearest field', () => {
  const strange = { id: 'a', kind: 'agent', task: 'x', command: ['ls'], skils: [] };
  const { errors } = checkGraph(graph([strange]), nodeKinds);
  expect(errors.map((fault) => [fault.code, fault.at, fault.hint])).toEqual([
    ['unknown-field', '/nodes/0/command', 'it belongs to nodes of kind "command"; change the kind or remove it'],
    ['unknown-field', '/nodes/0/skils', 'did you mean skills?'],
  ]);
});

test('long lists are cut, and the count of what is missing is told', () => {
  const report = checkGraph(graph(Array.from({ length: 80 }, (_, i) => node(`n${i}`, ['none']))), plainKinds);
  expect(report).toMatchObject({ ok: false, cut: 30 });
  expect(report.errors).toHaveLength(50);
  const ring = chain(1000);
  ring[0] = node('n0', ['n999']);
  const [cycle] = checkGraph(graph(ring), plainKinds).errors;
  expect(cycle?.message.length).toBeLessThan(300);
});

test('measures of a diamond', () => {
  const diamond = [
    node('a', [], { estimate_s: 10 }),
    node('b', ['a'], { estimate_s: 30 }),
    node('c', ['a'], { estimate_s: 5 }),
    node('d', ['b', 'c', 'a'], { estimate_s: 15 }),
  ];
  const report = checkGraph(graph(diamond), plainKinds);
  expect(report).toMatchObject({ ok: true, nodes: 4, edges: 5, levels: 3, widest: 2, critical_path: ['a', 'b', 'd'] });
  expect(report.parallel_share).toBeCloseTo(1 - 55 / 60, 3);
  expect(report.warnings).toMatchObject([{ code: 'redundant-needs', at: '/nodes/3/needs' }]);
  expect(report.warnings[0]?.message).toContain('d → a');
});

test('nodes without an estimate count as the mean of the others', () => {
  expect([...weights([{ estimate_s: 2 }, {}, { estimate_s: 4 }])]).toEqual([2, 3, 4]);
  expect([...weights([{}, {}])]).toEqual([1, 1]);
});

test('the size is limited, and neither length nor width overflows', () => {
  expect(codes(graph(Array.from({ length: 20_001 }, (_, i) => node(`n${i}`))))).toEqual(['too-many-nodes /nodes']);
  const report = checkGraph(graph(chain(20_000)), plainKinds);
  expect(report).toMatchObject({ ok: true, levels: 20_000, widest: 1, parallel_share: 0 });
  const long = chain(100_000);
  const links = link(long);
  const order = topologicalOrder(links);
  expect(measure(links, weights(long), order).criticalPath).toHaveLength(100_000);
  long[0] = node('n0', ['n99999']);
  const ring = link(long);
  expect(topologicalOrder(ring)).toHaveLength(0);
  expect(findCycles(ring).map((cycle) => cycle.length)).toEqual([100_000]);
});

test('10,000 nodes take twice the work of 5,000', () => {
  const work = (levels: number): number => {
    const input = counting(graph(layered(levels, 100, 3)));
    expect(checkGraph(input.value, plainKinds)).toMatchObject({ ok: true, levels, widest: 100 });
    return input.reads();
  };
  expect(work(100) / work(50)).toBeLessThan(2.2);
});

test('property: levels, order and critical path of random graphs', () => {
  const estimates = fc.record({ estimate_s: fc.integer({ min: 0, max: 20 }) });
  fc.assert(
    fc.property(randomDag(14, estimates), ({ nodes }) => {
      const links = link(nodes);
      const order = [...topologicalOrder(links)];
      expect(new Set(order).size).toBe(nodes.length);
      const found = measure(links, weights(nodes), Int32Array.from(order));
      const place = new Map(order.map((n, i) => [n, i]));
      const longest = (i: number): number => {
        const own = nodes[i]?.estimate_s ?? 0;
        const after = nodes.flatMap((n, j) => (n.needs?.includes(nodes[i]?.id ?? '') ? [longest(j)] : []));
        return own + Math.max(0, ...after);
      };
      for (const [i, n] of nodes.entries()) {
        const needs = (n.needs ?? []).map((id) => links.index.get(id) ?? -1);
        for (const need of needs) expect(place.get(need)).toBeLessThan(place.get(i) ?? 0);
        expect(found.level[i]).toBe(
          needs.length === 0 ? 0 : 1 + Math.max(...needs.map((need) => found.level[need] ?? 0)),
        );
        expect(found.toEnd[i]).toBe(longest(i));
      }
      const path = found.criticalPath.map((i) => nodes[i]?.id ?? '');
      expect(isWay(nodes, path.toReversed())).toBe(true);
      expect(found.critical).toBe(Math.max(...nodes.map((_, i) => longest(i))));
      expect(found.criticalPath.reduce((sum, i) => sum + (nodes[i]?.estimate_s ?? 0), 0)).toBe(found.critical);
    }),
  );
});

test('property: an edge is redundant if and only if its ends stay connected without it', () => {
  fc.assert(
    fc.property(randomDag(40), ({ nodes }) => {
      const links = link(nodes);
      const byId = new Map(nodes.map((n) => [n.id, n]));
      const reaches = (from: string, to: string): boolean =>
        from === to || (byId.get(from)?.needs ?? []).some((need) => reaches(need, to));
      const expected = nodes.flatMap((n) =>
        (n.needs ?? [])
          .filter((need) => (n.needs ?? []).some((other) => other !== need && reaches(other, need)))
          .map((need) => `${n.id} ${need}`),
      );
      const found = redundantEdges(links, topologicalOrder(links));
      expect(found.map(([n, need]) => `${links.ids[n]} ${links.ids[need]}`).sort()).toEqual(expected.sort());
    }),
    { numRuns: 60 },
  );
});

test('property: every cycle is found, as a real cycle, and nothing else is blamed', () => {
  const needs = fc.array(fc.array(fc.nat(11), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(needs, (lists) => {
      const nodes = lists.map((list, i) => node(`n${i}`, [...new Set(list.map((n) => `n${n % lists.length}`))]));
      const links = link(nodes);
      const reach = nodes.map(() => new Set<number>());
      for (let round = 0; round < nodes.length; round++) {
        for (const [i, n] of nodes.entries()) {
          for (const id of n.needs ?? []) {
            const need = Number(id.slice(1));
            if (need !== i) for (const j of [need, ...(reach[need] ?? [])]) reach[i]?.add(j);
          }
        }
      }
      const cyclic = nodes.flatMap((_, i) => (reach[i]?.has(i) ? [i] : []));
      const group = components(links);
      const cycles = findCycles(links);
      expect(cycles.length).toBe(new Set(cyclic.map((i) => group[i])).size);
      for (const cycle of cycles) {
        const names = cycle.map((i) => `n${i}`);
        expect(isWay(nodes, [...names, names[0] ?? ''])).toBe(true);
        expect(new Set(cycle).size).toBe(cycle.length);
      }
      const blamed = cyclic.length > 0 || nodes.some((n) => n.needs?.includes(n.id));
      expect(checkGraph(graph(nodes), plainKinds).ok).toBe(!blamed);
    }),
    { numRuns: 300 },
  );
});

test('property: the canonical text depends on content alone', () => {
  fc.assert(
    fc.property(randomDag(), (input) => {
      const turned = JSON.parse(JSON.stringify(input), (_key, value: unknown) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).reverse())
          : value,
      ) as Graph;
      expect(canonicalGraph(turned)).toBe(canonicalGraph(input));
      expect(JSON.parse(canonicalGraph(input))).toEqual(input);
    }),
  );
  expect(canonicalGraph(graph([node('a')]))).not.toBe(canonicalGraph(graph([node('a', [], { priority: 3 })])));
});
