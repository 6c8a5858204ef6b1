// Repeats: a command with a request_id takes effect once, in any process and after any restart, because the same commit
// writes the request's stream and expects it to be empty. Used by batch.ts.

import { hash } from 'node:crypto';
import type { Transaction } from '../domain/command.ts';
import { checkSchema, documentSchemas } from '../domain/schemas.ts';
import { fail, ok } from '../failure/failure.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { Author } from '../store/commit.ts';
import type { Blobs } from '../store/port.ts';

/** The longest answer, in characters, that is kept in the log line; a longer one is a blob. */
const INLINE_ANSWER = 4_096;

export interface Request {
  /** The caller's own id for this effect, 1–128 characters. */
  id: string;
  /** The call's arguments without the request_id: a repeat must bring the same. */
  arguments: Json;
  /** The owner of the id, if it is not the author's session. */
  scope?: string | undefined;
}

interface RequestDocument {
  schema: typeof documentSchemas.request;
  arguments: string;
  answer?: Json;
  answer_blob?: string;
}

/** The stream of a request: a hash of its owner, tool and id. */
export function requestStream(scope: string | undefined, tool: string, id: string): string {
  return `request/${hash('sha256', JSON.stringify([scope ?? '', tool, id])).slice(0, 40)}`;
}

/** A request in the loop: the stream of its answer, and the digest of its arguments. */
export interface RequestKey {
  id: string;
  stream: string;
  digest: string;
}

/** The key of a request; its owner is `scope`, else the author's session. */
export function requestKey({ id, scope, arguments: given }: Request, { tool, session }: Author): RequestKey {
  const digest = hash('sha256', JSON.stringify(sortKeys(given))).slice(0, 32);
  return { id, stream: requestStream(scope ?? session, tool, id), digest };
}

/**
 * The stored answer of a request; undefined for a new one. Fails with `request-reused` for the same id with other
 * arguments.
 */
export function answeredBefore(tx: Transaction, { id, stream, digest }: RequestKey, blobs: Blobs) {
  const before = tx.read<RequestDocument>(stream);
  if (before === undefined) return undefined;
  const known = checkSchema(stream, before, 'The answer to this request_id');
  if (!known.ok) return known;
  if (before.arguments !== digest) return fail({ code: 'request-reused', requestId: id });
  return ok(answerOf(before, blobs));
}

/** Stores the answer for repeats, in the commit of the command. */
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

/** Sorts keys and drops keys without a value: a client may serialise a repeat differently. */
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
