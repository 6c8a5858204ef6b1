// What a graph may cost, by the estimates of its nodes. Called by check.ts.

import type { Graph, Kinds } from '../graph.ts';

/** A type, not an interface: answers are open-ended objects. */
export type Costs = {
  tokens: number;
  cost_usd: number;
  /** Agent nodes without an estimate: what they cost comes on top. */
  unknown: number;
};

/** The sum of all estimates, a map's for each item of a literal list; undefined if no node has one. */
export function costs({ nodes }: Graph, kinds: Kinds): Costs | undefined {
  if (!nodes.some(({ estimate }) => estimate !== undefined)) return undefined;
  const sum: Costs = { tokens: 0, cost_usd: 0, unknown: 0 };
  for (const { kind, estimate, map } of nodes) {
    const items = Array.isArray(map?.over) ? map.over.length : 1;
    sum.tokens += (estimate?.tokens ?? 0) * items;
    sum.cost_usd += (estimate?.cost_usd ?? 0) * items;
    if (estimate === undefined && kinds.get(kind)?.performer === 'agent') sum.unknown += 1;
  }
  return { ...sum, cost_usd: Math.round(sum.cost_usd * 1_000_000) / 1_000_000 };
}
