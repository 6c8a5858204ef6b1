// The edges of a graph as flat integer arrays, and their topological order. The arrays hold 20,000 nodes in a few
// hundred kilobytes, and no walk looks up names. Called by check.ts, prepare.ts and domain/plan.

/** Neighbours of node `i` are `to[start[i]] … to[start[i + 1] - 1]`. */
export interface Edges {
  readonly start: Int32Array;
  readonly to: Int32Array;
}

/** A graph with its nodes as positions in the definition; if two nodes have one id, it names the first. */
export interface Links {
  readonly ids: readonly string[];
  readonly index: ReadonlyMap<string, number>;
  readonly needs: Edges;
  readonly dependents: Edges;
}

export type BadNeed = 'missing' | 'self' | 'twice';

interface Linked {
  readonly id: string;
  readonly needs?: readonly string[];
}

/**
 * Resolves names to positions in O(nodes + edges). A need that is missing, the node itself or a repeat is left out and
 * reported.
 */
export function link(nodes: readonly Linked[], report?: (bad: BadNeed, node: number, need: number) => void): Links {
  const index = new Map<string, number>();
  let most = 0;
  for (const [i, node] of nodes.entries()) {
    if (!index.has(node.id)) index.set(node.id, i);
    most += node.needs?.length ?? 0;
  }
  const start = new Int32Array(nodes.length + 1);
  const to = new Int32Array(most);
  const seenBy = new Int32Array(nodes.length).fill(-1);
  let count = 0;
  for (let i = 0; i < nodes.length; i++) {
    const needs = nodes[i]?.needs ?? [];
    for (let k = 0; k < needs.length; k++) {
      const target = index.get(needs[k] ?? '');
      if (target === undefined) report?.('missing', i, k);
      else if (target === i) report?.('self', i, k);
      else if (seenBy[target] === i) report?.('twice', i, k);
      else {
        seenBy[target] = i;
        to[count++] = target;
      }
    }
    start[i + 1] = count;
  }
  const needs = { start, to: to.subarray(0, count) };
  return { ids: nodes.map((node) => node.id), index, needs, dependents: reverse(needs, nodes.length) };
}

/** The reversed edges, neighbours in ascending order. */
function reverse(edges: Edges, nodes: number): Edges {
  const start = new Int32Array(nodes + 1);
  for (const target of edges.to) start[target + 1] = (start[target + 1] ?? 0) + 1;
  for (let i = 0; i < nodes; i++) start[i + 1] = (start[i + 1] ?? 0) + (start[i] ?? 0);
  const to = new Int32Array(edges.to.length);
  const next = start.slice();
  for (let i = 0; i < nodes; i++) {
    const end = edges.start[i + 1] ?? 0;
    for (let e = edges.start[i] ?? 0; e < end; e++) {
      const target = edges.to[e] ?? 0;
      const place = next[target] ?? 0;
      to[place] = i;
      next[target] = place + 1;
    }
  }
  return { start, to };
}

/**
 * The nodes in topological order, by Kahn's algorithm (Communications of the ACM 5, 1962), first in first out, so that
 * levels never decrease. Holds every node that can ever start: nodes on a cycle, nodes marked in `broken`, and all
 * behind them are absent. O(nodes + edges).
 */
export function topologicalOrder(links: Links, broken?: Uint8Array): Int32Array {
  const count = links.ids.length;
  const { start, to } = links.dependents;
  const open = new Int32Array(count);
  const order = new Int32Array(count);
  let tail = 0;
  for (let i = 0; i < count; i++) {
    const needs = (links.needs.start[i + 1] ?? 0) - (links.needs.start[i] ?? 0) + (broken?.[i] ?? 0);
    open[i] = needs;
    if (needs === 0) order[tail++] = i;
  }
  for (let head = 0; head < tail; head++) {
    const node = order[head] ?? 0;
    const end = start[node + 1] ?? 0;
    for (let e = start[node] ?? 0; e < end; e++) {
      const dependent = to[e] ?? 0;
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      if (left === 0) order[tail++] = dependent;
    }
  }
  return order.subarray(0, tail);
}
