// The list of gate kinds. A new kind is its file and its entry in `list`: checks, nodes and documents follow the list.

import type { GraphNode } from '../graph.ts';
import { approval } from './approval.ts';
import { command } from './command.ts';
import { type GateKind, STAGES, type Stage } from './define.ts';
import { review } from './review.ts';
import { schema } from './schema.ts';
import { threshold } from './threshold.ts';

const list = [schema, threshold, command, review, approval];

type GateOf<K> = K extends GateKind<infer G> ? G : never;
/** A checked gate of any kind, discriminated by `kind`. */
export type AnyGate = GateOf<(typeof list)[number]>;

/** The kinds by name, in the order of the list. */
export const gateKinds: ReadonlyMap<string, GateKind> = new Map(
  list.map((kind): [string, GateKind] => [kind.kind, kind as unknown as GateKind]),
);

/** Whether work on the node passes gates; those of a map are its items'. */
export function hasGates({ gates = [], map }: Pick<GraphNode, 'gates' | 'map'>): boolean {
  return gates.length > 0 && map === undefined;
}

/** The gates of one stage. */
export function gatesIn({ gates = [] }: Pick<GraphNode, 'gates'>, stage: Stage): AnyGate[] {
  return (gates as AnyGate[]).filter(({ kind }) => gateKinds.get(kind)?.stage === stage);
}

/** The first stage after this one that has gates; undefined if there is none. */
export function stageAfter(node: Pick<GraphNode, 'gates'>, stage: Stage): Stage | undefined {
  return STAGES.slice(STAGES.indexOf(stage) + 1).find((one) => gatesIn(node, one).length > 0);
}
