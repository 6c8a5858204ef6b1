// Checks that a line is a JSON-RPC message that the SDK will answer, and makes the error responses for all others. A
// few property checks replace the SDK's schemas, which cost more than most calls. Used by stdio.ts.

import { isUtf8 } from 'node:buffer';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { isObject } from '../json/json.ts';
import { parseJson } from '../json/limits.ts';
import { findId, idInHead, type Line, type MessageId } from './framing.ts';

const maxBatchAnswers = 100;

export interface Refusal {
  id: MessageId | null;
  code: -32700 | -32600;
  message: string;
}

/** A line's message, or the error responses to send, with a note for the log; undefined for a blank line. */
export type Read = { message: JSONRPCMessage } | { refusals: Refusal[]; note: string } | undefined;

/** Parses and checks one line. */
export function readLine(line: Line): Read {
  if (line.kind === 'oversized') {
    const id = findId(line.head, line.tail);
    const message =
      `Invalid request: the message has ${line.size} bytes, the limit is ${MAX_MESSAGE_BYTES}; send ` +
      `less in one call`;
    return refuse(id, -32600, message);
  }
  const bytes = withoutMark(line.bytes);
  if (isBlank(bytes)) return undefined;
  if (!isUtf8(bytes)) return refuse(findId(bytes, bytes), -32700, 'Parse error: the line is not valid UTF-8');
  let value: unknown;
  try {
    value = parseJson(bytes.toString('utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError && error.message.startsWith('nested') ? error.message : 'not JSON';
    return refuse(idInHead(bytes), -32700, `Parse error: the line is ${why}; send one message per line`);
  }
  return Array.isArray(value) ? refuseBatch(value) : checkMessage(value);
}

function refuse(id: MessageId | undefined, code: Refusal['code'], message: string): Read {
  return { refusals: [{ id: id ?? null, code, message }], note: message };
}

function refuseBatch(batch: unknown[]): Read {
  const message = 'Invalid request: batches are not supported; send one message per line';
  const refusals: Refusal[] = [];
  for (const item of batch) {
    const id = isObject(item) ? knownId(item.id) : undefined;
    if (id !== undefined && refusals.length < maxBatchAnswers) refusals.push({ id, code: -32600, message });
  }
  if (refusals.length === 0) refusals.push({ id: null, code: -32600, message });
  return { refusals, note: `${message} (${batch.length} elements)` };
}

function checkMessage(value: unknown): Read {
  if (!isObject(value)) return refuse(undefined, -32600, 'Invalid request: a message is an object');
  const id = knownId(value.id);
  const bad = (why: string): Read => refuse(id ?? echoed(value.id), -32600, `Invalid request: ${why}`);
  if (value.jsonrpc !== '2.0') return bad('"jsonrpc" must be "2.0"');
  if ('id' in value && id === undefined) return bad('"id" must be a string or an integer');
  if (value.method === undefined) {
    if (id === undefined || (!isObject(value.result) && !isObject(value.error)))
      return bad('it has neither a method nor a result');
    return { message: value as unknown as JSONRPCMessage };
  }
  if (typeof value.method !== 'string') return bad('"method" must be a string');
  const params = value.params ?? undefined;
  const why = paramsFault(params);
  if (why !== undefined) return bad(why);
  // Rebuilt from the known keys, because the SDK drops a request with any other key without an answer.
  const message = {
    jsonrpc: '2.0',
    method: value.method,
    ...(id !== undefined && { id }),
    ...(params !== undefined && { params }),
  };
  return { message: message as JSONRPCMessage };
}

/** The fault of params for which the SDK would drop the message without an answer; undefined if there is none. */
function paramsFault(params: unknown): string | undefined {
  if (params === undefined) return undefined;
  if (!isObject(params)) return '"params" must be an object';
  const meta = params._meta;
  if (meta === undefined) return undefined;
  if (!isObject(meta)) return '"params._meta" must be an object';
  if ('progressToken' in meta && knownId(meta.progressToken) === undefined)
    return '"progressToken" must be a string or an integer';
  const related = meta['io.modelcontextprotocol/related-task'];
  if (related !== undefined && !(isObject(related) && typeof related.taskId === 'string'))
    return 'the related task has no "taskId"';
  return undefined;
}

function knownId(id: unknown): MessageId | undefined {
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : undefined;
}

/** An id that is refused, for the refusal: without it the caller would wait for its answer. */
function echoed(id: unknown): MessageId | undefined {
  // An integer beyond 2^53 has lost digits, so it would be another id.
  return typeof id === 'number' && Number.isFinite(id) && !Number.isInteger(id) ? id : undefined;
}

/** The bytes without a byte order mark, which some writers put before their first line. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}
