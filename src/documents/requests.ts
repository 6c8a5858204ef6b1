// Repeats: a request_id makes a command one effect in any process and after any restart, because its stream is written
// by the same commit and expected to be empty. Wraps a command; used by documents.ts.

import { hash } from 'node:crypto';
import type { Context, Decide, Transaction } from '../domain/command.ts';
import { checkSchema } from '../domain/session/document.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
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
  schema: 1;
  arguments: string;
  answer?: Json;
  answer_blob?: string;
}

export interface Repeatable<A> {
  value: A;
  replayed: boolean;
}

export function requestStream(scope: string | undefined, tool: string, id: string): string {
  return `request/${hash('sha256', JSON.stringify([scope ?? '', tool, id])).slice(0, 40)}`;
}

/**
 * The command, answering from the store if it was carried out before. Same id with other arguments: `request-reused`.
 * Without a request it is carried out every time.
 */
export function repeatable<A>(
  decide: Decide<A>,
  request: Request | undefined,
  { tool, session }: Author,
  blobs: Blobs,
): Decide<Repeatable<A>> {
  if (request === undefined)
    return (tx, ctx) => {
      const result = decide(tx, ctx);
      return result.ok ? ok({ value: result.value, replayed: false }) : result;
    };
  const stream = requestStream(request.scope ?? session, tool, request.id);
  const digest = hash('sha256', JSON.stringify(sortKeys(request.arguments))).slice(0, 32);
  return (tx: Transaction, ctx: Context): Result<Repeatable<A>> => {
    const before = tx.read<RequestDocument>(stream);
    if (before !== undefined) {
      const known = checkSchema(before, 'The answer to this request_id', 1);
      if (!known.ok) return known;
      if (before.arguments !== digest) return fail({ code: 'request-reused', requestId: request.id });
      return ok({ value: answerOf<A>(before, blobs), replayed: true });
    }
    const result = decide(tx, ctx);
    if (!result.ok) return result;
    tx.create(stream, { type: 'request.answered' }, toDocument(digest, result.value as Json, blobs));
    return ok({ value: result.value, replayed: false });
  };
}

function toDocument(digest: string, answer: Json, blobs: Blobs): RequestDocument {
  const text = JSON.stringify(answer ?? null);
  if (text.length <= INLINE_ANSWER) return { schema: 1, arguments: digest, answer };
  return { schema: 1, arguments: digest, answer_blob: blobs.put(Buffer.from(text)) };
}

function answerOf<A>(document: RequestDocument, blobs: Blobs): A {
  if (document.answer_blob === undefined) return document.answer as A;
  const bytes = blobs.get(document.answer_blob);
  if (bytes === undefined) throw new Error(`the stored answer ${document.answer_blob} is gone`);
  return JSON.parse(bytes.toString('utf8'));
}

/** Key order is not part of an argument's meaning: a client may serialise a repeat differently. */
function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key] ?? null)]),
  );
}
