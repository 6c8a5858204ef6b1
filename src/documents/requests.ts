// Repeats: a request_id makes a command one effect in any process and after any restart, because its stream is written
// by the same commit and expected to be empty. Used by batch.ts.

import { hash } from 'node:crypto';
import type { Transaction } from '../domain/command.ts';
import { checkSchema, documentSchemas } from '../domain/schemas.ts';
import { fail, ok } from '../failure/failure.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { Author } from '../store/commit.ts';
import type { Blobs } from '../store/port.ts';

/** Answers up to this many characters are kept in the log line itself; longer ones as a blob. */
const INLINE_ANSWER = 4_096;

export interface Request {
  /** The caller's own id for this effect, 1–128 characters. */
  id: string;
  /** The arguments it stands for, without the request_id: a repeat must bring the same. */
  arguments: Json;
  /** Whose request it is, where that is not the author's session. */
  scope?: string | undefined;
}

interface RequestDocument {
  schema: typeof documentSchemas.request;
  arguments: string;
  answer?: Json;
  answer_blob?: string;
}

export function requestStream(scope: string | undefined, tool: string, id: string): string {
  return `request/${hash('sha256', JSON.stringify([scope ?? '', tool, id])).slice(0, 40)}`;
}

/** A request as the loop knows it: where its answer stands, and the digest of the arguments it stands for. */
export interface RequestKey {
  id: string;
  stream: string;
  digest: string;
}

export function requestKey({ id, scope, arguments: given }: Request, { tool, session }: Author): RequestKey {
  const digest = hash('sha256', JSON.stringify(sortKeys(given))).slice(0, 32);
  return { id, stream: requestStream(scope ?? session, tool, id), digest };
}

/**
 * The answer that a request was given before; undefined for a new one. Same id with other arguments:
 * `request-reused`.
 */
export function answeredBefore(tx: Transaction, { id, stream, digest }: RequestKey, blobs: Blobs) {
  const before = tx.read<RequestDocument>(stream);
  if (before === undefined) return undefined;
  const known = checkSchema(stream, before, 'The answer to this request_id');
  if (!known.ok) return known;
  if (before.arguments !== digest) return fail({ code: 'request-reused', requestId: id });
  return ok(answerOf(before, blobs));
}

/** Keeps the answer for repeats, in the commit that carries the command out. */
export function noteAnswer(tx: Transaction, { stream, digest }: RequestKey, answer: unknown, blobs: Blobs): void {
  tx.create(stream, { type: 'request.answered' }, toDocument(digest, answer as Json, blobs));
}

function toDocument(digest: string, answer: Json, blobs: Blobs): RequestDocument {
  const text = JSON.stringify(answer ?? null);
  const schema = documentSchemas.request;
  if (text.length <= INLINE_ANSWER) return { schema, arguments: digest, answer };
  return { schema, arguments: digest, answer_blob: blobs.put(Buffer.from(text)) };
}

function answerOf(document: RequestDocument, blobs: Blobs): unknown {
  if (document.answer_blob === undefined) return document.answer;
  const bytes = blobs.get(document.answer_blob);
  if (bytes === undefined) throw new Error(`the stored answer ${document.answer_blob} is gone`);
  return JSON.parse(bytes.toString('utf8'));
}

/**
 * Key order is no part of an argument's meaning, since a client may serialise a repeat differently; nor is a key
 * without a value.
 */
function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) sorted[key] = sortKeys(item);
  }
  return sorted;
}
