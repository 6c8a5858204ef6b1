// Sends messages: pure. One write per address however many read it; several addresses are one commit. Called by
// tools/message-send.ts, imports, and the announcements of decisions and emergencies.

import { isBeyond } from '../../base/lease.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import {
  type Address,
  type Caller,
  type ChannelDocument,
  channelId,
  channelStream,
  MAX_TEXT_CHARS,
  MAX_TEXT_JSON_CHARS,
  type Message,
  type MessageKind,
  messageId,
  SEGMENT_MESSAGES,
  type SegmentDocument,
  segmentStream,
} from './channel.ts';
import { moveCursors, type ReaderDocument, readerStream } from './reader.ts';

/** Clocks that are to be reconciled differ by less. */
const AHEAD_MS = 24 * 3_600_000;

export interface SendInput {
  from: Caller;
  to: readonly Address[];
  text: string;
  kind: MessageKind;
  priority: number;
  /** The message that began the conversation; the caller has checked that it exists. */
  thread?: string | undefined;
  /** The time of the message that it answers: an answer gets a later time, whatever the clocks say. */
  answersAt?: string | undefined;
  expiresMs?: number | undefined;
}

export interface SendAnswer {
  /** The message's id at the first address; each address has its own. */
  message: string;
  messages: string[];
}

/**
 * Appends the message to the channel of each address. A message of a caller must get `from` from its connection, never
 * from an argument. Fails with `too-large`.
 */
export function sendMessage(tx: Transaction, ctx: Context, input: SendInput): Result<SendAnswer> {
  const tooLong = checkText(input.text);
  if (tooLong !== undefined) return tooLong;
  const messages = input.to.map((address) => append(tx, ctx, address, input));
  const [message] = messages;
  if (message === undefined) throw new Error('a message without an address');
  return ok({ message, messages });
}

function checkText(text: string): Result<never> | undefined {
  const instead = 'store the details with state_set, or in a file, and send where they are';
  if (text.length > MAX_TEXT_CHARS)
    return fail({ code: 'too-large', what: 'text', limit: MAX_TEXT_CHARS, actual: text.length, instead });
  const actual = JSON.stringify(text).length;
  if (actual <= MAX_TEXT_JSON_CHARS) return undefined;
  return fail({ code: 'too-large', what: 'text, in characters of JSON,', limit: MAX_TEXT_JSON_CHARS, actual, instead });
}

function append(tx: Transaction, ctx: Context, address: Address, input: SendInput): string {
  const id = channelId(address);
  const head = channelStream(id);
  const n = (tx.read<ChannelDocument>(head)?.last ?? 0) + 1;
  const { kind, priority } = input;
  const message = compose(ctx, input, timeOf(tx, id, n - 1));
  const sent = { type: 'message.sent', data: { message: messageId(id, n), kind, priority } };
  if (n === 1) {
    const name = address.kind === 'all' ? 'all' : address.name;
    const made: ChannelDocument = { schema: 1, id, kind: address.kind, project: address.project, name, last: 1 };
    tx.create(head, { type: 'channel.created' }, made);
  } else {
    tx.patch(head, { type: 'channel.grew' }, [{ op: 'replace', path: '/last', value: n }]);
  }
  const segment = segmentStream(id, n);
  if ((n - 1) % SEGMENT_MESSAGES === 0) {
    const first: SegmentDocument = { schema: 1, messages: [message] };
    tx.create(segment, sent, first);
  } else {
    tx.patch(segment, sent, [{ op: 'add', path: '/messages/-', value: { ...message } }]);
  }
  if (address.kind === 'channel') joinAsSender(tx, ctx, input.from.session, id, n);
  return messageId(id, n);
}

/** The time of the channel's message `n`: times in a channel do not go back, because readers search by time. */
function timeOf(tx: Transaction, id: string, n: number): number {
  if (n === 0) return 0;
  const { messages = [] } = tx.read<SegmentDocument>(segmentStream(id, n)) ?? {};
  return Date.parse(messages.at(-1)?.at ?? '') || 0;
}

function compose(ctx: Context, input: SendInput, last: number): Message {
  const { from, kind, priority, text, thread, answersAt, expiresMs } = input;
  const answered = answersAt === undefined ? 0 : Date.parse(answersAt) + 1;
  // Not after a message of a clock that was far ahead: one of them would date the channel until that time has come.
  const notBefore = [last, answered].filter((ms) => !isBeyond(ms, AHEAD_MS, ctx.now));
  const at = new Date(Math.max(ctx.now, ...notBefore)).toISOString();
  const message: Message = { from: from.session, at, kind, priority, text };
  if (from.agent !== undefined) message.agent = from.agent;
  if (from.person !== undefined) message.person = from.person;
  if (thread !== undefined) message.thread = thread;
  if (expiresMs !== undefined) message.expires_at = new Date(ctx.now + expiresMs).toISOString();
  return message;
}

/** The sender joins the channel, so that it gets the answers. */
function joinAsSender(tx: Transaction, ctx: Context, session: string, channel: string, n: number): void {
  const joined = tx.read<ReaderDocument>(readerStream(session))?.cursors[channel];
  if (joined === undefined) moveCursors(tx, ctx, { [session]: { [channel]: { seen: n } } });
}
