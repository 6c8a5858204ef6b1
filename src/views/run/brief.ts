// The brief of a node: everything that an agent needs to do it without other context. Used by tools/run-claim.ts;
// run_status uses `viewReader`.

import { givenTo, inputsOf, needStatus, outputOf, type Reader } from '../../domain/run/given.ts';
import type { Place, RunTree } from '../../domain/run/tree.ts';
import { nodeKinds } from '../../graph/kinds/index.ts';
import { copyJson, type Json, type JsonObject } from '../../json/json.ts';
import type { Blobs } from '../../store/port.ts';

/** Characters that the outputs of all needs may take together, unless `maxTokens` allows fewer. */
const INPUT_CHARS = 10_000;
const MIN_SHARE_CHARS = 200;

/**
 * The fields of the node's kind, and the outputs of its needs, cut to about `maxTokens` together (four characters a
 * token) but at least MIN_SHARE_CHARS each.
 */
export function briefOf(tree: RunTree, place: Place, reader: Reader, maxTokens: number): JsonObject {
  const { run } = tree;
  const { node, scope } = place;
  const record = run.nodes[place.id];
  const chars = Math.min(INPUT_CHARS, maxTokens * 4);
  const map = scope.record?.kind === 'map' ? tree.place(scope.record.of) : undefined;
  const from = map ?? place;
  const needs = from.node.needs ?? [];
  const share = Math.max(MIN_SHARE_CHARS, Math.floor(chars / Math.max(1, needs.length)));
  const inputs: JsonObject = {};
  for (const need of needs) inputs[need] = inputOf(tree, from.scope.prefix + need, reader, share);
  const kind = nodeKinds.get(node.kind);
  const error = record?.error;
  const outcomes = outcomesFor(tree, from);
  const facts = { inputs, attempt: record?.attempt ?? 1, ...(error === undefined ? {} : { last_error: { ...error } }) };
  const brief = kind?.brief(node, facts) ?? {};
  if (record?.retry_reason !== undefined) brief.retry_reason = record.retry_reason;
  if (record?.findings !== undefined) brief.findings = copyJson(record.findings as unknown as Json);
  if (scope.record?.kind === 'gates') brief.work = workFor(tree, scope.record.of, reader, share);
  if (outcomes !== undefined) brief.needs = outcomes;
  if (node.repeat !== undefined) Object.assign(brief, lastIteration(tree, place, reader, share));
  if (map !== undefined) Object.assign(brief, itemFor(tree, place, reader, share));
  const given = inputsOf(tree, scope);
  return Object.keys(given).length === 0 ? brief : { ...brief, run_inputs: copyJson(given) };
}

/** The work that a reviewer looks at. */
function workFor(tree: RunTree, id: string, reader: Reader, share: number): JsonObject {
  const { summary, evidence } = tree.run.nodes[id] ?? {};
  const output = outputOf(tree, id, reader);
  const task = tree.place(id)?.node.task;
  return {
    node: id,
    ...(task === undefined ? {} : { goal: task }),
    ...(summary === undefined ? {} : { summary }),
    ...(output === undefined ? {} : { output: cut(tree.run.id, id, output, share) }),
    ...(evidence === undefined ? {} : { evidence: cut(tree.run.id, id, evidence, share) }),
  };
}

/** Which iteration it is, and what the one before brought. */
function lastIteration(tree: RunTree, { id }: Place, reader: Reader, share: number): JsonObject {
  const { iteration = 1, previous } = tree.run.nodes[id] ?? {};
  const last = previous === undefined ? undefined : (previous.output ?? reader.stored(previous.output_blob ?? ''));
  return { iteration, ...(last === undefined ? {} : { last_output: cut(tree.run.id, id, last, share) }) };
}

/** The item of a map that the node is about. */
function itemFor(tree: RunTree, place: Place, reader: Reader, share: number): JsonObject {
  const { key = '', item } = givenTo(tree, place, reader, new Set());
  return { key, ...(item === undefined ? {} : { item: cut(tree.run.id, place.id, item, share) }) };
}

/** What became of each need, for a node that another end than success of all may have started. */
function outcomesFor(tree: RunTree, { node, scope }: Place): JsonObject | undefined {
  const surveyed = (node.trigger ?? 'all_success') === 'all_success' ? undefined : tree.surveyOf(scope);
  if (surveyed === undefined) return undefined;
  const outcomes: JsonObject = {};
  for (const need of node.needs ?? []) {
    const id = scope.prefix + need;
    const record = tree.run.nodes[id];
    const { error, summary, why } = record ?? {};
    outcomes[need] = {
      status: needStatus(record, surveyed.states[scope.prepared.index.get(id) ?? -1]),
      ...(error !== undefined && record?.status === 'failed' && { error: { ...error } }),
      ...(summary !== undefined && { summary: summary.slice(0, MIN_SHARE_CHARS) }),
      ...(why !== undefined && { why }),
    };
  }
  return outcomes;
}

function inputOf(tree: RunTree, id: string, reader: Reader, share: number): Json {
  const record = tree.run.nodes[id];
  if (record === undefined) return null;
  if (record.status === 'skipped') return { skipped: record.summary ?? true };
  const output = outputOf(tree, id, reader);
  if (output === undefined) return record.summary ?? null;
  return cut(tree.run.id, id, output, share);
}

/** A value, or its beginning with the call that shows all of it. */
function cut(run: string, id: string, value: Json, share: number): Json {
  const text = JSON.stringify(value);
  if (text.length <= share) return copyJson(value);
  const all = `run_status {"run": "${run}", "node": "${id}"}`;
  return { cut: true, characters: text.length, start: text.slice(0, share - MIN_SHARE_CHARS / 2), all };
}

/** A reader of outputs for views: a blob that is missing reads as no output. */
export function viewReader(blobs: Blobs, select: Reader['select']): Reader {
  const stored = (hash: string): Json | undefined => {
    const bytes = blobs.get(hash);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
  };
  return { stored, select };
}
