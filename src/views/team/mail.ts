// A reader's mail: what it has not had yet, page by page and in order, and how much that is. Computed from documents;
// reading a page says which cursors must move, tools/message-read.ts moves them.

import type { View } from '../../documents/documents.ts';
import {
  addressName,
  type Caller,
  callerName,
  hasLapsed,
  type Message,
  messageId,
  SEGMENT_MESSAGES,
  type SegmentDocument,
  segmentStream,
} from '../../domain/team/channel.ts';
import { inRanges } from '../../domain/team/ranges.ts';
import type { DeliveryState, Move, Moves } from '../../domain/team/reader.ts';
import { type Box, boxesOf, cursorOf, headOf } from './addresses.ts';

/** A type, not an interface: answers are open-ended objects. */
export type MessageRow = {
  id: string;
  from: string;
  /** Where it was sent, unless to the reader alone. */
  to?: string;
  at: string;
  kind: string;
  priority: number;
  thread?: string;
  expires_at?: string;
  text: string;
  state: DeliveryState;
  /** For one's own messages to several: how many readers are in which state. */
  receipts?: Partial<Record<DeliveryState, number>>;
};

/** What this process's client has got: up to which message, by `gotKey`. */
export type Got = ReadonlyMap<string, number>;

export interface Page {
  messages: MessageRow[];
  /** Messages after this page that the reader has not had. Counted up to `UNREAD_COUNTED`. */
  unread: number;
  /** What must be recorded before the page may leave; empty if nothing changed. */
  moves: Moves;
  /** What the client will have got with this page, by `gotKey`. */
  got: Map<string, number>;
}

export interface PageOptions {
  project: string;
  now: number;
  limit: number;
  /** Characters of JSON that the messages may take together. */
  maxChars: number;
  got: Got;
}

/** Unread messages are counted one by one up to here. */
export const UNREAD_COUNTED = 1_000;
/** So many messages that need no offering are passed on the record, so that nobody looks at them again. */
const PASS_ON_RECORD = 100;

export function gotKey(box: Pick<Box, 'reader' | 'channel'>): string {
  return `${box.reader}|${box.channel}`;
}

