// A channel: the messages sent to one address, for many readers. Its shape, its addresses, and message ids. Pure.
//
// A head document holds the number of messages; the messages are in segment documents of fixed length, so that message
// 10,000 costs as much as message 10. Only the last segment changes, and only by appending: a message keeps its number
// for ever. A reader may therefore rely on messages it has read without expecting the channel's version.

import { hash } from 'node:crypto';
import { isId } from '../../store/stream.ts';

export const MESSAGE_KINDS = ['request', 'report', 'blocker', 'decision', 'handoff', 'alert', 'escalation'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Messages in one segment document. */
export const SEGMENT_MESSAGES = 200;

/** The longest text, and its longest form as JSON, in which a control character takes six. */
export const MAX_TEXT_CHARS = 8_000;
export const MAX_TEXT_JSON_CHARS = 12_000;

/** Where a message can be sent. Session ids are unique in the store; other names belong to a project. */
export type Address =
  | { kind: 'session'; project: string; name: string }
  | { kind: 'agent' | 'team' | 'channel'; project: string; name: string }
  | { kind: 'all'; project: string };

/** The sender of messages that follow from rules, such as the outcome of a decision. No session has this id. */
export const RULES_SENDER = 'baton';

export interface Message {
  /** The session of the connection it came from; `agent` if a claim proved one. */
  from: string;
  agent?: string;
  /** The user who wrote it on the command line, not the session: answers go there all the same. */
  person?: string;
  at: string;
  kind: MessageKind;
  /** 1 is the most urgent, 3 the usual. */
  priority: number;
  text: string;
  /** The message that began the conversation. */
  thread?: string;
  expires_at?: string;
}

/** The actor: a session, or an agent in it that a claim proved. */
export interface Caller {
  session: string;
  agent?: string | undefined;
  /** The user, on a person's command line: the session is where the person acts, not who acts. */
  person?: string | undefined;
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

/** The id of an address's channel; a name that would make it too long is replaced by its hash. */
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

/** Who acts: a person, else as `callerName`. No session or agent has a name with a colon. */
export function actorName(caller: Caller): string {
  return caller.person === undefined ? callerName(caller) : `person:${caller.person}`;
}

/** An address as people and agents write it. */
export function addressName(channel: Pick<ChannelDocument, 'kind' | 'name'>): string {
  if (channel.kind === 'all') return 'all';
  return channel.kind === 'session' ? channel.name : `${channel.kind}:${channel.name}`;
}

/** Whether its readers owe an acknowledgement: until then it is offered again to the reader's next connection. */
export function asksForSomething({ kind }: Pick<Message, 'kind'>): boolean {
  return kind === 'request' || kind === 'blocker' || kind === 'handoff' || kind === 'escalation';
}

/** Whether its time is over. */
export function hasLapsed(message: Readonly<Message>, now: number): boolean {
  return message.expires_at !== undefined && Date.parse(message.expires_at) <= now;
}
