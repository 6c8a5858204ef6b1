// One reader's way through one channel: which message is next in order, which are offered out of order (urgent ones,
// and ones owed an acknowledgement), and how the cursor must move. Used by mail.ts for pages and counts, and by
// joined/mail.ts.

import type { View } from '../../documents/documents.ts';
import {
  asksForSomething,
  type Caller,
  hasLapsed,
  type Message,
  SEGMENT_MESSAGES,
  type SegmentDocument,
  segmentStream,
} from '../../domain/team/channel.ts';
import { inRanges } from '../../domain/team/ranges.ts';
import type { Cursor, Move } from '../../domain/team/reader.ts';
import { type Box, cursorOf, headOf } from './addresses.ts';

/** The messages of one channel that the client of this process was given. */
export interface Given {
  /** Given in order: every message after `base` up to `upTo`. */
  base: number;
  upTo: number;
  /** Given out of order: urgent messages, and old ones that were offered again. */
  extra: ReadonlySet<number>;
}

/** What the client was given, by `gotKey`. */
export type Got = ReadonlyMap<string, Given>;

/**
 * What an earlier look found in a channel: of the messages up to `upTo` only `due` had to be offered. None of the
 * others will have to be again, since nothing that was read, acknowledged or expired becomes unread.
 */
export interface Looked {
  upTo: number;
  due: readonly number[];
}

export type Entry = readonly [n: number, message: Readonly<Message>];

/** The stored cursor moves past this many messages that need no offer, so that they are not read again and again. */
const PASS_ON_RECORD = 100;

/** The key of a reader's channel in `Got`. */
export function gotKey(box: Pick<Box, 'reader' | 'channel'>): string {
  return `${box.reader}|${box.channel}`;
}

/** The messages of a channel from number `first` on, in order. */
function* messagesFrom(view: View, channel: string, first: number): Generator<Entry> {
  const last = headOf(view, channel)?.last ?? 0;
  for (let n = Math.max(1, first); n <= last; ) {
    const segment = view.get<SegmentDocument>(segmentStream(channel, n));
    const from = (n - 1) % SEGMENT_MESSAGES;
    if (segment === undefined || segment.messages.length <= from) return;
    for (let at = from; at < segment.messages.length; at += 1, n += 1) {
      const message = segment.messages[at];
      if (message !== undefined) yield [n, message];
    }
  }
}

/** Message `n` of a channel, counted from 1; undefined if there is none. */
export function messageAt(view: View, channel: string, n: number): Readonly<Message> | undefined {
  return view.get<SegmentDocument>(segmentStream(channel, n))?.messages[(n - 1) % SEGMENT_MESSAGES];
}

/** Goes through a channel for one answer: `advance` and `take` messages, then ask `moved` and `got`. */
export class OpenBox {
  readonly box: Box;
  /** The next message in order that must be offered. */
  next: Entry | undefined;
  private readonly view: View;
  private readonly caller: Caller;
  private readonly now: number;
  private readonly cursor: Readonly<Cursor> | undefined;
  private readonly given: Given | undefined;
  /** The stored cursor: every message up to this number was seen. */
  private readonly stored: number;
  /** Every message up to this number was seen, or was given to this process's client. */
  private readonly from: number;
  /** Messages after `from` up to this number need no offer. */
  private readonly passed: number;
  private readonly queue: Generator<Entry>;
  /** Numbers of messages given out of order, now or before. */
  private readonly extra: Set<number>;
  private readonly move: Move = {};
  private upTo: number;
  private taken = false;

  /** `after`: messages up to this number are not looked at, see `Looked`. Only for counting. */
  constructor(
    view: View,
    box: Box,
    caller: Caller,
    { got, now, after = 0 }: { got: Got; now: number; after?: number | undefined },
  ) {
    this.view = view;
    this.box = box;
    this.caller = caller;
    this.now = now;
    this.cursor = cursorOf(view, box);
    this.given = got.get(gotKey(box));
    this.stored = this.cursor?.seen ?? startOf(view, box, now);
    this.from = Math.max(this.stored, this.given?.upTo ?? 0);
    this.upTo = this.from;
    this.extra = new Set(this.given?.extra);
    this.queue = messagesFrom(view, box.channel, Math.max(this.from, after) + 1);
    this.advance();
    this.passed = this.next === undefined ? (headOf(view, box.channel)?.last ?? 0) : this.next[0] - 1;
  }

  /** Moves `next` to the next message that must be offered; records skipped ones that expired without an offer. */
  advance(): void {
    for (;;) {
      const { value, done } = this.queue.next();
      this.next = done === true ? undefined : value;
      if (this.next === undefined) return;
      const [n, message] = this.next;
      if (this.isDue(n, message)) return;
      const { offered = this.stored, ahead } = this.cursor ?? {};
      const missed = n > offered && !inRanges(ahead, n) && !this.extra.has(n);
      if (missed && !this.isOwn(message) && hasLapsed(message, this.now))
        this.move.lapsed = [...(this.move.lapsed ?? []), n];
    }
  }

