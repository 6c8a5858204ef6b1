// Everything an agent needs to do one node with no other context. Computed for the answer of run_claim.

import type { RunDocument } from '../../domain/run/document.ts';
import type { NodeRecord } from '../../domain/run/record.ts';
import { type AnyNode, nodeKinds } from '../../graph/kinds/index.ts';
import { copyJson, type Json, type JsonObject } from '../../json/json.ts';
import type { Blobs } from '../../store/port.ts';

/** Outputs of needs together, in characters, unless the agent states fewer tokens. */
const INPUT_CHARS = 10_000;
const MIN_SHARE_CHARS = 200;

/** The brief of a node: its kind's fields, and the outputs of what it needs, cut to `maxTokens`. */
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

/** A node's output, from its document or its blob; undefined if it has none or the blob is gone. */
export function outputOf(record: Readonly<NodeRecord>, blobs: Blobs): Json | undefined {
  if (record.output_blob === undefined) return record.output;
  const bytes = blobs.get(record.output_blob);
  return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
}
