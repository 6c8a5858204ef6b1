// Finds messages by conversation, sender or words, without moving a cursor. Searches the messages that the caller may
// read, and those it sent, which are shown with their state at each reader. Used by tools/message-read.ts,
// tools/message-send.ts and escalations.ts.

import type { Grouping, View } from '../../documents/documents.ts';
import { isOpen } from '../../domain/session/document.ts';
import {
  addressName,
  type Caller,
  type ChannelDocument,
  callerName,
  type Message,
  messageId,
} from '../../domain/team/channel.ts';
import {
  DELIVERY_STATES,
  type DeliveryState,
  type ReaderDocument,
  readerStream,
  stateOf,
} from '../../domain/team/reader.ts';
import { idOf } from '../../store/stream.ts';
import { factsOf } from '../session/sessions.ts';
import { matcher } from '../words.ts';
import { type Box, boxesOf, cursorOf, headOf, readersOf } from './addresses.ts';
import { type MessageRow, rowOf } from './mail.ts';
import { messageAt, startOf } from './mail-box.ts';
import { openSessions, type ViewScope } from './people.ts';

/** The most messages that one search examines, the newest of each channel first. */
export const SEARCHED_MESSAGES = 20_000;

export interface MailFilter {
  from?: string | undefined;
  /** The id of the conversation's first message. */
  thread?: string | undefined;
  /** Words that must all occur in the text; case does not matter. */
  text?: string | undefined;
}

interface Hit {
  box: Box | undefined;
  channel: string;
  n: number;
  message: Readonly<Message>;
}

/**
 * A page of the messages that fit: a conversation in order, anything else the newest first. `searchedAll` is false if
 * SEARCHED_MESSAGES were examined before the end.
 */
export function searchMail(
  view: View,
  caller: Caller,
  filter: MailFilter,
  page: { offset: number; limit: number; maxChars: number },
  viewScope: ViewScope,
): { messages: MessageRow[]; total: number; searchedAll: boolean } {
  const { hits, searchedAll } = collect(view, caller, filter, viewScope);
  hits.sort(byTime);
  if (filter.thread === undefined) hits.reverse();
  const messages: MessageRow[] = [];
  let chars = 0;
  for (const hit of hits.slice(page.offset, page.offset + page.limit)) {
    const row = answer(view, caller, hit, viewScope);
    chars += JSON.stringify(row).length + 1;
    if (chars > page.maxChars && messages.length > 0) break;
    messages.push(row);
  }
  return { messages, total: hits.length, searchedAll };
}

function collect(
  view: View,
  caller: Caller,
  filter: MailFilter,
  { project, now }: ViewScope,
): { hits: Hit[]; searchedAll: boolean } {
  const boxes = boxesOf(view, caller, project);
  const own = new Map(boxes.map((box) => [box.channel, box]));
  const others = channelsOf(view, project).filter((channel) => !own.has(channel));
  const fits = filterOf(filter);
  const hits: Hit[] = [];
  let left = SEARCHED_MESSAGES;
  for (const channel of [...own.keys(), ...others]) {
    const box = own.get(channel);
    const start = startOfReading(view, box, now);
    for (let n = headOf(view, channel)?.last ?? 0; n > 0 && left > 0; n -= 1, left -= 1) {
      const message = messageAt(view, channel, n);
      if (message === undefined) continue;
      const mine = message.from === caller.session && message.agent === caller.agent;
      if ((mine || n > start) && fits(message, messageId(channel, n))) hits.push({ box, channel, n, message });
    }
  }
  return { hits, searchedAll: left > 0 };
}

/**
 * Channels by project; a session's inbox belongs to none, and its document names that of the first sender. Only heads
 * are considered: the streams below one, `channel/<id>/<n>`, are segments of its messages.
 */
const channelGroups: Grouping<ChannelDocument> = {
  kind: 'channel',
  takes: (stream) => !idOf(stream).includes('/'),
  groupsOf: ({ kind, project }) => {
    if (kind === 'session') return [INBOXES];
    return kind === 'channel' ? [project, namedIn(project)] : [project];
  },
};
const INBOXES = 'inboxes';
const namedIn = (project: string): string => `named ${project}`;

/** The heads of the channels of a project that have a name, such as `channel:dev`. */
export function namedChannels(view: View, project: string): Readonly<ChannelDocument>[] {
  return view.grouped(channelGroups, namedIn(project)).flatMap((stream) => view.get<ChannelDocument>(stream) ?? []);
}

