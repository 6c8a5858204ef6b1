// The shape of a node kind. One file per kind, listed in index.ts; test/graph/kinds/contract.test.ts runs on each.

import type { JsonObject } from '../../json/json.ts';
import type { Fields, FieldsOf } from '../fields.ts';
import type { Fault, GraphNode, KindRules } from '../graph.ts';

/** The facts of a run at the claim of a node. */
export interface BriefFacts {
  /** Outputs of the nodes that it needs, by their ids. */
  inputs: JsonObject;
  /** From 1. */
  attempt: number;
  /** The error of the previous try. */
  last_error?: { kind: string; message: string };
}

/** A node before the check of its kind: any of the kind's own fields may be absent. */
export type Unchecked<N extends GraphNode> = GraphNode & Partial<Omit<N, keyof GraphNode>>;

/** The agents that a node is for. */
export interface Wanted {
  /** Only the agent of this name. */
  agent?: string | undefined;
  /** Once nobody has come in time, the agent of this name too, whatever its skills. */
  fallback?: string | undefined;
  /** Only an agent that has all of these. */
  skills?: readonly string[] | undefined;
}

/** Methods are pure: no clock, no I/O. */
export interface NodeKind<N extends GraphNode = GraphNode> extends KindRules {
  readonly kind: N['kind'];
  /** Descriptions of the kind's own fields: the compiler checks them against the interface of its nodes. */
  readonly fields: Fields & FieldsOf<N, Exclude<keyof N, keyof GraphNode>>;
  /** Required fields; `check` reports a missing one. */
  readonly requires: readonly string[];
  /** One line for people and models: when to use this kind. */
  readonly summary: string;
  /** A small valid node for documents, hints and the contract test. */
  readonly example: N;
  check(node: Unchecked<N>, at: string): Fault[];
  /** The brief: all that is needed to do the node without other context, as JSON. Takes a checked node. */
  brief(node: N, facts: BriefFacts): JsonObject;
  /**
   * For kinds that servers perform: the start options that admit the node, such as `--allow-commands npm`. Of each list
   * one must hold; the first is named to people.
   */
  admission?(node: N): readonly (readonly string[])[];
  /** The agents that the node is for; absent: every performer of the kind. */
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
