// The position of a reader in each channel: one small document per reader, so that a broadcast is one write and every
// reader advances alone. Pure; tools/message-read.ts calls it.
//
//   queued --message_read returns it--> offered --the same connection reads again--> seen --> acked
//     |                                 |  ▲  |                                       message_read {ack}, from
//     |                                 |  +--+ the connection ended before: offered   offered too
//     |                                 |       again to the next one
//     +--its time passed--> expired     +--------------------------------------------> acked
//
// A message that was seen and asks for something is owed an acknowledgement: if the connection ends before it, the next
// connection is offered the message again. Urgent messages are offered early; this moves no cursor past the messages
// before them.
//
// `offered` is recorded before the answer is sent; `seen` only when the same connection reads again, which a process
// remembers and forgets when it ends. No state claims a delivery that nobody observed.

import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { hasLapsed, type Message } from './channel.ts';
import { coarser, inRanges, newest, type Range, withNumber, withoutNumber } from './ranges.ts';

export const DELIVERY_STATES = ['queued', 'expired', 'offered', 'seen', 'acked'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Message numbers: those up to `seen` need no further offer, those up to `offered` were offered. */
export interface Cursor {
  seen: number;
  offered: number;
  acked?: Range[];
  /** Messages that lapsed before they were offered. */
  lapsed?: Range[];
  /** Messages beyond `offered` that were offered early. */
  ahead?: Range[];
  /** Seen messages whose acknowledgement is owed: the newest ones, ascending. */
  owed?: number[];
  /** Where the owed messages before those are: ranges that hold all of them, and may hold others. */
  owed_earlier?: Range[];
}

/** How many owed messages are listed one by one. */
const LISTED_OWED = 50;

export interface ReaderDocument {
  schema: 1;
  id: string;
  /** By channel. An entry also means membership of a channel that has to be joined. */
  cursors: Record<string, Cursor>;
}

/** The move of one cursor: `seen` and `offered` are bounds, the lists hold single numbers. */
export interface Move {
  seen?: number;
  offered?: number;
  acked?: number[];
  lapsed?: number[];
  ahead?: number[];
  owed?: number[];
  leave?: true;
}

/** Moves by reader, then by channel. */
export type Moves = Record<string, Record<string, Move>>;

export function readerStream(id: string): string {
  return `reader/${id}`;
}

/**
 * Moves cursors forward, never back: two connections of one reader may move the same one. Creates missing documents and
 * cursors. The messages it relies on never change, so they are not part of the transaction.
 */
export function moveCursors(tx: Transaction, _ctx: Context, moves: Moves): Result<undefined> {
  for (const [reader, channels] of Object.entries(moves)) {
    const stream = readerStream(reader);
    if (tx.read<ReaderDocument>(stream) === undefined) {
      const made: ReaderDocument = { schema: 1, id: reader, cursors: {} };
      for (const [channel, move] of Object.entries(channels)) apply(made, channel, move);
      tx.create(stream, { type: 'mail.read' }, made);
    } else {
      tx.edit<ReaderDocument>(stream, { type: 'mail.read' }, (draft) => {
        for (const [channel, move] of Object.entries(channels)) apply(draft, channel, move);
      });
    }
  }
  return ok(undefined);
}

function apply(reader: ReaderDocument, channel: string, move: Move): void {
  if (move.leave === true) {
    delete reader.cursors[channel];
    return;
  }
  const cursor = reader.cursors[channel] ?? { seen: 0, offered: 0 };
  reader.cursors[channel] ??= cursor;
  const target = reader.cursors[channel];
  target.seen = Math.max(cursor.seen, move.seen ?? 0);
  target.offered = Math.max(cursor.offered, move.offered ?? 0, target.seen);
  const acked = add(cursor.acked, move.acked);
  if (acked !== undefined && acked !== cursor.acked) target.acked = acked;
  const lapsed = add(cursor.lapsed, move.lapsed);
  if (lapsed !== undefined && lapsed !== cursor.lapsed) target.lapsed = lapsed;
  setAhead(target, move);
  setOwed(target, move);
}

function setAhead(cursor: Cursor, move: Move): void {
  const { offered } = cursor;
  const ahead = add(cursor.ahead, move.ahead)?.filter(([, to]) => to > offered);
  if (ahead === undefined) return;
  if (ahead.length === 0) delete cursor.ahead;
  else if (move.ahead !== undefined || ahead.length < (cursor.ahead?.length ?? 0)) cursor.ahead = ahead;
}

function setOwed(cursor: Cursor, { owed = [], acked = [] }: Move): void {
  if (owed.length === 0 && acked.length === 0) return;
  const all = new Set([...(cursor.owed ?? []), ...owed]);
  const open = [...all].filter((n) => !inRanges(cursor.acked, n)).sort((a, b) => a - b);
  if (open.length > 0) cursor.owed = open.slice(-LISTED_OWED);
  else delete cursor.owed;
  const copy = (cursor.owed_earlier ?? []).map(([from, to]): Range => [from, to]);
  const before = acked.reduce((set, n) => withoutNumber(set, n), copy);
  const earlier = coarser(open.slice(0, -LISTED_OWED).reduce((set, n) => withNumber(set, n), before));
  if (earlier.length > 0) cursor.owed_earlier = earlier;
  else delete cursor.owed_earlier;
}

function add(ranges: Range[] | undefined, numbers: readonly number[] | undefined): Range[] | undefined {
  if (numbers === undefined || numbers.length === 0) return ranges;
  const copy = (ranges ?? []).map(([from, to]): Range => [from, to]);
  return newest(numbers.reduce((set, n) => withNumber(set, n), copy));
}

/** The delivery state of one message for one reader. */
export function stateOf(
  cursor: Readonly<Cursor> | undefined,
  n: number,
  message: Readonly<Message>,
  now: number,
): DeliveryState {
  if (inRanges(cursor?.acked, n)) return 'acked';
  if (inRanges(cursor?.lapsed, n)) return 'expired';
  if (n <= (cursor?.seen ?? 0)) return 'seen';
  if (n <= (cursor?.offered ?? 0) || inRanges(cursor?.ahead, n)) return 'offered';
  return hasLapsed(message, now) ? 'expired' : 'queued';
}
