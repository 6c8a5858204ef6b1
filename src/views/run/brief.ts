// The brief of a node: everything that an agent needs to do it without other context. Used by tools/run-claim.ts;
// run_status uses `outputOf`.

import type { RunDocument } from '../../domain/run/document.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import type { RunGraph } from '../../graph/definition.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import { type NeedState, survey } from '../../graph/ready/survey.ts';
import { copyJson, type Json, type JsonObject } from '../../json/json.ts';
import type { Blobs } from '../../store/port.ts';

/** Characters that the outputs of all needs may take together, unless `maxTokens` allows fewer. */
const INPUT_CHARS = 10_000;
const MIN_SHARE_CHARS = 200;

/**
 * The fields of the node's kind, and the outputs of its needs, cut to about `maxTokens` together (four characters a
 * token) but at least MIN_SHARE_CHARS each.
 */
export function briefOf(
  run: Readonly<RunDocument>,
  graph: RunGraph,
  node: AnyNode,
  blobs: Blobs,
  maxTokens: number,
): JsonObject {
  const record = run.nodes[node.id];
  const needs = node.needs ?? [];
  const chars = Math.min(INPUT_CHARS, maxTokens * 4);
  const share = Math.max(MIN_SHARE_CHARS, Math.floor(chars / Math.max(1, needs.length)));
  const inputs: JsonObject = {};
  for (const need of needs) inputs[need] = inputOf(run.id, need, run.nodes[need], blobs, share);
  const kind = nodeKinds.get(node.kind);
  const error = record?.error;
  const outcomes = outcomesFor(run, graph, node);
  const facts = { inputs, attempt: record?.attempt ?? 1, ...(error === undefined ? {} : { last_error: { ...error } }) };
  const brief = kind?.brief(node, facts) ?? {};
  if (record?.retry_reason !== undefined) brief.retry_reason = record.retry_reason;
  if (outcomes !== undefined) brief.needs = outcomes;
  return Object.keys(run.inputs).length === 0 ? brief : { ...brief, run_inputs: copyJson(run.inputs) };
}

/** What became of each need, for a node that another end than success of all may have started. */
function outcomesFor(run: Readonly<RunDocument>, { prepared }: RunGraph, node: AnyNode): JsonObject | undefined {
  if ((node.trigger ?? 'all_success') === 'all_success') return undefined;
  const { states } = survey(prepared, run.nodes, run.on_failure);
  const outcomes: JsonObject = {};
  for (const need of node.needs ?? []) {
    const record = run.nodes[need];
    const { error, summary, why } = record ?? {};
    outcomes[need] = {
      status: outcomeOf(record?.status, states[prepared.index.get(need) ?? -1]),
      ...(error !== undefined && record?.status === 'failed' && { error: { ...error } }),
      ...(summary !== undefined && { summary: summary.slice(0, MIN_SHARE_CHARS) }),
      ...(why !== undefined && { why }),
    };
  }
  return outcomes;
}

/** A need that still goes on is open: the node did not have to wait for it. */
function outcomeOf(status: NodeStatus | undefined, state: NeedState | undefined): string {
  if (status === 'finished' || status === 'skipped' || status === 'failed' || status === 'cancelled') return status;
  return state === 'bad' ? 'dead' : 'open';
}

function inputOf(run: string, id: string, record: Readonly<NodeRecord> | undefined, blobs: Blobs, share: number): Json {
  if (record === undefined) return null;
  if (record.status === 'skipped') return { skipped: record.summary ?? true };
  const output = outputOf(record, blobs);
  if (output === undefined) return record.summary ?? null;
  const text = JSON.stringify(output);
  if (text.length <= share) return copyJson(output);
  const all = `run_status {"run": "${run}", "node": "${id}"}`;
  return { cut: true, characters: text.length, start: text.slice(0, share - MIN_SHARE_CHARS / 2), all };
}

/** A node's output, from its record or its blob; undefined if it has none or the blob is missing. */
export function outputOf(record: Readonly<NodeRecord>, blobs: Blobs): Json | undefined {
  if (record.output_blob === undefined) return record.output;
  const bytes = blobs.get(record.output_blob);
  return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
}
