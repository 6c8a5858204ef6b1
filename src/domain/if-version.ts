// The check of `if_version`, and what the refusal of a write tells of the one that came before it: who wrote, when, and
// what is there now. Used by the commands of state/, project/, plan/, team/ and session/.

import { type Failure, fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import type { Context, Transaction } from './command.ts';

/** The most characters of JSON that a refusal shows of what is there now. */
const SHOWN_CHARS = 200;

type Present = Pick<Extract<Failure, { code: 'version-mismatch' }>, 'present' | 'by' | 'at'>;

/** What a refusal says of a document, beside its versions. */
export interface Seen {
  /** The document as its reader knows it. */
  what: string;
  /** The call that reads it. */
  read: string;
  /** The few fields that tell its reader what it is now. */
  present?: Json | undefined;
}

/** Fails with `version-mismatch` unless the caller saw the newest version of a stream, or named none. */
export function checkVersion(
  { tx, ctx, stream }: { tx: Transaction; ctx: Context; stream: string },
  expected: number | undefined,
  { what, read, present }: Seen,
): Result<undefined> {
  const actual = tx.version(stream);
  if (expected === undefined || expected === actual) return ok(undefined);
  return fail({ code: 'version-mismatch', what, expected, actual, read, ...presentAt(ctx, stream, '', present) });
}

/** The value at a place in short, with who wrote it and when as far as that is found in time. */
export function presentAt(ctx: Context, stream: string, pointer: string, value: Json | undefined): Present {
  const writer = ctx.lastWriter(stream, pointer);
  return { ...(value !== undefined && { present: inShort(value) }), ...(writer && { by: writer.by, at: writer.at }) };
}

function inShort(value: Json): string {
  const text = JSON.stringify(value);
  // Drop the first half of a surrogate pair that the cut has split.
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
