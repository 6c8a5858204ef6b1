// What a reader has got of each channel: one small document per reader, so that a broadcast is one write and every
// reader moves on alone. Pure; tools/message-read.ts calls it.
//
//   queued ──message_read returns it──► offered ──the same connection reads again──► seen ──► acked
//     │                                 │  ▲  │                                       message_read {ack}, from
//     │                                 │  └──┘ the connection ended before: offered   offered too
//     │                                 │       again to the next one
//     └──its time passed──► expired     └────────────────────────────────────────────► acked
//
// What asks for something and was seen is owed an acknowledgement: a connection that dies before it gave one loses
// nothing, since the next one is offered it again. Urgent messages go ahead of their turn, which moves no cursor past
// what is left.
//
// `offered` is recorded before the answer leaves; `seen` only when the connection that got it has come back: what a
// process remembers of its own answers, and forgets when it dies. Nothing is called delivered that nobody observed.

import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { hasLapsed, type Message } from './channel.ts';
import { inRanges, type Range, withNumber } from './ranges.ts';

export const DELIVERY_STATES = ['queued', 'expired', 'offered', 'seen', 'acked'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Numbers of messages: everything up to `seen` needs no offering any more, everything up to `offered` was offered. */
export interface Cursor {
  seen: number;
  offered: number;
  acked?: Range[];
  /** Passed without being offered, because their time was over. */
  lapsed?: Range[];
  /** Offered before their turn: beyond `offered`. */
  ahead?: Range[];
  /** Seen, and not acknowledged though they ask for something: the newest so many, in order. */
  owed?: number[];
}

/** More are still to be found, but not offered again. */
const MAX_OWED = 50;

export interface ReaderDocument {
  schema: 1;
  id: string;
  /** By channel. A channel that must be joined is joined while it is here. */
  cursors: Record<string, Cursor>;
}

/** How one cursor moves; all but `seen` and `offered` are single numbers. */
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
 * Moves cursors forward, never back: two connections of one reader may move the same one. Makes documents and cursors
 * that are not there. What it rests on besides, the messages, never changes.
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
  if (open.length > 0) cursor.owed = open.slice(-MAX_OWED);
  else delete cursor.owed;
}

function add(ranges: Range[] | undefined, numbers: readonly number[] | undefined): Range[] | undefined {
  if (numbers === undefined || numbers.length === 0) return ranges;
  return numbers.reduce(
    (set, n) => withNumber(set, n),
    (ranges ?? []).map(([from, to]): Range => [from, to]),
  );
}

/** What is known of one message at one reader. */
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
