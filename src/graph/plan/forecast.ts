// Forecasts how long the rest of a run takes, from the work left, the pace so far, and the number of workers. Pure;
// used by dashboard/views/leadership.ts.

import type { FailurePolicy, GraphNode } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import type { RunNodes } from '../ready/run-node.ts';
import { stillToDo } from '../ready/still-to-do.ts';
import { weights } from './measure.ts';

export interface Forecast {
  /** Nodes that somebody is still to do. */
  nodesLeft: number;
  /** The lower bound: the longest path through the rest, or all of it shared out evenly. */
  leastMs: number;
  /** The upper bound for any assignment in which no worker idles while a node is ready. */
  mostMs: number;
  /** The number of nodes whose measured times it rests on; 0: on estimates alone. */
  observed: number;
}

/**
 * The forecast; undefined if a kind of node that is left has no finished node and the graph has no estimate. The bounds
 * are Graham's for list scheduling (Bell System Technical Journal 45, 1966): between max(path, work / workers) and path
 * + (work - path) / workers. O(nodes × log nodes + edges).
 */
export function forecast(
  prepared: PreparedGraph<GraphNode>,
  nodes: RunNodes,
  { now, workers, onFailure }: { now: number; workers: number; onFailure?: FailurePolicy },
): Forecast | undefined {
  const { ids, graph, dependents } = prepared;
  const weight = weights(graph.nodes);
  const { observed, msPerUnit } = paces(prepared, nodes, weight);
  const toDo = stillToDo(prepared, nodes, onFailure);
  const left = new Float64Array(ids.length);
  let [nodesLeft, work] = [0, 0];
  for (const [i, id] of ids.entries()) {
    const node = nodes[id];
    if (toDo[i] === 0) continue;
    const pace = msPerUnit(graph.nodes[i]?.kind ?? '');
    if (pace === undefined) return undefined;
    const spent = node?.status === 'claimed' && node.started_at !== undefined ? now - node.started_at : 0;
    left[i] = Math.max(0, (weight[i] ?? 0) * pace - spent);
    nodesLeft += 1;
    work += left[i] ?? 0;
  }
  // The deepest level first, so that dependents come before their needs.
  const order = Array.from(ids.keys()).sort((a, b) => (prepared.level[b] ?? 0) - (prepared.level[a] ?? 0));
  const toEnd = new Float64Array(ids.length);
  let path = 0;
  for (const i of order) {
    let after = 0;
    for (const next of dependents.to.subarray(dependents.start[i], dependents.start[i + 1]))
      after = Math.max(after, toEnd[next] ?? 0);
    toEnd[i] = (left[i] ?? 0) + after;
    path = Math.max(path, toEnd[i] ?? 0);
  }
  const many = Math.max(1, workers);
  return { nodesLeft, leastMs: Math.max(path, work / many), mostMs: path + (work - path) / many, observed };
}

/**
 * Milliseconds per unit of weight: measured on finished nodes of the kind, else by the estimates, which are in seconds.
 */
function paces(
  { ids, graph }: PreparedGraph<GraphNode>,
  nodes: RunNodes,
  weight: Float64Array,
): { observed: number; msPerUnit(kind: string): number | undefined } {
  const kinds = new Map<string, { ms: number; units: number }>();
  let observed = 0;
  for (const [i, id] of ids.entries()) {
    const node = nodes[id];
    if (node?.status !== 'finished' || node.started_at === undefined || node.ended_at === undefined) continue;
    const kind = graph.nodes[i]?.kind ?? '';
    const { ms, units } = kinds.get(kind) ?? { ms: 0, units: 0 };
    observed += 1;
    kinds.set(kind, { ms: ms + Math.max(0, node.ended_at - node.started_at), units: units + (weight[i] ?? 0) });
  }
  const estimated = graph.nodes.some(({ estimate_s }) => estimate_s !== undefined) ? 1_000 : undefined;
  return {
    observed,
    msPerUnit: (kind) => {
      const { ms = 0, units = 0 } = kinds.get(kind) ?? {};
      return units > 0 ? ms / units : estimated;
    },
  };
}
