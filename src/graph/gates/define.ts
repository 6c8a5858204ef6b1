// The shape of a gate kind: what work that was reported done must pass before its node is finished. One file per kind,
// listed in index.ts.

import type { Json } from '../../json/json.ts';
import type { Fields, FieldsOf } from '../fields.ts';
import type { Fault, GateSpec } from '../graph.ts';
import type { AnyNode } from '../kinds/index.ts';

/** The order in which gates are asked: a stage begins once all gates of the stages before have passed. */
export const STAGES = ['pure', 'servers', 'agents', 'persons'] as const;
export type Stage = (typeof STAGES)[number];

/** A gate before the check of its kind: any of the kind's own fields may be absent. */
export type UncheckedGate<G extends GateSpec> = GateSpec & Partial<Omit<G, keyof GateSpec>>;

/** What a gate judges: what was reported. */
export interface Reported {
  output: Json;
  evidence: Json;
}

/** Methods are pure: no clock, no I/O. */
export interface GateKind<G extends GateSpec = GateSpec> {
  readonly kind: G['kind'];
  readonly stage: Stage;
  /** Descriptions of the kind's own fields. */
  readonly fields: Fields & FieldsOf<G, Exclude<keyof G, keyof GateSpec>>;
  readonly requires: readonly string[];
  /** One line for people and models: when it passes. */
  readonly summary: string;
  /** A small valid gate for documents and tests. */
  readonly example: G;
  check(gate: UncheckedGate<G>, at: string): Fault[];
  /** Of a pure kind: why the work does not pass; undefined if it does. */
  judge?(gate: G, reported: Reported): string | undefined;
  /** Of every other kind: the nodes that judge, under their ids in the scope of gates. */
  nodes?(gate: G): AnyNode[];
}

/** The field of the kinds that somebody may overrule. */
export const WAIVABLE = {
  type: 'flag',
  about: 'whether run_control {action: "waive", node} may go on without it, with a reason',
} as const;

export function badGate(at: string, message: string, hint: string): Fault {
  return { code: 'bad-gate', at, message, hint };
}
