// A channel: a stream of messages that many may read. Its shape, its addresses, and the names of messages. Pure.
//
// A head document says how many messages there are; they stand in segments of fixed length, so that message 10,000
// costs what message 10 costs. Only the last segment ever changes, and only by growing: what has a number keeps it for
// ever. That is why readers may rest on messages they have seen without expecting the channel's version.

import { hash } from 'node:crypto';
import { isId } from '../../store/stream.ts';

export const MESSAGE_KINDS = ['request', 'report', 'blocker', 'decision', 'handoff', 'alert', 'escalation'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Messages in one segment document. */
export const SEGMENT_MESSAGES = 200;

/** A text, and what it becomes as JSON: control characters take six characters each there. */
export const MAX_TEXT_CHARS = 8_000;
export const MAX_TEXT_JSON_CHARS = 12_000;

/** Where a message can be sent. Sessions are known everywhere; the other names belong to a project. */
export type Address =
  | { kind: 'session'; project: string; name: string }
  | { kind: 'agent' | 'team' | 'channel'; project: string; name: string }
  | { kind: 'all'; project: string };

/** Who says what no session said but follows from the rules, such as how a decision ended. No session has this id. */
export const RULES_SENDER = 'baton';

export interface Message {
  /** The session it came from, by its connection; `agent` if a claim proved one. */
  from: string;
  agent?: string;
  at: string;
  kind: MessageKind;
  /** 1 is the most urgent, 3 the usual. */
  priority: number;
  text: string;
  /** The message that began the conversation. */
  thread?: string;
  expires_at?: string;
}

/** Who acts: a session, or an agent in it that a claim proved. */
export interface Caller {
  session: string;
  agent?: string | undefined;
}

export interface ChannelDocument {
  schema: 1;
  id: string;
  kind: Address['kind'];
  project: string;
  name: string;
  /** Messages so far: the number of the last one. */
  last: number;
}

export interface SegmentDocument {
  schema: 1;
  messages: Message[];
}

export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,39}$/;

/** One id for an address; a name that would make it too long is replaced by its hash. */
export function channelId(address: Address): string {
  if (address.kind === 'session') return address.name;
  if (address.kind === 'all') return `${address.project}.all`;
  const id = `${address.project}.${address.kind}.${address.name}`;
  return isId(id) ? id : `${address.project}.${address.kind}.${hash('sha256', address.name).slice(0, 16)}`;
}

export function channelStream(id: string): string {
  return `channel/${id}`;
}

/** The stream that holds the message of this number. */
export function segmentStream(id: string, n: number): string {
  return `channel/${id}/${Math.ceil(n / SEGMENT_MESSAGES)}`;
}

export function messageId(channel: string, n: number): string {
  return `${channel}.${n}`;
}

/** The parts of a message's id, or undefined if it cannot be one. */
export function parseMessageId(id: string): { channel: string; n: number } | undefined {
  const [, channel, digits] = /^(.{1,64})\.([1-9]\d{0,9})$/.exec(id) ?? [];
  if (channel === undefined || digits === undefined || !isId(channel)) return undefined;
  return { channel, n: Number(digits) };
}

/** `ses-1`, or `ses-1/reviewer`. */
export function callerName({ session, agent }: Caller): string {
  return agent === undefined ? session : `${session}/${agent}`;
}

/** An address as people and agents write it. */
export function addressName(channel: Pick<ChannelDocument, 'kind' | 'name'>): string {
  if (channel.kind === 'all') return 'all';
  return channel.kind === 'session' ? channel.name : `${channel.kind}:${channel.name}`;
}

/** Whoever got it owes an acknowledgement: until then it is offered again to the reader's next connection. */
export function asksForSomething({ kind }: Pick<Message, 'kind'>): boolean {
  return kind === 'request' || kind === 'blocker' || kind === 'handoff' || kind === 'escalation';
}

export function hasLapsed(message: Readonly<Message>, now: number): boolean {
  return message.expires_at !== undefined && Date.parse(message.expires_at) <= now;
}