/** Messages of a channel from a number on, in order. */
export function* messagesFrom(view: View, channel: string, first: number): Iterable<[n: number, Readonly<Message>]> {
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

/** A box on its way through a page. */
interface Open {
  box: Box;
  caller: Caller;
  /** Everything up to here the client has had, or need not have. */
  from: number;
  move: Move;
  queue: Iterator<[n: number, Readonly<Message>]>;
  next: [n: number, Readonly<Message>] | undefined;
  /** Everything up to here, and after `from`, needs no offering. */
  passed: number;
  now: number;
  offered: number;
  cursor: ReturnType<typeof cursorOf>;
}

/** The next messages for a reader: each channel in its order, channels among each other by time. */
export function unreadPage(view: View, caller: Caller, options: PageOptions): Page {
  const boxes = boxesOf(view, caller, options.project).map((box) => open(view, box, caller, options));
  const page: Page = { messages: [], unread: 0, moves: {}, got: new Map() };
  let chars = 0;
  while (page.messages.length < options.limit) {
    const first = earliest(boxes);
    if (first?.next === undefined) break;
    const [n, message] = first.next;
    const row = rowOf(view, first.box, n, message, 'offered');
    chars += JSON.stringify(row).length + 1;
    if (chars > options.maxChars && page.messages.length > 0) break;
    page.messages.push(row);
    first.move.offered = n;
    page.got.set(gotKey(first.box), n);
    advance(first);
  }
  for (const one of boxes) {
    page.unread += countRest(one, UNREAD_COUNTED - page.unread);
    collect(page.moves, one);
  }
  return page;
}

/** How many messages wait for a reader, how many of them are urgent, and until when that holds if nothing is sent. */
export function unreadCount(
  view: View,
  caller: Caller,
  options: Pick<PageOptions, 'project' | 'now' | 'got'>,
): { unread: number; urgent: number; until: number } {
  const found = { unread: 0, urgent: 0, until: Number.POSITIVE_INFINITY };
  for (const box of boxesOf(view, caller, options.project)) {
    const one = open(view, box, caller, options);
    for (; one.next !== undefined && found.unread < UNREAD_COUNTED; advance(one)) {
      const [, message] = one.next;
      found.unread += 1;
      if (message.priority === 1) found.urgent += 1;
      if (message.expires_at !== undefined) found.until = Math.min(found.until, Date.parse(message.expires_at));
    }
  }
  return found;
}

/** How many messages wait for a session, whatever this process has offered it before. */
export function mailFor(view: View, session: string, project: string): number {
  return unreadCount(view, { session }, { project, now: Date.now(), got: new Map() }).unread;
}

function open(view: View, box: Box, caller: Caller, options: Pick<PageOptions, 'got' | 'now'>): Open {
  const cursor = cursorOf(view, box);
  const stored = cursor?.seen ?? startOf(view, box);
  const got = options.got.get(gotKey(box)) ?? 0;
  const from = Math.max(stored, got);
  const one: Open = {
    box,
    caller,
    from,
    move: got > stored ? { seen: got } : {},
    queue: messagesFrom(view, box.channel, from + 1)[Symbol.iterator](),
    next: undefined,
    passed: from,
    now: options.now,
    offered: cursor?.offered ?? stored,
    cursor,
  };
  advance(one);
  one.passed = one.next === undefined ? (headOf(view, box.channel)?.last ?? 0) : one.next[0] - 1;
  return one;
}

/** Where a reader without a cursor begins: at the first message that is not older than it. Times grow with numbers, nearly. */
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

/** To the next message that must be offered; notes those whose time is over. */
function advance(one: Open): void {
  for (;;) {
    const { value, done } = one.queue.next();
    if (done === true) {
      one.next = undefined;
      return;
    }
    const [n, message] = value;
    const own = one.box.shared && message.from === one.caller.session && message.agent === one.caller.agent;
    const lapsed = hasLapsed(message, one.now);
    if (!own && !lapsed && !inRanges(one.cursor?.acked, n)) {
      one.next = value;
      return;
    }
    if (!own && lapsed && n > one.offered) one.move.lapsed = [...(one.move.lapsed ?? []), n];
  }
}

function earliest(boxes: readonly Open[]): Open | undefined {
  let best: Open | undefined;
  for (const one of boxes) {
    if (one.next === undefined) continue;
    if (best?.next === undefined || one.next[1].at < best.next[1].at) best = one;
  }
  return best;
}

function countRest(one: Open, most: number): number {
  let count = 0;
  const lapsed = one.move.lapsed?.length;
  for (; one.next !== undefined && count < most; advance(one)) count += 1;
  // What lies behind the page is only counted: it is passed when a page comes to it.
  if (one.move.lapsed !== undefined && lapsed !== one.move.lapsed.length) one.move.lapsed.length = lapsed ?? 0;
  return count;
}

function collect(moves: Moves, one: Open): void {
  const { box, move } = one;
  const passes = one.passed - one.from >= PASS_ON_RECORD;
  if (passes) move.seen = Math.max(move.seen ?? 0, one.passed);
  if (move.seen === undefined && move.offered === undefined) return;
  // A cursor that is made now must not give back what is older than the reader.
  move.seen = Math.max(move.seen ?? 0, one.from);
  const { reader } = box;
  const ofReader = moves[reader] ?? {};
  ofReader[box.channel] = move;
  moves[reader] = ofReader;
}

/** A message as it is answered. */
export function rowOf(
  view: View,
  box: Pick<Box, 'channel'>,
  n: number,
  message: Readonly<Message>,
  state: DeliveryState,
): MessageRow {
  const head = headOf(view, box.channel);
  const { from, agent, at, kind, priority, thread, expires_at, text } = message;
  const row: MessageRow = {
    id: messageId(box.channel, n),
    from: callerName({ session: from, agent }),
    at,
    kind,
    priority,
    text,
    state,
  };
  if (head !== undefined && head.kind !== 'session') row.to = addressName(head);
  if (thread !== undefined) row.thread = thread;
  if (expires_at !== undefined) row.expires_at = expires_at;
  return row;
}
