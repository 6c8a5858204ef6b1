// Begins the nodes that nobody claims, once they may start: sub-graphs and maps open a scope, waits and approvals await
// something. Called by settle.ts.

import { MAX_ITEMS } from '../../graph/check/check-map.ts';
import { MAX_NODES } from '../../graph/graph.ts';
import type { ApprovalNode } from '../../graph/kinds/approval.ts';
import type { AnyNode } from '../../graph/kinds/index.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { formatPointer } from '../../json/pointer.ts';
import { awaitAnswer, awaitTime } from './await.ts';
import { runStream, type ScopeRecord } from './document.ts';
import { givenTo, listOf, resolved } from './given.ts';
import { namedItems } from './map-items.ts';
import { readerOf } from './reader.ts';
import { carriedOver } from './record.ts';
import { reusable } from './reuse.ts';
import { openScope, type RunScope } from './scope.ts';
import { followed } from './take-back.ts';
import { keep, transition } from './transition.ts';
import { type Place, prefixOf, type Scope } from './tree.ts';

/** The longest id of a node in a run. */
export const MAX_FULL_ID = 256;
/** The most bytes of inputs that a sub-graph is given. */
const MAX_INPUT_BYTES = 64 * 1024;

/** Why a node cannot begin. */
interface Refusal {
  kind: string;
  message: string;
}

/** Begins the node at a position of a scope. False if its scope has no room for it now. */
export function begin(scope: RunScope, within: Scope, index: number): boolean {
  const place = scope.place(within.prepared.ids[index] ?? '');
  if (place === undefined || !hasRoom(scope, place)) return false;
  const refusal = beginAt(scope, place);
  if (refusal !== undefined) refuse(scope, place, refusal);
  return true;
}

function beginAt(scope: RunScope, place: Place): Refusal | undefined {
  const { node } = place;
  if (node.map !== undefined) return openMap(scope, place);
  if (node.kind === 'graph') return openGraph(scope, place, node);
  if (node.kind === 'wait') awaitTime(scope, place, node);
  if (node.kind === 'approval') askOrSkip(scope, place, node);
  return undefined;
}

/** Asks the question, unless a need was skipped: an approval of what was not done would pass for one of what was. */
function askOrSkip(scope: RunScope, place: Place, node: ApprovalNode): void {
  const { prefix } = place.scope;
  const cause = node.needs?.map((need) => prefix + need).find((need) => followed(scope.record(need)?.why));
  if (cause === undefined) {
    awaitAnswer(scope, place, node);
    return;
  }
  const numbers = { attempt: 0, fence: 0, ended_at: scope.ctx.now };
  transition(scope, place.id, { ...numbers, status: 'skipped', why: 'upstream', cause }, 'node.skipped');
}

/** Items of a map that open scopes count against its limit until they have ended. */
function hasRoom({ run }: RunScope, { scope: { record, prepared } }: Place): boolean {
  const limit = prepared.graph.max_parallel;
  if (record?.kind !== 'map' || typeof limit !== 'number') return true;
  const { open = 0, awaiting = 0 } = run.scopes?.[`${record.of}@`]?.counters ?? {};
  return open + awaiting < limit;
}

function openMap(scope: RunScope, place: Place): Refusal | undefined {
  const list = listOf(scope.tree(), place, readerOf(scope.ctx));
  if (list === undefined)
    return { kind: 'over', message: `there is no list at ${JSON.stringify(place.node.map?.over)}` };
  if (list.length > MAX_ITEMS)
    return { kind: 'too_many', message: `the list has ${list.length} items; ${MAX_ITEMS} is the most` };
  const items = namedItems(list, place.node.map?.key);
  if (!items.ok) return { kind: 'key', message: items.why };
  const { keys, hashes } = items;
  return open(scope, place, { of: place.id, kind: 'map', keys, hashes, counters: {} }, keys);
}

function openGraph(scope: RunScope, place: Place, node: Extract<AnyNode, { kind: 'graph' }>): Refusal | undefined {
  const { run, ctx } = scope;
  const hash = run.pinned?.[node.graph] ?? node.graph;
  const reader = readerOf(ctx);
  const given = node.inputs === undefined ? {} : givenTo(scope.tree(), place, reader);
  const inputs = resolved(node.inputs ?? {}, given, reader);
  const bytes = Buffer.byteLength(JSON.stringify(inputs));
  if (bytes > MAX_INPUT_BYTES)
    return { kind: 'too_large', message: `its inputs have ${bytes} bytes; ${MAX_INPUT_BYTES} is the most` };
  const graph = ctx.definition(hash);
  const record = { of: place.id, kind: 'graph' as const, graph: hash, inputs: copied(inputs), counters: {} };
  return open(scope, place, record, graph.prepared.ids);
}

function copied(inputs: Json | undefined): JsonObject {
  return isObject(inputs ?? null) ? (structuredClone(inputs) as JsonObject) : {};
}

type Opened = ScopeRecord & { kind: 'graph' | 'map' };

/** Opens a scope with its nodes, all waiting. */
function open(scope: RunScope, place: Place, record: Opened, ids: readonly string[]): Refusal | undefined {
  const { tx, run, ctx } = scope;
  const prefix = prefixOf(record.kind, place.id);
  const longest = ids.reduce((most, id) => Math.max(most, id.length), 0);
  if (prefix.length + longest > MAX_FULL_ID)
    return { kind: 'too_deep', message: `ids of its nodes would be longer than ${MAX_FULL_ID} characters` };
  const nodes = scope.tree().size + ids.length;
  if (nodes > MAX_NODES)
    return { kind: 'too_many', message: `the run would have ${nodes} nodes; ${MAX_NODES} is the most` };
  const before = scope.record(place.id);
  const { attempt = 1, fence = 0 } = before ?? {};
  const numbers = { attempt: Math.max(1, attempt), fence, started_at: ctx.now, title: place.node.title };
  transition(scope, place.id, { ...carriedOver(before), ...numbers, status: 'open' }, 'node.opened');
  const ops = run.scopes === undefined ? [{ op: 'add' as const, path: '/scopes', value: {} }] : [];
  const value = record as unknown as Json;
  const added = { op: 'add' as const, path: formatPointer(['scopes', prefix]), value };
  tx.patch(runStream(run.id), { type: 'scope.opened', data: { scope: prefix, nodes: ids.length } }, [...ops, added]);
  scope.scopesChanged();
  keepFromEarlier(scope, prefix);
  return undefined;
}

/** Takes over what the earlier run finished in the same scope, where nothing has changed. */
function keepFromEarlier(scope: RunScope, prefix: string): void {
  const { run, ctx, tx } = scope;
  const earlier = run.resumed_from === undefined ? undefined : openScope(tx, ctx, run.resumed_from);
  if (earlier?.ok !== true || earlier.value.run.scopes?.[prefix] === undefined) return;
  const comparing = { earlier: earlier.value.tree(), next: scope.tree(), reader: readerOf(ctx) };
  const kept = reusable(prefix, comparing);
  if (Object.keys(kept.nodes).length > 0) keep(scope, kept);
}

/** Fails a node that cannot begin. */
function refuse(scope: RunScope, place: Place, error: Refusal): void {
  const { attempt = 0, fence = 0 } = scope.record(place.id) ?? {};
  const ended = { status: 'failed' as const, attempt: Math.max(1, attempt), fence, ended_at: scope.ctx.now };
  transition(scope, place.id, { ...ended, error: { ...error }, title: place.node.title }, 'node.failed');
}
