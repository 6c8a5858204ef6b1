// Prepares a checked definition for scheduling, once per process and definition. Called by documents/definitions.ts.

import { type Condition, parseCondition } from '../path/condition.ts';
import { DEFAULT_LEASE_S, effectOf, type Graph, type GraphNode, type Kinds } from './graph.ts';
import { type Links, link, topologicalOrder } from './links.ts';
import { measure, weights } from './plan/measure.ts';
import { type RetryPolicy, retryPolicy } from './ready/retry.ts';
import { hasTrigger, type NodeTrigger, triggerOf } from './trigger.ts';

export interface PreparedGraph<N extends GraphNode = GraphNode> extends Links {
  readonly graph: Graph<N>;
  /** All nodes, needs before dependents. */
  readonly order: Int32Array;
  /** Per node: its trigger; absent if every node is claimed once all its needs have succeeded. */
  readonly triggers?: readonly NodeTrigger[];
  /** Per node: 1 if it begins without a claim. */
  readonly begins: Uint8Array;
  /** Whether some node has to be taken within a time. */
  readonly hasWaits: boolean;
  /** The condition of each node that has one, by position. */
  readonly conditions: ReadonlyMap<number, Condition>;
  /** Per node: the weight of the heaviest path from its start to the end of the graph. Higher goes first. */
  readonly toEnd: Float64Array;
  readonly level: Int32Array;
  /** Per node: its place by `toEnd`, then position in the definition. 0 goes first. */
  readonly byWay: Int32Array;
  /** Per node: 1 if it may be started again after a lost claim. */
  readonly repeatable: Uint8Array;
  /** Per node: how long a claim lasts without a sign of life. */
  readonly leaseMs: Float64Array;
  /** Per node: its retry policy with defaults filled in. */
  readonly retry: readonly RetryPolicy[];
}

/**
 * The prepared graph, in O(edges + nodes × log nodes). Throws for a graph that `checkGraph` refuses because some node
 * can never start.
 */
export function prepare<N extends GraphNode>(graph: Graph<N>, kinds: Kinds): PreparedGraph<N> {
  const { nodes, defaults } = graph;
  const links = link(nodes);
  const order = topologicalOrder(links);
  if (order.length < nodes.length || links.index.size < nodes.length) throw new Error(`unchecked graph: ${graph.name}`);
  const { toEnd, level } = measure(links, weights(nodes), order);
  const leaseS = defaults?.timeouts?.lease_s ?? DEFAULT_LEASE_S;
  return {
    ...links,
    graph,
    order,
    ...(isSurveyed(graph, kinds) ? { triggers: nodes.map(triggerOf) } : {}),
    begins: Uint8Array.from(nodes, (node) => (beginsByItself(node, kinds) ? 1 : 0)),
    hasWaits: defaults?.timeouts?.wait_s !== undefined || nodes.some(({ timeouts }) => timeouts?.wait_s !== undefined),
    conditions: conditionsOf(nodes),
    toEnd,
    level,
    byWay: placesByWay(toEnd),
    repeatable: Uint8Array.from(nodes, (node) => (effectOf(node, kinds) === 'once' ? 0 : 1)),
    leaseMs: Float64Array.from(nodes, (node) => (node.timeouts?.lease_s ?? leaseS) * 1000),
    retry: nodes.map((node) => retryPolicy(graph, node)),
  };
}

/** Whether nodes start or end by anything beside the success of their needs. */
function isSurveyed({ nodes, defaults, deadline, wall_s }: Graph, kinds: Kinds): boolean {
  if (deadline !== undefined || wall_s !== undefined || defaults?.timeouts?.wait_s !== undefined) return true;
  const isTold = ({ timeouts, compensate, gates = [] }: GraphNode): boolean =>
    timeouts?.wait_s !== undefined || compensate !== undefined || gates.length > 0;
  return nodes.some((node) => hasTrigger(node) || beginsByItself(node, kinds) || isTold(node));
}

/** Whether nobody claims the node: the run begins it. */
function beginsByItself(node: GraphNode, kinds: Kinds): boolean {
  return node.map !== undefined || kinds.get(node.kind)?.begins !== undefined;
}

function conditionsOf(nodes: readonly GraphNode[]): Map<number, Condition> {
  const found = new Map<number, Condition>();
  for (const [i, { when }] of nodes.entries()) {
    const parsed = when === undefined ? undefined : parseCondition(when);
    if (parsed?.ok === false) throw new Error(`unchecked condition: ${when}`);
    if (parsed !== undefined) found.set(i, parsed.value);
  }
  return found;
}

function placesByWay(toEnd: Float64Array): Int32Array {
  const sorted = Int32Array.from(toEnd, (_, i) => i);
  sorted.sort((a, b) => (toEnd[b] ?? 0) - (toEnd[a] ?? 0) || a - b);
  const places = new Int32Array(toEnd.length);
  for (const [place, node] of sorted.entries()) places[node] = place;
  return places;
}
