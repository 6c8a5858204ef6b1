// Every kind of node there is: add a kind's file to the list and to the union. Called by whoever checks or runs graphs.

import type { Graph, GraphNode } from '../graph.ts';
import { type AgentNode, agent } from './agent.ts';
import { type CommandNode, command } from './command.ts';
import type { NodeKind } from './define.ts';

/** A checked node: `kind` tells the fields apart. */
export type AnyNode = AgentNode | CommandNode;
export type AnyGraph = Graph<AnyNode>;

const list: readonly NodeKind[] = [agent, command];

/** The kinds by name, in the order of the list. */
export const nodeKinds: ReadonlyMap<string, NodeKind<GraphNode>> = new Map(list.map((kind) => [kind.kind, kind]));
