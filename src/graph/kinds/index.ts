// Every kind of node there is. A new kind is its file and its entry in `list`: schema, check, briefs and documents ask
// the list. A kind that servers perform has an executor too, listed in runner/executors/index.ts.

import type { Graph, GraphNode } from '../graph.ts';
import { agent } from './agent.ts';
import { command } from './command.ts';
import type { NodeKind } from './define.ts';

const list = [agent, command];

type NodeOf<K> = K extends NodeKind<infer N> ? N : never;
/** A checked node: `kind` tells the fields apart. */
export type AnyNode = NodeOf<(typeof list)[number]>;
export type AnyGraph = Graph<AnyNode>;

/** The kinds by name, in the order of the list. */
export const nodeKinds: ReadonlyMap<string, NodeKind<GraphNode>> = new Map(
  list.map((kind): [string, NodeKind<GraphNode>] => [kind.kind, kind]),
);
