// Checks the graphs that nodes name: each is there, none runs inside itself, and none lies too deep. What is inside was
// checked when it was saved. Called by graph_check; the start of a run pins them by the same rules.

import { nearest } from '../../base/nearest.ts';
import type { Fault } from '../graph.ts';
import type { AnyGraph } from '../kinds/index.ts';

/** How deep graphs may lie in graphs: a person has to follow them. */
export const MAX_DEPTH = 5;

export interface SavedGraphs {
  /** The graph with this saved name or hash, with its hash. */
  find(named: string): { hash: string; graph: AnyGraph } | undefined;
  names(): readonly string[];
}

/** The faults of all named graphs. */
export function checkInner(graph: AnyGraph, saved: SavedGraphs): Fault[] {
  return graph.nodes.flatMap((node, i) => {
    if (node.kind !== 'graph' || typeof node.graph !== 'string' || node.graph === '') return [];
    const fault = faultOf(node.graph, [], saved, new Map());
    return fault === undefined ? [] : [{ ...fault, at: `/nodes/${i}/graph` }];
  });
}

/** `path`: names and hashes of the graphs around it. `seen`: how deep each sound graph lay, by hash. */
function faultOf(
  named: string,
  path: readonly { named: string; hash: string }[],
  saved: SavedGraphs,
  seen: Map<string, number>,
): Omit<Fault, 'at'> | undefined {
  const way = [...path.map((one) => one.named), named].join(' → ');
  const found = saved.find(named);
  if (found === undefined) {
    const near = nearest(named, saved.names());
    const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'save it first, with graph_check {save_as}';
    return { code: 'unknown-graph', message: `there is no saved graph ${way}`, hint };
  }
  const hint = 'call it from the outer graph instead';
  if (path.some(({ hash }) => hash === found.hash))
    return { code: 'graph-cycle', message: `a graph would run inside itself: ${way}`, hint };
  if (path.length >= MAX_DEPTH)
    return { code: 'graph-too-deep', message: `${way} lies more than ${MAX_DEPTH} graphs deep`, hint };
  if ((seen.get(found.hash) ?? -1) >= path.length) return undefined;
  seen.set(found.hash, path.length);
  for (const node of found.graph.nodes) {
    if (node.kind !== 'graph') continue;
    const inside = faultOf(node.graph, [...path, { named, hash: found.hash }], saved, seen);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
