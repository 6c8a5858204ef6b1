// Measures a graph: levels, critical path, redundant edges. Called by check.ts, prepare.ts and domain/plan with a graph
// without cycles.

import type { GraphNode } from '../graph.ts';
import type { Links } from '../links.ts';

export interface Measures {
  /**
   * Per node: the most nodes on a path before it. For display only: nodes are scheduled by their needs, not by level.
   */
  level: Int32Array;
  levels: number;
  /** The most nodes on one level. */
  widest: number;
  /** Per node: the weight of the heaviest path from it to an end, its own included. */
  toEnd: Float64Array;
  /** Positions on the heaviest path; among equal ones that through the lowest positions. */
  criticalPath: number[];
  /** The weight of the critical path, and of all nodes. */
  critical: number;
  total: number;
}

/** The weight of each node: its `estimate_s`, else the mean of the given ones, or 1 if none is given. */
export function weights(nodes: readonly Pick<GraphNode, 'estimate_s'>[]): Float64Array {
  let sum = 0;
  let given = 0;
  for (const node of nodes) {
    if (node.estimate_s === undefined) continue;
    sum += node.estimate_s;
    given++;
  }
  const usual = given === 0 ? 1 : sum / given;
  return Float64Array.from(nodes, (node) => node.estimate_s ?? usual);
}

/** The measures of a graph, in O(nodes + edges). Contract: `order` is the topological order of all nodes. */
export function measure(links: Links, weight: Float64Array, order: Int32Array): Measures {
  const { start, to } = links.dependents;
  const level = new Int32Array(order.length);
  const toEnd = new Float64Array(order.length);
  const width: number[] = [];
  for (const node of order) {
    const own = level[node] ?? 0;
    width[own] = (width[own] ?? 0) + 1;
    const end = start[node + 1] ?? 0;
    for (let e = start[node] ?? 0; e < end; e++) {
      const dependent = to[e] ?? 0;
      if ((level[dependent] ?? 0) <= own) level[dependent] = own + 1;
    }
  }
  let first = -1;
  let total = 0;
  for (let k = order.length - 1; k >= 0; k--) {
    const node = order[k] ?? 0;
    const next = heaviest(links, toEnd, node);
    toEnd[node] = (weight[node] ?? 0) + (next === -1 ? 0 : (toEnd[next] ?? 0));
    total += weight[node] ?? 0;
  }
  for (let i = 0; i < toEnd.length; i++) if (first === -1 || (toEnd[i] ?? 0) > (toEnd[first] ?? 0)) first = i;
  const criticalPath: number[] = [];
  for (let node = first; node !== -1; node = heaviest(links, toEnd, node)) criticalPath.push(node);
  let widest = 0;
  for (const nodes of width) widest = Math.max(widest, nodes);
  return { level, levels: width.length, widest, toEnd, criticalPath, critical: toEnd[first] ?? 0, total };
}

/** The dependent with the heaviest path to an end; -1 if there is none. */
function heaviest(links: Links, toEnd: Float64Array, node: number): number {
  const { start, to } = links.dependents;
  const end = start[node + 1] ?? 0;
  let best = -1;
  for (let e = start[node] ?? 0; e < end; e++) {
    const dependent = to[e] ?? 0;
    if (best === -1 || (toEnd[dependent] ?? 0) > (toEnd[best] ?? 0)) best = dependent;
  }
  return best;
}

/**
 * Redundant edges as [node, need] positions: a longer path already orders their ends, so the transitive reduction (Aho,
 * Garey and Ullman, SIAM J. Computing 1, 1972) omits them. One bit per pair of nodes: O(edges × nodes / 32).
 */
export function redundantEdges(links: Links, order: Int32Array): [number, number][] {
  const { start, to } = links.needs;
  const words = Math.ceil(order.length / 32);
  const before = new Uint32Array(words * order.length);
  const redundant: [number, number][] = [];
  for (const node of order) {
    const own = node * words;
    const from = start[node] ?? 0;
    const end = start[node + 1] ?? 0;
    for (let e = from; e < end; e++) {
      const other = (to[e] ?? 0) * words;
      for (let w = 0; w < words; w++) before[own + w] = (before[own + w] ?? 0) | (before[other + w] ?? 0);
    }
    for (let e = from; e < end; e++) {
      const need = to[e] ?? 0;
      if ((((before[own + (need >>> 5)] ?? 0) >>> (need & 31)) & 1) === 1) redundant.push([node, need]);
    }
    for (let e = from; e < end; e++) {
      const need = to[e] ?? 0;
      const word = own + (need >>> 5);
      before[word] = (before[word] ?? 0) | (1 << (need & 31));
    }
  }
  return redundant;
}