  /** Those of the messages that must still be offered. */
  stillDue(numbers: readonly number[]): Entry[] {
    return numbers.flatMap((n): Entry[] => {
      const message = n > this.from ? this.at(n) : undefined;
      return message !== undefined && this.isDue(n, message) ? [[n, message]] : [];
    });
  }

  /** Unread messages of priority 1 among the next `most`. */
  *urgent(most: number): Generator<Entry> {
    let left = most;
    for (const [n, message] of messagesFrom(this.view, this.box.channel, this.from + 1)) {
      if (left <= 0) return;
      left -= 1;
      if (message.priority === 1 && this.isDue(n, message)) yield [n, message];
    }
  }

  /** Messages that ask for something, and that an earlier connection saw but did not acknowledge. */
  *owed(): Generator<Entry> {
    const { base = 0, upTo = 0 } = this.given ?? {};
    for (const [n, message] of this.owedMessages()) {
      const given = (n > base && n <= upTo) || this.extra.has(n);
      if (!given && !hasLapsed(message, this.now)) yield [n, message];
    }
  }

  private *owedMessages(): Generator<Entry> {
    const { owed_earlier: ranges = [], owed = [], acked } = this.cursor ?? {};
    for (const [from, to] of ranges) {
      for (const [n, message] of messagesFrom(this.view, this.box.channel, from)) {
        if (n > to) break;
        if (asksForSomething(message) && !this.isOwn(message) && !inRanges(acked, n)) yield [n, message];
      }
    }
    for (const n of owed) {
      const message = this.at(n);
      if (message !== undefined) yield [n, message];
    }
  }

  /** Records that message `n` is in the answer. */
  take(n: number): void {
    this.taken = true;
    if (this.next?.[0] === n) {
      this.upTo = n;
      this.move.offered = n;
      this.advance();
      return;
    }
    this.extra.add(n);
    if (n > this.stored) this.move.ahead = [...(this.move.ahead ?? []), n];
  }

  /** The number of messages left in order, counted up to `most`. */
  rest(most: number): number {
    let count = 0;
    const lapsed = this.move.lapsed?.length;
    for (; this.next !== undefined && count < most; this.advance()) count += 1;
    // Messages after the page are only counted; expired ones among them are recorded by the page that reaches them.
    if (this.move.lapsed !== undefined && lapsed !== this.move.lapsed.length) this.move.lapsed.length = lapsed ?? 0;
    return count;
  }

  /** How the cursor must move before the answer may leave; undefined if it need not. */
  moved(): Move | undefined {
    const { move, from, stored, passed } = this;
    if (from > stored) move.seen = from;
    // A message given out of order among the passed ones is seen now, because the client has called again since.
    const early = [...(this.given?.extra ?? [])].some((n) => n > from && n <= passed);
    if (passed - from >= PASS_ON_RECORD || early) move.seen = Math.max(move.seen ?? 0, passed);
    if (move.seen === undefined && move.offered === undefined && move.ahead === undefined) return undefined;
    // A new cursor begins after the messages that are older than the reader, so that they are not offered.
    move.seen = Math.max(move.seen ?? 0, from);
    const owed = this.owedUpTo(move.seen);
    if (owed.length > 0) move.owed = owed;
    return move;
  }

  /** What the client will have been given with this answer; undefined if nothing was taken. */
  got(): Given | undefined {
    return this.taken ? { base: this.given?.base ?? this.from, upTo: this.upTo, extra: this.extra } : undefined;
  }

  private isDue(n: number, message: Readonly<Message>): boolean {
    if (this.extra.has(n) || inRanges(this.cursor?.acked, n)) return false;
    return !this.isOwn(message) && !hasLapsed(message, this.now);
  }

  private isOwn({ from, agent, person }: Readonly<Message>): boolean {
    return this.box.shared && person === undefined && from === this.caller.session && agent === this.caller.agent;
  }

  private at(n: number): Readonly<Message> | undefined {
    return messageAt(this.view, this.box.channel, n);
  }

  private owedUpTo(seen: number): number[] {
    const owed: number[] = [];
    for (const [n, message] of messagesFrom(this.view, this.box.channel, this.stored + 1)) {
      if (n > seen) break;
      const open = !this.isOwn(message) && !hasLapsed(message, this.now) && !inRanges(this.cursor?.acked, n);
      if (open && asksForSomething(message)) owed.push(n);
    }
    return owed;
  }
}

/**
 * The number of the last message before `since`, after which a reader without a cursor begins. Messages up to it are
 * neither offered nor found. A binary search, which is near enough although clocks of writers differ.
 */
export function startOf(view: View, { channel, since }: Box, now: number): number {
  // A session that began in the future was begun by a clock that was ahead: rather all messages than none until then.
  if (since === undefined || since > now) return 0;
  let low = 0;
  let high = headOf(view, channel)?.last ?? 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    const message = messageAt(view, channel, middle + 1);
    if (message !== undefined && Date.parse(message.at) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}
