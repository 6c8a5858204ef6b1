// The prepared graphs of scopes: a definition under the full ids of its nodes, the items of a map, and what
// judges for gates. Everything but ids is shared with the definition. Used by domain/run/tree.ts.

import { STAGES, type Stage } from './gates/define.ts';
import { gateKinds, gatesIn } from './gates/index.ts';
import type { Graph, Kinds } from './graph.ts';
import type { AnyNode } from './kinds/index.ts';
import { type PreparedGraph, prepare } from './prepare.ts';
import { triggerOf } from './trigger.ts';

type Prepared = PreparedGraph<AnyNode>;

interface Kept {
  prepared: Prepared;
  keys: readonly string[] | undefined;
}

/** The most scopes kept of one definition; beyond it all are made anew. */
const MAX_KEPT = 4_096;
const kept = new WeakMap<Prepared, Map<string, Kept>>();

/** The prepared graph with its nodes under `prefix` + id. The same object for the same arguments, while it is kept. */
export function scoped(prepared: Prepared, prefix: string): Prepared {
  return remembered(prepared, prefix, undefined, () => withPrefix(prepared, prefix));
}

/** The items of the map at a position of a definition, as nodes without needs, in the order of their keys. */
export function mapItems(
  prepared: Prepared,
  index: number,
  { prefix, keys, kinds }: { prefix: string; keys: readonly string[]; kinds: Kinds },
): Prepared {
  const build = (): Prepared => withPrefix(prepare(itemsGraph(prepared, index, keys), kinds), prefix);
  return remembered(prepared, `${index} ${prefix}`, keys, build);
}

/** The nodes that judge the work on a node in the gates up to a stage. */
export function gateNodes(
  prepared: Prepared,
  index: number,
  { prefix, stage, kinds }: { prefix: string; stage: Stage; kinds: Kinds },
): Prepared {
  const build = (): Prepared => withPrefix(prepare(gatesGraph(prepared, index, stage), kinds), prefix);
  return remembered(prepared, `${index} ${stage} ${prefix}`, undefined, build);
}

function gatesGraph({ graph }: Prepared, index: number, stage: Stage): Graph<AnyNode> {
  const node = graph.nodes[index];
  if (node === undefined) throw new Error(`no node at ${index}`);
  const gates = STAGES.slice(0, STAGES.indexOf(stage) + 1).flatMap((one) => gatesIn(node, one));
  const nodes = gates.flatMap((gate) => gateKinds.get(gate.kind)?.nodes?.(gate) ?? []);
  return { name: graph.name, on_failure: 'continue', nodes };
}

function remembered(
  prepared: Prepared,
  name: string,
  keys: readonly string[] | undefined,
  build: () => Prepared,
): Prepared {
  const known = kept.get(prepared) ?? new Map<string, Kept>();
  const found = known.get(name);
  if (found !== undefined && isSame(found.keys, keys)) return found.prepared;
  if (known.size >= MAX_KEPT) known.clear();
  const made = build();
  known.set(name, { prepared: made, keys: keys === undefined ? undefined : [...keys] });
  kept.set(prepared, known);
  return made;
}

function isSame(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((key, i) => key === other[i]);
}

function withPrefix(prepared: Prepared, prefix: string): Prepared {
  const ids = prepared.ids.map((id) => prefix + id);
  const index = new Map(ids.map((id, i): [string, number] => [id, i]));
  // Scopes are always surveyed: how one ends is more than its counts tell.
  return { ...prepared, ids, index, triggers: prepared.triggers ?? prepared.graph.nodes.map(triggerOf) };
}

function itemsGraph({ graph }: Prepared, index: number, keys: readonly string[]): Graph<AnyNode> {
  const node = graph.nodes[index];
  if (node === undefined) throw new Error(`no node at ${index}`);
  const { map, needs: _, when: __, trigger: ___, n: ____, handles: _____, ...item } = node;
  const on_failure = map?.partial === undefined || map.partial === 'all' ? 'fail_fast' : 'continue';
  const limit = map?.max_parallel === undefined ? {} : { max_parallel: map.max_parallel };
  const defaults = graph.defaults === undefined ? {} : { defaults: graph.defaults };
  return { name: graph.name, on_failure, ...limit, ...defaults, nodes: keys.map((id) => ({ ...item, id }) as AnyNode) };
}