function channelsOf(view: View, project: string): string[] {
  return [...view.grouped(channelGroups, project), ...view.grouped(channelGroups, INBOXES)]
    .sort((a, b) => view.lastSeq(b) - view.lastSeq(a))
    .map(idOf);
}

function filterOf({ from, thread, text }: MailFilter): (message: Readonly<Message>, id: string) => boolean {
  const hasWords = matcher(text);
  return (message, id) => {
    if (thread !== undefined && message.thread !== thread && id !== thread) return false;
    if (
      from !== undefined &&
      ![message.from, message.agent, callerName({ session: message.from, agent: message.agent })].includes(from)
    )
      return false;
    return text === undefined || hasWords(message.text.toLowerCase());
  };
}

function byTime(a: Hit, b: Hit): number {
  if (a.message.at !== b.message.at) return a.message.at < b.message.at ? -1 : 1;
  return a.channel === b.channel ? a.n - b.n : a.channel < b.channel ? -1 : 1;
}

function answer(view: View, caller: Caller, { box, channel, n, message }: Hit, viewScope: ViewScope): MessageRow {
  const mine = message.from === caller.session && message.agent === caller.agent;
  if (!mine && box !== undefined) {
    return rowOf(view, box, n, message, stateOf(cursorOf(view, box), n, message, viewScope.now));
  }
  const receipts = receiptsOf(view, channel, n, message, viewScope);
  const reached = DELIVERY_STATES.filter((state) => (receipts[state] ?? 0) > 0);
  // Of several readers the least advanced state counts: a message is seen once all have seen it.
  const row = rowOf(view, { channel }, n, message, reached[0] ?? 'queued');
  const head = headOf(view, channel);
  if (head !== undefined) row.to = addressName(head);
  return head?.kind === 'session' || head?.kind === 'agent' ? row : { ...row, receipts };
}

/** The most advanced state of a message among its readers: one reader who acknowledges it is enough. */
export function reachedOf(
  view: View,
  { channel, n }: { channel: string; n: number },
  message: Readonly<Message>,
  viewScope: ViewScope,
): DeliveryState {
  const receipts = receiptsOf(view, channel, n, message, viewScope);
  return DELIVERY_STATES.findLast((state) => (receipts[state] ?? 0) > 0) ?? 'queued';
}

/** The number of a message's readers by state. */
function receiptsOf(
  view: View,
  channel: string,
  n: number,
  message: Readonly<Message>,
  viewScope: ViewScope,
): Partial<Record<DeliveryState, number>> {
  const head = headOf(view, channel);
  const counts: Partial<Record<DeliveryState, number>> = {};
  const count = (reader: string): void => {
    const cursor = view.get<ReaderDocument>(readerStream(reader))?.cursors[channel];
    const state = stateOf(cursor, n, message, viewScope.now);
    counts[state] = (counts[state] ?? 0) + 1;
  };
  if (head?.kind === 'session' || head?.kind === 'agent') {
    count(channel);
    return counts;
  }
  const readers = new Set(readersOf(view, channel));
  // In the channel of all, an open session that has not read anything yet is a reader too.
  if (head?.kind === 'all') for (const { id } of openSessions(view, viewScope)) readers.add(id);
  readers.delete(message.from);
  for (const reader of readers) {
    const facts = factsOf(view, reader);
    // A session that ended before the message was offered will never read it, and is not counted.
    if (facts === undefined || isOpen(facts.status) || readerHas(view, reader, channel, n)) count(reader);
  }
  return counts;
}

function readerHas(view: View, reader: string, channel: string, n: number): boolean {
  return (view.get<ReaderDocument>(readerStream(reader))?.cursors[channel]?.offered ?? 0) >= n;
}

/** A message that the caller may see, with the box that it reads it through; undefined if it may not. */
export function findMessage(
  view: View,
  caller: Caller,
  place: { channel: string; n: number },
  project: string,
): { message: Readonly<Message>; box: Box | undefined } | undefined {
  const message = messageAt(view, place.channel, place.n);
  if (message === undefined || place.n > (headOf(view, place.channel)?.last ?? 0)) return undefined;
  const box = boxesOf(view, caller, project).find(({ channel }) => channel === place.channel);
  const mine = message.from === caller.session && message.agent === caller.agent;
  return mine || place.n > startOfReading(view, box) ? { message, box } : undefined;
}

/** The number after which a caller may read the messages of a channel, which it has a box for or not. */
function startOfReading(view: View, box: Box | undefined, now = Date.now()): number {
  return box === undefined ? Number.POSITIVE_INFINITY : startOf(view, box, now);
}
