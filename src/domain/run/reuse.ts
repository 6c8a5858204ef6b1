// Results that a new run may take over from an earlier one, if a node's definition, the run's inputs and everything
// upstream are the same. Called by start.ts; says for each node that runs again why.

import { isDeepStrictEqual } from 'node:util';
import type { RunGraph } from '../../graph/definition.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { JsonObject } from '../../json/json.ts';
import type { RunDocument } from './document.ts';
import type { NodeRecord, RecordOf } from './record.ts';

export interface Resumed {
  nodes: Record<string, NodeRecord>;
  /** Nodes that had finished and run again nevertheless. */
  rerun: string[];
  why: { node: string; reason: string }[];
}

/** Fields that do not change a result; all others may. */
const COSMETIC = new Set(['title', 'priority', 'estimate_s', 'retry', 'timeouts', 'effect']);

/** The finished nodes of `earlier` whose definition, inputs and upstream are the same in `next`. */
export function reusable(
  earlier: { run: Readonly<RunDocument>; graph: RunGraph },
  next: { graph: RunGraph; inputs: JsonObject },
): Resumed {
  const resumed: Resumed = { nodes: {}, rerun: [], why: [] };
  const sameInputs = isDeepStrictEqual(earlier.run.inputs, next.inputs);
  for (const node of inOrder(next.graph)) {
    const old = earlier.run.nodes[node.id];
    const reason = whyNot(old, node, earlier, sameInputs, resumed);
    if (reason === undefined && old?.status === 'finished') resumed.nodes[node.id] = taken(old, earlier.run.id);
    else if (reason !== undefined) {
      if (old?.status === 'finished') resumed.rerun.push(node.id);
      resumed.why.push({ node: node.id, reason });
    }
  }
  return resumed;
}

function whyNot(
  old: NodeRecord | undefined,
  node: GraphNode,
  earlier: { run: Readonly<RunDocument>; graph: RunGraph },
  sameInputs: boolean,
  resumed: Resumed,
): string | undefined {
  const index = earlier.graph.prepared.index.get(node.id);
  const before = index === undefined ? undefined : earlier.graph.prepared.graph.nodes[index];
  if (before === undefined) return 'it is new';
  if (old?.status !== 'finished') return `it had not finished (${old?.status ?? 'waiting'})`;
  if (!sameInputs) return 'the inputs of the run are different';
  if (!isDeepStrictEqual(essence(before), essence(node))) return 'its definition has changed';
  const changed = (node.needs ?? []).find((need) => resumed.nodes[need] === undefined);
  return changed === undefined ? undefined : `"${changed}", which it needs, runs again`;
}

function taken(old: Readonly<RecordOf<'finished'>>, run: string): NodeRecord {
  const { earlier: _, late: __, lost: ___, ...kept } = old;
  return { ...structuredClone(kept), reused_from: old.reused_from ?? run };
}

function essence(node: GraphNode): object {
  const entries = Object.entries(node).filter(([key, value]) => !COSMETIC.has(key) && value !== undefined);
  return Object.fromEntries(entries);
}

/** Nodes with needs before dependents: by level, the length of the longest path to a node. */
function inOrder({ prepared }: RunGraph): GraphNode[] {
  const places = prepared.ids.map((_, i) => i);
  places.sort((a, b) => (prepared.level[a] ?? 0) - (prepared.level[b] ?? 0) || a - b);
  return places.flatMap((i) => prepared.graph.nodes[i] ?? []);
}
