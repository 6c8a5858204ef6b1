// The order of ready nodes: by priority and age, then the heaviest way to the end, then position in the definition. A
// node's place is fixed when it becomes ready, so that a heap can hold it; and whatever becomes ready later loses
// against it in the end, so that none starves. Used by ready.ts, frontier.ts and domain/run/ready-in.ts.

import { DEFAULT_PRIORITY } from '../graph.ts';
import type { PreparedGraph } from '../prepare.ts';
import type { RunNodes } from './run-node.ts';

/** A node goes ahead of what becomes ready so much later and has one priority more. */
export const AGE_MS = 10 * 60 * 1_000;

/** When the run began, and the scope whose nodes are ordered; ms since the epoch. */
export interface Begun {
  run: number;
  scope: number;
}

/** When a node became ready, in ms since the epoch: the last end among the needs that it had to wait for. */
export function readyTime(
  { needs, ids, triggers }: PreparedGraph,
  runNodes: RunNodes,
  index: number,
  begun: number,
): number {
  // Those of any_success and n_of wait for so many, whatever ends later.
  const early = triggers?.[index]?.n ?? 0;
  let last = begun;
  const ends: number[] = [];
  for (let e = needs.start[index] ?? 0; e < (needs.start[index + 1] ?? 0); e++) {
    const need = runNodes[ids[needs.to[e] ?? 0] ?? ''];
    const end = need?.ended_at ?? 0;
    if (early === 0) last = Math.max(last, end);
    else if (need?.status === 'finished' || need?.status === 'skipped') ends.push(end);
  }
  return early === 0 ? last : Math.max(begun, ends.sort((a, b) => a - b)[early - 1] ?? 0);
}

/** Priority and age as one number, smaller ones first. Without `begun` nothing ages. */
export function urgency(prepared: PreparedGraph, runNodes: RunNodes, index: number, begun: Begun | undefined): number {
  const priority = prepared.graph.nodes[index]?.priority ?? DEFAULT_PRIORITY;
  if (begun === undefined) return priority;
  const waited = readyTime(prepared, runNodes, index, begun.scope) - begun.run;
  return priority + Math.max(0, Math.floor(waited / AGE_MS));
}

/** The place of a node among the ready ones of its graph: smaller ones first, no two alike. */
export function placeOf(prepared: PreparedGraph, runNodes: RunNodes, index: number, begun: Begun | undefined): number {
  return urgency(prepared, runNodes, index, begun) * prepared.ids.length + (prepared.byWay[index] ?? 0);
}
