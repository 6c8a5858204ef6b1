// The brief of a node: everything that an agent needs to do it without other context. Used by tools/run-claim.ts;
// run_status uses `outputOf`.

import type { RunDocument } from '../../domain/run/document.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import { copyJson, type Json, type JsonObject } from '../../json/json.ts';
import type { Blobs } from '../../store/port.ts';

/** Characters that the outputs of all needs may take together, unless `maxTokens` allows fewer. */
const INPUT_CHARS = 10_000;
const MIN_SHARE_CHARS = 200;

/**
 * The fields of the node's kind, and the outputs of its needs, cut to about `maxTokens` together (four characters a
 * token) but at least MIN_SHARE_CHARS each.
 */
export function briefOf(run: Readonly<RunDocument>, node: AnyNode, blobs: Blobs, maxTokens: number): JsonObject {
  const record = run.nodes[node.id];
  const needs = node.needs ?? [];
  const chars = Math.min(INPUT_CHARS, maxTokens * 4);
  const share = Math.max(MIN_SHARE_CHARS, Math.floor(chars / Math.max(1, needs.length)));
  const inputs: JsonObject = {};
  for (const need of needs) inputs[need] = inputOf(run.id, need, run.nodes[need], blobs, share);
  const kind = nodeKinds.get(node.kind);
  const error = record?.error;
  const facts = { inputs, attempt: record?.attempt ?? 1, ...(error === undefined ? {} : { last_error: { ...error } }) };
  const brief = kind?.brief(node, facts) ?? {};
  return Object.keys(run.inputs).length === 0 ? brief : { ...brief, run_inputs: copyJson(run.inputs) };
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
