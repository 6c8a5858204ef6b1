// Finds cycles: one per strongly connected component. Called by check.ts if some nodes cannot be ordered, and by
// domain/plan/plan-faults.ts.

import type { Links } from '../links.ts';

/**
 * One shortest cycle through the lowest node of every strongly connected component with more than one node, each as
 * positions where every node needs the next and the last needs the first; ordered by that lowest node. O(nodes +
 * edges).
 */
export function findCycles(links: Links): number[][] {
  const component = components(links);
  const first = new Map<number, number>();
  const size = new Map<number, number>();
  for (let i = 0; i < component.length; i++) {
    const group = component[i] ?? 0;
    if (!first.has(group)) first.set(group, i);
    size.set(group, (size.get(group) ?? 0) + 1);
  }
  const cycles: number[][] = [];
  for (const [group, node] of first) if ((size.get(group) ?? 0) > 1) cycles.push(shortestCycle(links, component, node));
  return cycles;
}

/**
 * The component number of every node, by Tarjan's algorithm (SIAM J. Computing 1, 1972) with an explicit stack. O(nodes
 * + edges).
 */
export function components(links: Links): Int32Array {
  const count = links.ids.length;
  const { start, to } = links.needs;
  const component = new Int32Array(count).fill(-1);
  const found = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const edge = start.slice();
  const path: number[] = [];
  const open: number[] = [];
  let clock = 0;
  let groups = 0;
  for (let root = 0; root < count; root++) {
    if (found[root] !== -1) continue;
    found[root] = low[root] = clock++;
    path.push(root);
    open.push(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const e = edge[node] ?? 0;
      if (e < (start[node + 1] ?? 0)) {
        edge[node] = e + 1;
        const next = to[e] ?? 0;
        if (found[next] === -1) {
          found[next] = low[next] = clock++;
          path.push(next);
          open.push(next);
        } else if (component[next] === -1) low[node] = Math.min(low[node] ?? 0, found[next] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
      if (low[node] !== found[node]) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        component[member] = groups;
        if (member === node) break;
      }
      groups++;
    }
  }
  return component;
}

/** A shortest cycle through `from`, by breadth-first search within its component. */
function shortestCycle(links: Links, component: Int32Array, from: number): number[] {
  const { start, to } = links.needs;
  const parent = new Map<number, number>([[from, -1]]);
  const queue = [from];
  for (const node of queue) {
    const end = start[node + 1] ?? 0;
    for (let e = start[node] ?? 0; e < end; e++) {
      const next = to[e] ?? 0;
      if (next === from) {
        const cycle: number[] = [];
        for (let at = node; at !== -1; at = parent.get(at) ?? -1) cycle.push(at);
        return cycle.reverse();
      }
      if (component[next] !== component[from] || parent.has(next)) continue;
      parent.set(next, node);
      queue.push(next);
    }
  }
  throw new Error(`node ${from} shares a component but lies on no cycle`);
}
