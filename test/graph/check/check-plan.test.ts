// Plans that are sound and cannot go as they say; what a graph may cost; the graphs that nodes name; DOT.

import { expect, test } from 'vitest';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { checkInner, type SavedGraphs } from '../../../src/graph/check/check-inner.ts';
import { type AnyGraph, type AnyNode, nodeKinds } from '../../../src/graph/kinds/index.ts';
import { dot } from '../../../src/graph/plan/dot.ts';

function work(id: string, needs: string[] = [], more: object = {}): AnyNode {
  return { id, kind: 'agent', task: `do ${id}`, needs, ...more };
}

function approval(id: string, needs: string[], more: object = {}): AnyNode {
  return { id, kind: 'approval', ask: 'Good?', needs, ...more };
}

const codes = (nodes: AnyNode[]) =>
  checkGraph({ name: 'x', nodes }, nodeKinds).warnings.map(({ code, at }) => [code, at]);

test.each<[string, AnyNode[], [string, string][]]>([
  [
    'a try that ends before its estimate',
    [work('a', [], { estimate_s: 90, timeouts: { run_s: 60 } })],
    [['deadline-impossible', '/nodes/0/timeouts/run_s']],
  ],
  ['a try with time enough', [work('a', [], { estimate_s: 60, timeouts: { run_s: 60 } })], []],
  [
    'an approval by the author alone',
    [work('a', [], { agent: 'ann' }), approval('b', ['a'], { who: ['ann'] })],
    [['approval-unanswerable', '/nodes/1/who']],
  ],
  ['an approval by another', [work('a', [], { agent: 'ann' }), approval('b', ['a'], { who: ['ann', 'bob'] })], []],
  ['an approval by a person', [work('a', [], { agent: 'ann' }), approval('b', ['a'], { who: ['person'] })], []],
])('%s', (_, nodes, warnings) => {
  expect(codes(nodes)).toEqual(warnings);
});

test('little that can run side by side is told of large graphs alone', () => {
  const chain = (length: number) => Array.from({ length }, (_, i) => work(`n${i}`, i === 0 ? [] : [`n${i - 1}`]));
  expect(codes(chain(7))).toEqual([]);
  expect(codes(chain(8))).toEqual([['little-parallel', '/nodes']]);
  expect(codes(Array.from({ length: 8 }, (_, i) => work(`n${i}`)))).toEqual([]);
});

test('speed-up, and what the nodes may cost, those of a literal map for each item', () => {
  const estimate = { tokens: 1_000, cost_usd: 0.1 };
  const nodes = [work('a', [], { estimate }), work('b', [], { estimate, map: { over: [1, 2] } }), work('c')];
  const { speed_up, forecast } = checkGraph({ name: 'x', nodes }, nodeKinds);
  expect({ speed_up, forecast }).toEqual({ speed_up: 3, forecast: { tokens: 3_000, cost_usd: 0.3, unknown: 1 } });
  expect(checkGraph({ name: 'x', nodes: [work('a')] }, nodeKinds).forecast).toBeUndefined();
});

function saved(graphs: Record<string, AnyNode[]>): SavedGraphs {
  return {
    names: () => Object.keys(graphs),
    find: (named) => {
      const nodes = graphs[named];
      return nodes === undefined ? undefined : { hash: `hash of ${named}`, graph: { name: named, nodes } };
    },
  };
}
const sub = (id: string, graph: string): AnyNode => ({ id, kind: 'graph', graph });
const calling = (graph: string): AnyGraph => ({ name: 'outer', nodes: [work('w'), sub('s', graph)] });

test('a graph that is not saved, one inside itself and one too deep are faults, at any depth', () => {
  const deep = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`d${i}`, [sub('x', `d${i + 1}`)]]));
  const graphs = saved({ deploy: [work('a')], loop: [sub('x', 'back')], back: [sub('x', 'loop')], ...deep, d6: [] });
  expect(checkInner(calling('deploy'), graphs)).toEqual([]);
  expect(checkInner(calling('d2'), graphs)).toEqual([]);
  expect(checkInner(calling('deplyo'), graphs)).toMatchObject([
    { code: 'unknown-graph', at: '/nodes/1/graph', hint: 'did you mean deploy?' },
  ]);
  expect(checkInner(calling('loop'), graphs)).toMatchObject([
    { code: 'graph-cycle', message: 'a graph would run inside itself: loop → back → loop' },
  ]);
  expect(checkInner(calling('d0'), graphs)).toMatchObject([{ code: 'graph-too-deep' }]);
});

test('DOT quotes every id and title', () => {
  const nodes = [work('a', [], { title: 'say "hi" \\N ->' }), work('node', ['a'])];
  expect(dot({ nodes }, nodeKinds)).toBe(
    'digraph {\n  "a" [label="say \\"hi\\" \\\\N ->", shape=oval]\n  "node" [label="node", shape=oval]\n' +
      '  "a" -> "node"\n}\n',
  );
});

test('a chain of 5,000 and 20,000 nodes side by side are checked in time, with all that is told of them', () => {
  const deep = Array.from({ length: 5_000 }, (_, i) => work(`n${i}`, i === 0 ? [] : [`n${i - 1}`]));
  const wide = Array.from({ length: 20_000 }, (_, i) => work(`n${i}`, i < 10 ? [] : [`n${i % 10}`]));
  expect(checkGraph({ name: 'x', nodes: deep }, nodeKinds)).toMatchObject({ ok: true, levels: 5_000, speed_up: 1 });
  expect(checkGraph({ name: 'x', nodes: wide }, nodeKinds)).toMatchObject({ ok: true, levels: 2, speed_up: 10_000 });
});
