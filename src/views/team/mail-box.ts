// One channel as a reader goes through it: what needs no offering any more, what comes next in turn, what comes before
// its turn, and how the cursor must move for it. Used by mail.ts for pages and counts.

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

/** What this process's client has got of one channel. */
export interface Given {
  /** In turn: everything after `base` and up to `upTo`. */
  base: number;
  upTo: number;
  /** Besides: urgent ones that came before their turn, and old ones that were offered again. */
  extra: ReadonlySet<number>;
}

/** By `gotKey`. */
export type Got = ReadonlyMap<string, Given>;

export type Entry = readonly [n: number, message: Readonly<Message>];

/** So many messages that need no offering are passed on the record, so that nobody looks at them again. */
const PASS_ON_RECORD = 100;

export function gotKey(box: Pick<Box, 'reader' | 'channel'>): string {
  return `${box.reader}|${box.channel}`;
}

/** Messages of a channel from a number on, in order. */
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

export function messageAt(view: View, channel: string, n: number): Readonly<Message> | undefined {
  return view.get<SegmentDocument>(segmentStream(channel, n))?.messages[(n - 1) % SEGMENT_MESSAGES];
}

export class OpenBox {
  readonly box: Box;
  /** What is offered next in turn. */
  next: Entry | undefined;
  private readonly view: View;
  private readonly caller: Caller;
  private readonly now: number;
  private readonly cursor: Readonly<Cursor> | undefined;
  private readonly given: Given | undefined;
  /** Everything up to here was seen, by the record. */
  private readonly stored: number;
  /** Everything up to here the client has had, or need not have. */
  private readonly from: number;
  /** Everything up to here needs no offering either. */
  private readonly passed: number;
  private readonly queue: Generator<Entry>;
  /** Given before or out of turn. */
  private readonly extra: Set<number>;
  private readonly move: Move = {};
  private upTo: number;
  private taken = false;

  constructor(view: View, box: Box, caller: Caller, { got, now }: { got: Got; now: number }) {
    this.view = view;
    this.box = box;
    this.caller = caller;
    this.now = now;
    this.cursor = cursorOf(view, box);
    this.given = got.get(gotKey(box));
    this.stored = this.cursor?.seen ?? startOf(view, box);
    this.from = Math.max(this.stored, this.given?.upTo ?? 0);
    this.upTo = this.from;
    this.extra = new Set(this.given?.extra);
    this.queue = messagesFrom(view, box.channel, this.from + 1);
    this.advance();
    this.passed = this.next === undefined ? (headOf(view, box.channel)?.last ?? 0) : this.next[0] - 1;
  }

  /** To the next message that must be offered; notes those whose time is over. */
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

  /** Unread messages that do not wait for their turn, among the next so many. */
  *urgent(most: number): Generator<Entry> {
    let left = most;
    for (const [n, message] of messagesFrom(this.view, this.box.channel, this.from + 1)) {
      if (left <= 0) return;
      left -= 1;
      if (message.priority === 1 && this.isDue(n, message)) yield [n, message];
    }
  }

  /** Seen by an earlier connection that never acknowledged them, though they ask for something. */
  *owed(): Generator<Entry> {
    for (const n of this.cursor?.owed ?? []) {
      const { base = 0, upTo = 0 } = this.given ?? {};
      const message = (n > base && n <= upTo) || this.extra.has(n) ? undefined : this.at(n);
      if (message !== undefined && !hasLapsed(message, this.now)) yield [n, message];
    }
  }

  /** It is in the answer. */
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

  /** How many are left in turn, counted up to `most`. */
  rest(most: number): number {
    let count = 0;
    const lapsed = this.move.lapsed?.length;
    for (; this.next !== undefined && count < most; this.advance()) count += 1;
    // What lies behind the page is only counted: it is passed when a page comes to it.
    if (this.move.lapsed !== undefined && lapsed !== this.move.lapsed.length) this.move.lapsed.length = lapsed ?? 0;
    return count;
  }

  /** How the cursor must move before the answer leaves; undefined if it stands right. */
  moved(): Move | undefined {
    const { move, from, stored, passed } = this;
    if (from > stored) move.seen = from;
    // What came before its turn and lies among what is passed has been got: the client has come back since.
    const early = [...(this.given?.extra ?? [])].some((n) => n > from && n <= passed);
    if (passed - from >= PASS_ON_RECORD || early) move.seen = Math.max(move.seen ?? 0, passed);
    if (move.seen === undefined && move.offered === undefined && move.ahead === undefined) return undefined;
    // A cursor that is made now must not give back what is older than the reader.
    move.seen = Math.max(move.seen ?? 0, from);
    const owed = this.owedUpTo(move.seen);
    if (owed.length > 0) move.owed = owed;
    return move;
  }

  /** What the client will have got with this answer; undefined if nothing more than before. */
  got(): Given | undefined {
    return this.taken ? { base: this.given?.base ?? this.from, upTo: this.upTo, extra: this.extra } : undefined;
  }

  private isDue(n: number, message: Readonly<Message>): boolean {
    if (this.extra.has(n) || inRanges(this.cursor?.acked, n)) return false;
    return !this.isOwn(message) && !hasLapsed(message, this.now);
  }

  private isOwn({ from, agent }: Readonly<Message>): boolean {
    return this.box.shared && from === this.caller.session && agent === this.caller.agent;
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
 * Where a reader without a cursor begins: at the first message that is not older than it. Times grow with numbers,
 * nearly.
 */
function startOf(view: View, { channel, since }: Box): number {
  if (since === undefined) return 0;
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
