// Results that a new run takes over from an earlier one: of a node whose definition, inputs and everything before it
// are the same, and which would start again over what is kept. Called by start.ts for the run's own graph, and by
// begin.ts for each scope that opens later, where the same node of the earlier run had one.
//
//   finished, as before, every need kept or skipped as before     kept; of a node with a scope all that is in it
//   its definition, inputs, sub-graph or item are others          runs again
//   its trigger or condition does not hold over what is kept      runs again
//   a node behind one that runs again                             runs again

import { isDeepStrictEqual } from 'node:util';
import type { GraphNode } from '../../graph/graph.ts';
import type { NeedState } from '../../graph/ready/survey.ts';
import { triggerOf, type Verdict, verdictOf } from '../../graph/trigger.ts';
import type { JsonObject } from '../../json/json.ts';
import { holds } from '../../path/condition.ts';
import type { RunDocument, ScopeRecord } from './document.ts';
import { givenTo, inputsOf, type Reader, resolved } from './given.ts';
import type { NodeRecord, RecordOf } from './record.ts';
import { type Place, prefixOf, type RunTree, type Scope, UNDO } from './tree.ts';

export interface Kept {
  nodes: Record<string, NodeRecord>;
  scopes: Record<string, ScopeRecord>;
}

export interface Resumed extends Kept {
  /** Nodes that had finished and run again nevertheless. */
  rerun: string[];
  why: { node: string; reason: string }[];
}

/** Fields that do not change a result; all others may. */
const COSMETIC = new Set(['title', 'priority', 'estimate_s', 'retry', 'timeouts', 'effect']);

interface Comparing {
  earlier: RunTree;
  /** The new run with what is kept so far. */
  next: RunTree;
  reader: Reader;
  /** Nodes that somebody wants to run again. */
  rerun?: ReadonlySet<string>;
}

/**
 * What the scope of the new run with this prefix may keep of the same scope of the earlier run. `next` has the scope,
 * none of whose nodes has a record.
 */
export function reusable(prefix: string, comparing: Comparing): Resumed {
  const found: Resumed = { nodes: {}, scopes: {}, rerun: [], why: [] };
  const run: RunDocument = { ...comparing.next.run, nodes: { ...comparing.next.run.nodes } };
  const next = comparing.next.withRun(run);
  const scope = next.scope(prefix);
  const states = new Map<string, NeedState>();
  for (const index of scope.prepared.order) {
    const id = scope.prepared.ids[index] ?? '';
    const node = scope.prepared.graph.nodes[index];
    if (node === undefined) continue;
    const at: At = { scope, place: { scope, index, node, id }, states };
    const { state, reason } = judge(at, { ...comparing, next });
    states.set(id, state);
    const old = comparing.earlier.run.nodes[id];
    if (state === 'good' && old?.status === 'finished') {
      const kept = keptOf(comparing.earlier, id, old);
      Object.assign(found.nodes, kept.nodes);
      Object.assign(found.scopes, kept.scopes);
      Object.assign(run.nodes, kept.nodes);
      run.scopes = { ...run.scopes, ...kept.scopes };
    } else if (reason !== undefined) {
      if (old?.status === 'finished') found.rerun.push(id);
      found.why.push({ node: id, reason });
    }
  }
  return found;
}

interface At {
  scope: Scope;
  place: Place;
  /** Of the nodes before it. */
  states: ReadonlyMap<string, NeedState>;
}

/** How a node counts for those behind it, and why it runs again. */
function judge(at: At, comparing: Comparing): { state: NeedState; reason?: string } {
  const { place } = at;
  const old = comparing.earlier.run.nodes[place.id];
  const verdict = verdictOver(at);
  const open = (reason: string): { state: NeedState; reason: string } => ({ state: 'open', reason });
  if (old?.status === 'skipped' && (old.why === 'upstream' || old.why === 'condition')) {
    const follows = verdict === 'skipped' || (verdict === 'starts' && !conditionHolds(place, comparing));
    return follows ? { state: 'passed' } : open(`it was skipped (${old.why}), which does not follow any more`);
  }
  const changed = changeOf(at, old, comparing);
  if (changed !== undefined) return open(changed);
  const before = place.node.needs?.find((need) => !isKept(at.states.get(place.scope.prefix + need)));
  if (before !== undefined) return open(`"${before}", which it needs, runs again`);
  if (verdict !== 'starts') return open('its trigger does not hold over what is kept');
  return conditionHolds(place, comparing) ? { state: 'good' } : open('its condition does not hold any more');
}

