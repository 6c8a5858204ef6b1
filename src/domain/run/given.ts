// What a node is given: the inputs of its scope, what its needs brought, and in a map its item. Conditions, references
// and the briefs of agents are made of it. Pure reading; used by commands, views and the runner.

import type { Result } from '../../failure/failure.ts';
import { referenceOf } from '../../graph/kinds/references.ts';
import type { NeedState } from '../../graph/ready/survey.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { getAt, parsePointer } from '../../json/pointer.ts';
import { parsePath, type QueryPath } from '../../path/path.ts';
import { resolveSimple } from '../../path/walk.ts';
import type { Blobs } from '../../store/port.ts';
import type { NodeRecord } from './record.ts';
import type { Place, RunTree, Scope } from './tree.ts';

/** How values beyond documents are read. */
export interface Reader {
  /** The value of a blob; undefined if it is not at hand. */
  stored(hash: string): Json | undefined;
  select(value: Json, path: QueryPath): Result<string[]>;
}

/** A reader outside of a decision: a blob that is missing reads as no value. */
export function readerOfBlobs(blobs: Pick<Blobs, 'get'>, select: Reader['select']): Reader {
  const stored = (hash: string): Json | undefined => {
    const bytes = blobs.get(hash);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
  };
  return { stored, select };
}

/** The node whose needs and scope a node is given from: for an item of a map the node that has the map. */
function source(tree: RunTree, place: Place): Place {
  const { record, parent } = place.scope;
  return record?.kind === 'map' && parent !== undefined ? (tree.place(record.of) ?? place) : place;
}

/** The inputs that the nodes of a scope get. */
export function inputsOf(tree: RunTree, scope: Scope): Readonly<JsonObject> {
  if (scope.record?.kind === 'graph') return scope.record.inputs ?? {};
  return scope.parent === undefined ? tree.run.inputs : inputsOf(tree, scope.parent);
}

/** The node that an undo undoes; undefined for any other node. */
export function undoneBy(tree: RunTree, { scope, id }: Place): Place | undefined {
  return scope.record?.kind === 'undo' ? tree.place(id.slice(scope.prefix.length)) : undefined;
}

/**
 * {inputs, needs, item?, key?} of a node; of an undo those of what it undoes, with its output. `names`: the needs that
 * are asked for; absent: all of them.
 */
export function givenTo(tree: RunTree, place: Place, reader: Reader, names?: ReadonlySet<string>): JsonObject {
  const undone = undoneBy(tree, place);
  if (undone !== undefined) {
    const output = outputOf(tree, undone.id, reader);
    return { ...givenTo(tree, undone, reader, names), ...(output === undefined ? {} : { output }) };
  }
  const from = source(tree, place);
  const needs: JsonObject = {};
  for (const need of from.node.needs ?? [])
    if (names === undefined || names.has(need)) needs[need] = needOf(tree, from.scope, need, reader);
  const given: JsonObject = { inputs: inputsOf(tree, from.scope), needs };
  if (from === place) return given;
  const key = place.id.slice(place.scope.prefix.length);
  const item = itemOf(tree, place.scope, key, reader);
  return { ...given, key, ...(item === undefined ? {} : { item }) };
}

/** What a need is for the nodes behind it: {status, output?, why?, counts?}. */
function needOf(tree: RunTree, scope: Scope, need: string, reader: Reader): JsonObject {
  const id = scope.prefix + need;
  const record = tree.run.nodes[id];
  const state = tree.surveyOf(scope)?.states[scope.prepared.index.get(id) ?? -1];
  const output = outputOf(tree, id, reader);
  const within = tree.within(id);
  return {
    status: needStatus(record, state),
    ...(output === undefined ? {} : { output }),
    ...(record?.why === undefined ? {} : { why: record.why }),
    ...(within?.record?.kind === 'map' ? { counts: { ...within.record.counters } } : {}),
  };
}

/** How a need ended, in words; `open` while it has not: the node did not have to wait for it. */
export function needStatus(record: Readonly<NodeRecord> | undefined, state: NeedState | undefined): string {
  const status = record?.status;
  if (status === 'finished' || status === 'skipped' || status === 'failed' || status === 'cancelled') return status;
  return state === 'bad' ? 'dead' : 'open';
}

