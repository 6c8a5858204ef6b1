// Random and regular graphs for the tests of src/graph: one generator, so that all properties see the same shapes.

import fc from 'fast-check';
import type { Effect, Graph, GraphNode, Kinds } from '../../src/graph/graph.ts';

/** One kind without rules of its own, so that these tests see graph rules alone. */
export const plainKinds: Kinds = new Map([
  [
    'work',
    { kind: 'work', performer: 'agent' as const, defaultEffect: 'idempotent' as const, fields: {}, check: () => [] },
  ],
]);

export function node(id: string, needs: string[] = [], more: object = {}): GraphNode {
  return { id, kind: 'work', needs, ...more };
}

export function graph(nodes: GraphNode[], more: Partial<Graph> = {}): Graph {
  return { name: 'test', nodes, ...more };
}

/** Nodes of which each needs the one before. */
export function chain(length: number): GraphNode[] {
  return Array.from({ length }, (_, i) => node(`n${i}`, i === 0 ? [] : [`n${i - 1}`]));
}

/** Layers of equal width; every node needs `fan` nodes of the layer before. */
export function layered(layers: number, width: number, fan: number): GraphNode[] {
  const nodes: GraphNode[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let i = 0; i < width; i++) {
      const needs = layer === 0 ? [] : Array.from({ length: fan }, (_, k) => `n${layer - 1}-${(i + k * 7) % width}`);
      nodes.push(node(`n${layer}-${i}`, [...new Set(needs)]));
    }
  }
  return nodes;
}

/**
 * A graph without cycles: node i may need any node that comes before it in a hidden order; the definition is shuffled.
 */
export function randomDag(
  maxNodes = 14,
  extra: fc.Arbitrary<Partial<GraphNode>> = fc.constant({}),
): fc.Arbitrary<Graph> {
  return fc
    .integer({ min: 1, max: maxNodes })
    .chain((count) =>
      fc.tuple(
        fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: count, maxLength: count }),
        fc.array(extra, { minLength: count, maxLength: count }),
        fc.shuffledSubarray(
          Array.from({ length: count }, (_, i) => i),
          { minLength: count, maxLength: count },
        ),
      ),
    )
    .map(([picks, extras, shuffle]) => {
      const nodes = picks.map((pick, i) => {
        const needs = i === 0 ? [] : [...new Set(pick.map((p) => `n${p % i}`))];
        return node(`n${i}`, needs, extras[i] ?? {});
      });
      return graph(shuffle.flatMap((i) => nodes[i] ?? []));
    });
}

export const effects: fc.Arbitrary<Effect> = fc.constantFrom('pure', 'idempotent', 'once');

/** Whether every step of `ids` names the next as its need. */
export function isWay(nodes: readonly GraphNode[], ids: readonly string[]): boolean {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  return ids.every((id, i) => i + 1 === ids.length || byId.get(id)?.needs?.includes(ids[i + 1] ?? ''));
}