function isKept(state: NeedState | undefined): boolean {
  return state === 'good' || state === 'passed';
}

/** What is not as it was with a node by itself. */
function changeOf({ place }: At, old: NodeRecord | undefined, comparing: Comparing): string | undefined {
  const { earlier, next, rerun } = comparing;
  const before = earlier.place(place.id);
  if (before === undefined) return 'it is new';
  if (old?.status !== 'finished') return `it had not finished (${old?.status ?? 'waiting'})`;
  if (earlier.run.nodes[UNDO + place.id]?.status === 'finished') return 'it was undone';
  if (rerun?.has(place.id)) return 'it was asked to run again';
  if (!isDeepStrictEqual(inputsOf(earlier, before.scope), inputsOf(next, place.scope)))
    return 'the inputs of the run are different';
  if (!isDeepStrictEqual(essence(before.node), essence(place.node))) return 'its definition has changed';
  if (!isSameItem(before, place)) return 'its item has changed';
  return sameInside(place, comparing) ? undefined : 'the graph that it names, or what it is given, has changed';
}

function isSameItem(before: Place, { scope, index }: Place): boolean {
  return before.scope.record?.hashes?.[before.index] === scope.record?.hashes?.[index];
}

/** Whether a sub-graph is the same, with the same inputs. */
function sameInside(place: Place, { earlier, next, reader }: Comparing): boolean {
  const { node, id } = place;
  if (node.kind !== 'graph' || node.map !== undefined) return true;
  const record = earlier.run.scopes?.[prefixOf('graph', id)];
  const inputs = resolved(node.inputs ?? {}, givenTo(next, place, reader), reader) ?? {};
  const hash = next.run.pinned?.[node.graph] ?? node.graph;
  return record !== undefined && record.graph === hash && isDeepStrictEqual(record.inputs ?? {}, inputs);
}

function conditionHolds(place: Place, { next, reader }: Comparing): boolean {
  const condition = place.scope.prepared.conditions.get(place.index);
  if (condition === undefined) return true;
  const found = holds(condition, givenTo(next, place, reader));
  return found.ok && found.value;
}

function verdictOver({ scope, place, states }: At): Verdict {
  const counts = { good: 0, passed: 0, bad: 0, open: 0 };
  const { needs, ids } = scope.prepared;
  for (const need of needs.to.subarray(needs.start[place.index], needs.start[place.index + 1]))
    counts[states.get(ids[need] ?? '') ?? 'open']++;
  return verdictOf(triggerOf(place.node), counts);
}

/** The record of a node, and all that is in the scope it opened. */
function keptOf({ run }: RunTree, id: string, old: Readonly<RecordOf<'finished'>>): Kept {
  const kept: Kept = { nodes: { [id]: taken(old, run.id) }, scopes: {} };
  if (run.scopes === undefined) return kept;
  const inside = (one: string): boolean => ['/', '@', '!'].some((end) => one.startsWith(id + end));
  for (const [one, record] of Object.entries(run.nodes)) {
    if (inside(one)) kept.nodes[one] = record.status === 'finished' ? taken(record, run.id) : structuredClone(record);
  }
  for (const [prefix, record] of Object.entries(run.scopes))
    if (inside(prefix)) kept.scopes[prefix] = structuredClone(record);
  return kept;
}

function taken(old: Readonly<RecordOf<'finished'>>, run: string): NodeRecord {
  const { earlier: _, late: __, lost: ___, ...kept } = old;
  return { ...structuredClone(kept), reused_from: old.reused_from ?? run };
}

function essence(node: GraphNode): JsonObject {
  const entries = Object.entries(node).filter(([key, value]) => !COSMETIC.has(key) && value !== undefined);
  return Object.fromEntries(entries);
}