/** The output of a node; undefined if it has none, or a blob is not at hand. That of a scope is read from its nodes. */
export function outputOf(tree: RunTree, id: string, reader: Reader): Json | undefined {
  const record = tree.run.nodes[id];
  if (record === undefined) return undefined;
  if (record.output_blob !== undefined) return reader.stored(record.output_blob);
  if (record.output !== undefined) return record.output;
  const within = record.status === 'finished' || record.status === 'failed' ? tree.within(id) : undefined;
  return within === undefined || within.record?.kind === 'gates' ? undefined : scopeOutput(tree, within, reader);
}

/** What the nodes of a scope brought together, as the output of the node that opened it. */
export function scopeOutput(tree: RunTree, within: Scope, reader: Reader): Json {
  return within.record?.kind === 'map' ? itemOutputs(tree, within, reader) : graphOutput(tree, within, reader);
}

/** The results of a map in the order of its list. */
function itemOutputs(tree: RunTree, { record, prefix }: Scope, reader: Reader): Json[] {
  return (record?.keys ?? []).map((key): JsonObject => {
    const output = outputOf(tree, prefix + key, reader);
    const status = tree.run.nodes[prefix + key]?.status ?? 'waiting';
    return { key, status, ...(output === undefined ? {} : { output }) };
  });
}

/** The output of a sub-graph: as its definition says, else that of the nodes that nobody needs. */
function graphOutput(tree: RunTree, { prefix, prepared }: Scope, reader: Reader): Json {
  const { graph, dependents, ids } = prepared;
  if (graph.output !== undefined) {
    const nodes: JsonObject = {};
    for (const { id } of graph.nodes) {
      const output = outputOf(tree, prefix + id, reader);
      const status = tree.run.nodes[prefix + id]?.status ?? 'waiting';
      nodes[id] = { status, ...(output === undefined ? {} : { output }) };
    }
    return resolved(graph.output, { nodes }, reader) ?? null;
  }
  const last: JsonObject = {};
  for (const [i, id] of ids.entries()) {
    if (dependents.start[i] !== dependents.start[i + 1]) continue;
    const output = outputOf(tree, id, reader);
    if (output !== undefined) last[id.slice(prefix.length)] = output;
  }
  return last;
}

/** The list of a map as it stands in what the map's node is given; undefined if there is no list. */
export function listOf(tree: RunTree, map: Place, reader: Reader): Json[] | undefined {
  const over = map.node.map?.over;
  if (typeof over !== 'string') return Array.isArray(over) ? over : undefined;
  const list = valueAt(givenTo(tree, map, reader, namedIn(over)), over, reader);
  return Array.isArray(list) ? list : undefined;
}

function itemOf(tree: RunTree, { record }: Scope, key: string, reader: Reader): Json | undefined {
  const map = record === undefined ? undefined : tree.place(record.of);
  const list = map === undefined ? undefined : listOf(tree, map, reader);
  return list?.[record?.keys?.indexOf(key) ?? -1];
}

/** The needs that a path names; undefined if it may mean any of them. */
function namedIn(path: string): ReadonlySet<string> | undefined {
  const parsed = parsePath(path);
  if (!parsed.ok || parsed.value.kind !== 'simple') return undefined;
  const [root, need] = parsed.value.tokens;
  if (root !== 'needs') return new Set();
  return need === undefined ? undefined : new Set([String(need)]);
}

/** The value with every reference replaced by what it stands for; a place that is missing is left out. */
export function resolved(value: Json, given: JsonObject, reader: Reader): Json | undefined {
  const path = referenceOf(value);
  if (path !== undefined) return valueAt(given, path, reader);
  if (Array.isArray(value)) return value.flatMap((item) => resolved(item, given, reader) ?? []);
  if (!isObject(value)) return value;
  const found: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    const one = resolved(part, given, reader);
    if (one !== undefined) found[name] = one;
  }
  return found;
}

/** The value at a path; of a query, the list of its matches. Undefined if there is none. */
export function valueAt(given: JsonObject, path: string, { select }: Reader): Json | undefined {
  const parsed = parsePath(path);
  if (!parsed.ok) return undefined;
  if (parsed.value.kind === 'simple') {
    const found = resolveSimple(given, parsed.value.tokens);
    return found.found ? found.value : undefined;
  }
  const places = select(given, parsed.value);
  return places.ok ? places.value.flatMap((pointer) => getAt(given, parsePointer(pointer)) ?? []) : undefined;
}
