// The unread mail of a reader: page by page in order, and its count. Computed from documents: a page says which cursors
// must move, and tools/message-read.ts moves them. Used also by session tools, resources/inbox.ts, joined/mail.ts and
// the status line.

import type { View } from '../../documents/documents.ts';
import { addressName, type Caller, callerName, type Message, messageId } from '../../domain/team/channel.ts';
import type { DeliveryState, Moves } from '../../domain/team/reader.ts';
import { type Box, boxesOf, headOf, inboxesOf } from './addresses.ts';
import { type Entry, type Given, type Got, gotKey, type Looked, OpenBox } from './mail-box.ts';

/** A type, not an interface: answers are open-ended objects. */
export type MessageRow = {
  id: string;
  from: string;
  /** The user who wrote it on the command line, in the session `from`. */
  person?: string;
  /** Where it was sent; absent for another's message in the inbox of a session. */
  to?: string;
  at: string;
  kind: string;
  priority: number;
  thread?: string;
  expires_at?: string;
  text: string;
  state: DeliveryState;
  /** The number of readers by state; only for the caller's own messages to a channel of several. */
  receipts?: Partial<Record<DeliveryState, number>>;
};

export interface Page {
  messages: MessageRow[];
  /** The number of unread messages after this page, counted up to `UNREAD_COUNTED`. */
  unread: number;
  /** The moves of cursors to commit before the page may leave; empty if there are none. */
  moves: Moves;
  /** What the client will have been given with this page, by `gotKey`. */
  got: Map<string, Given>;
}

export interface PageOptions {
  project: string;
  now: number;
  limit: number;
  /** Characters of JSON that the messages may take together. */
  maxChars: number;
  got: Got;
}

/** Unread messages are counted up to this number. */
export const UNREAD_COUNTED = 1_000;

/**
 * The next page of a reader: urgent messages, then those it owes an acknowledgement, then the others by time, each
 * channel in its order.
 */
export function unreadPage(view: View, caller: Caller, options: PageOptions): Page {
  const boxes = boxesOf(view, caller, options.project).map((box) => new OpenBox(view, box, caller, options));
  const page: Page = { messages: [], unread: 0, moves: {}, got: new Map() };
  const before = beforeTheirTurn(boxes);
  let chars = 0;
  for (;;) {
    const first = before.shift() ?? earliest(boxes);
    if (first === undefined) break;
    const { one, entry, state } = first;
    const [n, message] = entry;
    const row = rowOf(view, one.box, n, message, state);
    chars += JSON.stringify(row).length + 1;
    const full = page.messages.length >= options.limit || (chars > options.maxChars && page.messages.length > 0);
    if (full) {
      before.unshift(first);
      break;
    }
    page.messages.push(row);
    one.take(n);
  }
  finish(page, boxes, before);
  return page;
}

interface Offer {
  one: OpenBox;
  entry: Entry;
  state: DeliveryState;
}

/** Messages offered out of order: urgent ones, then those that an earlier connection saw and did not acknowledge. */
function beforeTheirTurn(boxes: readonly OpenBox[]): Offer[] {
  const byTime = (a: Offer, b: Offer): number => (a.entry[1].at < b.entry[1].at ? -1 : 1);
  const urgent: Offer[] = [];
  const owed: Offer[] = [];
  for (const one of boxes) {
    for (const entry of one.urgent(UNREAD_COUNTED)) urgent.push({ one, entry, state: 'offered' });
    for (const entry of one.owed()) owed.push({ one, entry, state: 'seen' });
  }
  return [...urgent.sort(byTime), ...owed.sort(byTime)];
}

function earliest(boxes: readonly OpenBox[]): Offer | undefined {
  let best: Offer | undefined;
  for (const one of boxes) {
    if (one.next === undefined) continue;
    if (best === undefined || one.next[1].at < best.entry[1].at) best = { one, entry: one.next, state: 'offered' };
  }
  return best;
}

function finish(page: Page, boxes: readonly OpenBox[], left: readonly Offer[]): void {
  page.unread = left.filter(({ state }) => state === 'seen').length;
  for (const one of boxes) {
    page.unread += one.rest(Math.max(0, UNREAD_COUNTED - page.unread));
    const { reader, channel } = one.box;
    const [move, got] = [one.moved(), one.got()];
    if (got !== undefined) page.got.set(gotKey(one.box), got);
    if (move === undefined) continue;
    const ofReader = page.moves[reader] ?? {};
    ofReader[channel] = move;
    page.moves[reader] = ofReader;
  }
}

/**
 * The numbers of unread and of urgent messages, and until when (ms since the epoch) they hold if nothing is sent.
 * `looked`: what earlier looks of the same caller found, by `gotKey`: this one goes on there, and leaves what it found.
 */
export function unreadCount(
  view: View,
  caller: Caller,
  options: Pick<PageOptions, 'project' | 'now' | 'got'>,
  looked = new Map<string, Looked>(),
): { unread: number; urgent: number; until: number } {
  const found = { unread: 0, urgent: 0, until: Number.POSITIVE_INFINITY };
  const count = ([, message]: Entry): void => {
    found.unread += 1;
    if (message.priority === 1) found.urgent += 1;
    if (message.expires_at !== undefined) found.until = Math.min(found.until, Date.parse(message.expires_at));
  };
  for (const box of boxesOf(view, caller, options.project)) {
    const before = looked.get(gotKey(box));
    const one = new OpenBox(view, box, caller, { ...options, after: before?.upTo });
    const still = one.stillDue(before?.due ?? []);
    for (const entry of [...one.owed(), ...still]) if (found.unread < UNREAD_COUNTED) count(entry);
    const due = still.map(([n]) => n);
    for (; one.next !== undefined && found.unread < UNREAD_COUNTED; one.advance()) {
      count(one.next);
      due.push(one.next[0]);
    }
    const upTo = one.next === undefined ? (headOf(view, box.channel)?.last ?? 0) : one.next[0] - 1;
    looked.set(gotKey(box), { upTo, due });
  }
  return found;
}

/** The number of unread messages of a session, without those that this process gave its client (`got`). */
export function mailFor(view: View, session: string, project: string, got: Got): number {
  const options = { now: Date.now(), got };
  let unread = 0;
  for (const box of boxesOf(view, { session }, project))
    unread += new OpenBox(view, box, { session }, options).rest(UNREAD_COUNTED - unread);
  return unread;
}

/** The number of unread messages that a handoff moves: those in the session's inbox and its predecessors' inboxes. */
export function mailThatMoves(view: View, session: string): number {
  const options = { now: Date.now(), got: new Map() };
  let unread = 0;
  for (const box of inboxesOf(view, session))
    unread += new OpenBox(view, box, { session }, options).rest(UNREAD_COUNTED - unread);
  return unread;
}

/** A message as a row of an answer. */
export function rowOf(
  view: View,
  box: Pick<Box, 'channel'>,
  n: number,
  message: Readonly<Message>,
  state: DeliveryState,
): MessageRow {
  const head = headOf(view, box.channel);
  const { from, agent, person, at, kind, priority, thread, expires_at, text } = message;
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
  if (person !== undefined) row.person = person;
  if (thread !== undefined) row.thread = thread;
  if (expires_at !== undefined) row.expires_at = expires_at;
  return row;
}
