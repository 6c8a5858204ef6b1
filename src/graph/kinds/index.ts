// The list of node kinds. A new kind is its file and its entry in `list`: schema, checks, briefs and documents follow
// the list. A kind that servers perform also has an executor, listed in runner/executors/index.ts.

import type { Graph, GraphNode } from '../graph.ts';
import { agent } from './agent.ts';
import { approval } from './approval.ts';
import { command } from './command.ts';
import type { NodeKind } from './define.ts';
import { subGraph } from './graph.ts';
import { wait } from './wait.ts';

const list = [agent, command, subGraph, approval, wait];

type NodeOf<K> = K extends NodeKind<infer N> ? N : never;
/** A checked node of any kind, discriminated by `kind`. */
export type AnyNode = NodeOf<(typeof list)[number]>;
export type AnyGraph = Graph<AnyNode>;

/** The kinds by name, in the order of the list. */
export const nodeKinds: ReadonlyMap<string, NodeKind<GraphNode>> = new Map(
  list.map((kind): [string, NodeKind<GraphNode>] => [kind.kind, kind]),
);
