// The past of a document: its events, and its value at a seq or time. Used for history, restore and recovery.

import { fail, ok, type Result } from '../failure/failure.ts';
import { copyJson, type Json } from '../json/json.ts';
import { applyOps, type PatchOp } from '../json/patch.ts';
import type { Recorded, Store } from '../store/port.ts';

/** All events of a stream, oldest first; rejects when the signal aborts. Resolves once they are durable. */
export async function eventsOf(store: Store, stream: string, signal?: AbortSignal): Promise<Recorded[]> {
  await store.refresh();
  const events = await store.readPast(stream, 1, signal);
  await store.flush();
  return events;
}

/** The document's value at a seq; undefined if it had no events yet. */
export function valueAt(events: readonly Recorded[], seq: number): Json | undefined {
  let value: Json | undefined;
  for (const event of events) {
    if (event.seq > seq) break;
    value = applyOps(value, copyOps(event.patch));
  }
  return value;
}

/**
 * A copy of operations for applying: applied values become part of a document, and a recorded event must not change.
 */
export function copyOps(ops: readonly PatchOp[]): PatchOp[] {
  return ops.map((op) => (op.op === 'remove' ? op : { op: op.op, path: op.path, value: copyJson(op.value) }));
}

/** The failure of a point before the first event: the document did not exist yet. */
export function noSuchPast(store: Store, events: readonly Recorded[], seq: string): Result<never> {
  return fail({ code: 'unknown-seq', seq, newest: store.seq(), oldest: events[0]?.seq ?? 1 });
}

/** A date, or a date and time; without a zone it is UTC, as all times that Baton writes. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * The seq of a point in the past, given as a seq (a number, or digits) or an ISO 8601 time. Fails with `unknown-seq`
 * beyond the end, or `invalid-input`.
 */
export async function seqOf(
  store: Store,
  at: string | number,
  { signal, argument = 'at' }: { signal?: AbortSignal; argument?: string } = {},
): Promise<Result<number>> {
  await store.refresh();
  const newest = store.seq();
  const seq = typeof at === 'number' || /^\d+$/.test(at) ? Number(at) : undefined;
  if (seq !== undefined)
    return seq >= 0 && seq <= newest ? ok(seq) : fail({ code: 'unknown-seq', seq: String(at), newest });
  // Checked strictly, because Date.parse accepts nearly any text with a number in it.
  const given = ISO_TIME.exec(String(at).trim());
  const text = given?.[0].replace(',', '.') ?? '';
  const ms = Date.parse(given?.[1] === undefined && text.includes('T') ? `${text}Z` : text);
  if (Number.isNaN(ms))
    return fail({ code: 'invalid-input', issues: [{ at: argument, why: 'expected a seq or an ISO 8601 time' }] });
  return ok(await store.seqAtTime(ms, signal));
}
