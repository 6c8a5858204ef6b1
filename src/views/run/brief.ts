// The brief of a node: everything that an agent needs to do it without other context. Used by
// tools/shared/claim-next.ts.

import { givenTo, inputsOf, needStatus, outputOf, type Reader, undoneBy } from '../../domain/run/given.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import type { Place, RunTree } from '../../domain/run/tree.ts';
import { nodeKinds } from '../../graph/kinds/index.ts';
import { copyJson, type Json, type JsonObject } from '../../json/json.ts';
import { cutTo, MIN_SHARE_CHARS, MOST_TOKENS, Pack } from './pack.ts';

/**
 * The fields of the node's kind, what became of earlier tries, and the outputs of its needs, packed into about
 * `maxTokens`.
 */
export function briefOf(tree: RunTree, place: Place, reader: Reader, maxTokens: number): JsonObject {
  const { run } = tree;
  const { node, scope, id } = place;
  const record = run.nodes[id];
  const undone = undoneBy(tree, place);
  const map = scope.record?.kind === 'map' ? tree.place(scope.record.of) : undefined;
  const from = map ?? undone ?? place;
  const error = record?.error;
  const outcomes = outcomesFor(tree, from);
  const last = error === undefined ? {} : { last_error: { ...error } };
  const brief = nodeKinds.get(node.kind)?.brief(node, { inputs: {}, attempt: record?.attempt ?? 1, ...last }) ?? {};
  if (record?.retry_reason !== undefined) brief.retry_reason = record.retry_reason;
  if (record?.findings !== undefined) brief.findings = copyJson(record.findings as unknown as Json);
  if (scope.record?.kind === 'gates') brief.work = workFor(tree, scope.record.of, reader);
  if (outcomes !== undefined) brief.needs = outcomes;
  if (node.repeat !== undefined) Object.assign(brief, lastIteration(record, reader));
  if (map !== undefined) Object.assign(brief, itemFor(tree, place, reader));
  if (undone !== undefined) Object.assign(brief, undoneFor(tree, undone, reader));
  const given = inputsOf(tree, undone?.scope ?? scope);
  if (Object.keys(given).length > 0) brief.run_inputs = copyJson(given);
  const earlier = earlierTries(record);
  if (earlier.length > 0) brief.earlier = earlier;
  const pack = new Pack(brief, maxTokens);
  const detail = (of: string): string => `run_status {"run": "${run.id}", "node": "${of}"}`;
  pack.addInputs(from.node.needs ?? [], (need, share) => {
    const full = from.scope.prefix + need;
    return inputOf(tree, full, reader, (value) => cutTo(value, share, detail(full)));
  });
  const more = `run_claim {"run": "${run.id}", "node": "${id}", "max_tokens": ${MOST_TOKENS}}`;
  return pack.cut((part) =>
    part === 'work' || part === 'item' || part === 'last_output' || part === 'result' || part === 'run_inputs'
      ? more
      : detail(id),
  );
}

/** What became of the tries before, beside the error of the last one. */
function earlierTries(record: Readonly<NodeRecord> | undefined): string[] {
  const { tries = [], lost = [], late = [], error } = record ?? {};
  const failed = tries.filter(({ message }, i) => i < tries.length - 1 || message !== error?.message);
  return [
    ...failed.map(({ attempt, kind, message }) => `try ${attempt} failed (${kind}): ${message}`),
    ...lost.map(({ since }) => `lost: claimed at ${new Date(since).toISOString()}, and never reported`),
    ...late.map(({ status, summary }) => `came late, ${status}: ${summary ?? 'no summary'}`),
  ];
}

/** The work that a reviewer looks at. */
function workFor(tree: RunTree, id: string, reader: Reader): JsonObject {
  const { summary, evidence } = tree.run.nodes[id] ?? {};
  const output = outputOf(tree, id, reader);
  const task = tree.place(id)?.node.task;
  return {
    node: id,
    ...(task === undefined ? {} : { goal: task }),
    ...(summary === undefined ? {} : { summary }),
    ...(output === undefined ? {} : { output: copyJson(output) }),
    ...(evidence === undefined ? {} : { evidence: copyJson(evidence) }),
  };
}

/** Which iteration it is, and what the one before brought. */
function lastIteration(record: Readonly<NodeRecord> | undefined, reader: Reader): JsonObject {
  const { iteration = 1, previous } = record ?? {};
  const last = previous === undefined ? undefined : (previous.output ?? reader.stored(previous.output_blob ?? ''));
  return { iteration, ...(last === undefined ? {} : { last_output: copyJson(last) }) };
}

/** The item of a map that the node is about. */
function itemFor(tree: RunTree, place: Place, reader: Reader): JsonObject {
  const { key = '', item } = givenTo(tree, place, reader, new Set());
  return { key, ...(item === undefined ? {} : { item: copyJson(item) }) };
}

/** What an undo undoes, and what that brought. */
function undoneFor(tree: RunTree, { id }: Place, reader: Reader): JsonObject {
  const output = outputOf(tree, id, reader);
  return { undoes: id, ...(output === undefined ? {} : { result: copyJson(output) }) };
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

function inputOf(tree: RunTree, id: string, reader: Reader, cut: (value: Json) => Json): Json {
  const record = tree.run.nodes[id];
  if (record === undefined) return null;
  if (record.status === 'skipped') return { skipped: record.summary ?? true };
  const output = outputOf(tree, id, reader);
  if (output === undefined) return record.summary ?? null;
  return cut(output);
}
