// The schema number of every kind of document: this program writes it, and knows none above it. A document of a newer
// program may hold fields that this one would break: it can be read as far as it is known, but not changed.
// documents/cache.ts refuses every change of one, documents/transaction.ts checks the number of new ones.

import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { kindOf } from '../store/stream.ts';

/**
 * By the kind of a stream: the part of its name before the slash. A number rises with a change that older programs
 * would break.
 */
export const documentSchemas = {
  agenda: 1,
  agent: 1,
  alias: 1,
  channel: 1,
  counter: 1,
  decision: 1,
  epic: 1,
  graph: 1,
  import: 1,
  lock: 1,
  pool: 1,
  project: 1,
  reader: 1,
  registry: 1,
  request: 1,
  reservation: 1,
  run: 1,
  session: 1,
  sprint: 1,
  store: 1,
  task: 1,
} as const;

/** The newest schema of a kind that this program knows; undefined for a kind that it does not know. */
export function knownSchema(stream: string): number | undefined {
  const kind = kindOf(stream);
  return Object.hasOwn(documentSchemas, kind) ? documentSchemas[kind as keyof typeof documentSchemas] : undefined;
}

/** Why a document must not be changed by this program; undefined if it may be. `what`: the document, in words. */
export function newerSchema(stream: string, doc: object | Json | undefined, what?: string): Failure | undefined {
  const found = schemaOf(doc);
  const known = knownSchema(stream) ?? 0;
  if (found === undefined || found <= known) return undefined;
  return { code: 'store-newer', what: what ?? `The document ${stream}`, found, known };
}

/** The document, or `store-newer`: for a command that must not even read a newer document to decide. */
export function checkSchema<T extends object>(stream: string, doc: T, what: string): Result<T> {
  const newer = newerSchema(stream, doc, what);
  return newer === undefined ? ok(doc) : fail(newer);
}

function schemaOf(doc: object | Json | undefined): number | undefined {
  const holds = typeof doc === 'object' && doc !== null && 'schema' in doc;
  return holds && typeof doc.schema === 'number' ? doc.schema : undefined;
}
