// What a node kind is. One file per kind, listed in index.ts; test/graph/kinds/contract.test.ts runs against each.

import type { JsonObject } from '../../json/json.ts';
import type { Fields, FieldsOf } from '../fields.ts';
import type { Fault, GraphNode, KindRules } from '../graph.ts';

/** What the run knows when a node is claimed. */
export interface BriefFacts {
  /** Outputs of the nodes it needs, by their id. */
  inputs: JsonObject;
  /** From 1. */
  attempt: number;
  /** Why the try before failed. */
  last_error?: { kind: string; message: string };
}

/** A node before its kind's check: any of the kind's own fields may be absent. */
export type Unchecked<N extends GraphNode> = GraphNode & Partial<Omit<N, keyof GraphNode>>;

/** Whom a node of an agent's kind is for. */
export interface Wanted {
  /** Only the agent of this name. */
  agent?: string | undefined;
  /** Only an agent that has all of these. */
  skills?: readonly string[] | undefined;
}

/** Methods are pure: no clock, no I/O. */
export interface NodeKind<N extends GraphNode = GraphNode> extends KindRules {
  readonly kind: N['kind'];
  /** The kind's own fields, each described: the compiler holds them to the interface of its nodes. */
  readonly fields: Fields & FieldsOf<N, Exclude<keyof N, keyof GraphNode>>;
  /** Fields without which a node is refused; `check` says why. */
  readonly requires: readonly string[];
  /** One line for people and models: when to choose this kind. */
  readonly summary: string;
  /** A small valid node: for documents, hints and the contract test. */
  readonly example: N;
  check(node: Unchecked<N>, at: string): Fault[];
  /** Everything needed to do the node with no other context, as JSON. Takes a checked node. */
  brief(node: N, facts: BriefFacts): JsonObject;
  /** Whom the node is for; absent: for everyone who performs nodes of this kind. */
  wanted?(node: N): Wanted;
}

/** The parts of a brief that every kind has. */
export function commonBrief(node: GraphNode, facts: BriefFacts): JsonObject {
  return {
    kind: node.kind,
    title: node.title ?? node.id,
    ...(node.task !== undefined && { goal: node.task }),
    inputs: facts.inputs,
    attempt: facts.attempt,
    ...(facts.last_error && { last_error: { ...facts.last_error } }),
  };
}
