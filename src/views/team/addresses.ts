// Resolves the name of a recipient to an address, and lists the channels that a reader has. A name is resolved once,
// when a message is sent; the message stays in that channel. Used by tools/message-send.ts, tools/message-read.ts,
// resources/inbox.ts and other views.

import { isName, NAME_RULE } from '../../base/safe-id.ts';
import type { Grouping, View } from '../../documents/documents.ts';
import { isOpen, sessionStream, statusAt } from '../../domain/session/document.ts';
import { agentKey } from '../../domain/session/presence-key.ts';
import {
  type Address,
  type Caller,
  type ChannelDocument,
  channelId,
  channelStream,
} from '../../domain/team/channel.ts';
import { notFound } from '../../domain/team/not-found.ts';
import { type Cursor, type ReaderDocument, readerStream } from '../../domain/team/reader.ts';
import { everybodyIn } from '../../domain/team/team.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { idOf, isId } from '../../store/stream.ts';
import { factsOf } from '../session/sessions.ts';
import { agentsIn, liveAgents, openSessions, registered, teams, type ViewScope } from './people.ts';
import { standInFor } from './registry.ts';

/** A channel of one reader. */
export interface Box {
  channel: string;
  /** The id of the reader document with the cursor. The inbox of an agent has one cursor, whoever reads it. */
  reader: string;
  /**
   * In ms since the epoch. Older messages are not for this reader, whose session began later. Absent for a channel that
   * must be joined: whoever joins it may read all of it.
   */
  since?: number;
  /** True for a channel with many readers, in which a reader's own messages are not offered to it. */
  shared: boolean;
}

/**
 * Shared messages are offered from this long before a session began: an alert must reach a session that begins a little
 * later, and a clock that was set back must not hide messages sent since.
 */
const BEFORE_START_MS = 3_600_000;
/** The most predecessors whose inboxes a session reads. */
const MAX_PREDECESSORS = 5;

/** The channels that a caller reads. The cost does not grow with the store. */
export function boxesOf(view: View, caller: Caller, project: string): Box[] {
  const facts = factsOf(view, caller.session);
  const since = (facts === undefined ? 0 : Date.parse(facts.created_at)) - BEFORE_START_MS;
  const own = caller.agent === undefined ? caller.session : agentKey(caller.session, caller.agent);
  const inside = facts === undefined ? [] : agentsIn(view, facts);
  const agents = caller.agent === undefined ? inside : [caller.agent];
  const boxes: Box[] = [];
  if (caller.agent === undefined) boxes.push(...inboxesOf(view, caller.session));
  for (const name of agents) {
    const channel = channelId({ kind: 'agent', project, name });
    boxes.push({ channel, reader: channel, shared: false });
  }
  const names = new Set([caller.session, ...agents, ...(facts?.name === undefined ? [] : [facts.name])]);
  for (const [name, team] of teams(view, project)) {
    const everybody = everybodyIn(team);
    if ([...names].some((one) => everybody.has(one)))
      boxes.push({ channel: channelId({ kind: 'team', project, name }), reader: own, since, shared: true });
  }
  boxes.push({ channel: channelId({ kind: 'all', project }), reader: own, since, shared: true });
  const joined = Object.keys(view.get<ReaderDocument>(readerStream(own))?.cursors ?? {});
  const prefix = `${project}.channel.`;
  for (const channel of joined) if (channel.startsWith(prefix)) boxes.push({ channel, reader: own, shared: true });
  return boxes;
}

/** A session's own inbox, and the inboxes of its predecessors. */
export function inboxesOf(view: View, session: string): Box[] {
  return [session, ...predecessors(view, session)].map((one) => ({ channel: one, reader: one, shared: false }));
}

/** Ids of the sessions whose handoff led to this session, the last first; at most MAX_PREDECESSORS. */
export function predecessors(view: View, session: string): string[] {
  const found: string[] = [];
  for (let at = factsOf(view, session)?.taken_from; at !== undefined && found.length < MAX_PREDECESSORS; ) {
    if (found.includes(at) || at === session) break;
    found.push(at);
    at = factsOf(view, at)?.taken_from;
  }
  return found;
}

/** The stored cursor of a reader in a channel. */
export function cursorOf(view: View, box: Pick<Box, 'reader' | 'channel'>): Readonly<Cursor> | undefined {
  return view.get<ReaderDocument>(readerStream(box.reader))?.cursors[box.channel];
}

/** The head document of a channel, with the number of its messages. */
export function headOf(view: View, channel: string): Readonly<ChannelDocument> | undefined {
  return view.get<ChannelDocument>(channelStream(channel));
}

export interface Recipient {
  address: Address;
  /** The number of its present readers without the sender. */
  recipients: number;
  /** For an agent that is not live: its stand-in. */
  instead?: string;
}

/**
 * The recipient that `to` names: `all`, `team:x`, `channel:x`, a session's id or name, or an agent's name
 * (`agent:x` if it could be either). Fails with `not-found`, or with `invalid-input` for a bad name of a channel.
 */
export function resolveRecipient(view: View, to: string, sender: string, viewScope: ViewScope): Result<Recipient> {
  const { project } = viewScope;
  if (to === 'all') {
    const others = openSessions(view, viewScope).filter(({ id }) => id !== sender);
    return ok({ address: { kind: 'all', project }, recipients: others.length });
  }
  const [, prefix, rest = ''] = /^(?:(team|channel|agent|session):)?(.*)$/s.exec(to) ?? [];
  if (prefix === 'team') return resolveTeam(view, rest, sender, viewScope);
  if (prefix === 'channel') {
    if (!isName(rest)) return badName(rest);
    const address = { kind: 'channel' as const, project, name: rest };
    const open = new Set(openSessions(view, viewScope).map(({ id }) => id));
    const readers = readersOf(view, channelId(address)).filter((one) => one !== sender && open.has(sessionOf(one)));
    return ok({ address, recipients: readers.length });
  }
  if (prefix !== 'agent' && isId(rest) && view.version(sessionStream(rest)) > 0)
    return ok({ address: { kind: 'session', project, name: rest }, recipients: isRead(view, rest, viewScope) ? 1 : 0 });
  const live = new Set(liveAgents(view, viewScope).map(({ name }) => name));
  const agents = new Set(live);
  for (const { id, retired } of registered(view, project, 'agent')) if (retired !== true) agents.add(id);
  if (prefix !== 'session' && agents.has(rest)) {
    const address = { kind: 'agent' as const, project, name: rest };
    if (live.has(rest)) return ok({ address, recipients: 1 });
    const instead = standInFor(view, project, rest, (name) => live.has(name));
    return ok(instead === undefined ? { address, recipients: 0 } : { address, recipients: 0, instead });
  }
  const open = openSessions(view, viewScope);
  const called = prefix === 'agent' ? [] : open.filter(({ name }) => name === rest).map(({ id }) => id);
  const [only, ...others] = called;
  if (only !== undefined && others.length === 0)
    return ok({ address: { kind: 'session', project, name: only }, recipients: 1 });
  if (only !== undefined) {
    const why = `${called.length} sessions have this name: give the id, which is one of ${called.join(', ')}`;
    return fail({ code: 'invalid-input', issues: [{ at: 'to', why }] });
  }
  const sessions = open.flatMap(({ id, name }) => (name === undefined ? [id] : [id, name]));
  return unknown(rest, [...(prefix === 'session' ? [] : agents), ...(prefix === 'agent' ? [] : sessions)]);
}

/** Whether an open session reads the inbox: the session itself or one whose predecessor it is. */
function isRead(view: View, session: string, viewScope: ViewScope): boolean {
  const facts = factsOf(view, session);
  const lastSeen = (who: string) => viewScope.presence.lastSeen(who);
  if (facts !== undefined && isOpen(statusAt(facts, viewScope.now, lastSeen))) return true;
  return openSessions(view, viewScope).some(({ id }) => predecessors(view, id).includes(session));
}

function resolveTeam(view: View, name: string, sender: string, viewScope: ViewScope): Result<Recipient> {
  const { project } = viewScope;
  const known = teams(view, project);
  const team = known.get(name);
  if (team === undefined) return notFound('team', name, known.keys(), 'project_get for its teams');
  const everybody = everybodyIn(team);
  const readers = openSessions(view, viewScope).filter((facts) => {
    const { id, name: called = '' } = facts;
    return id !== sender && [id, called, ...agentsIn(view, facts)].some((one) => everybody.has(one));
  });
  return ok({ address: { kind: 'team', project, name }, recipients: readers.length });
}

/** The session of a reader, whose id is a session's or an `agentKey`. */
function sessionOf(reader: string): string {
  const [session = reader] = reader.split('.', 1);
  return session;
}

/** Readers by the channels in which they have a cursor. */
const readerGroups: Grouping<ReaderDocument> = { kind: 'reader', groupsOf: ({ cursors }) => Object.keys(cursors) };

/** Ids of the readers that have a cursor in a channel. */
export function readersOf(view: View, channel: string): string[] {
  return view.grouped(readerGroups, channel).map(idOf);
}

function unknown(name: string, known: Iterable<string>): Result<never> {
  return notFound('recipient', name, known, 'session_list {} for sessions, plan_list {kind: "agent"} for agents');
}

function badName(name: string): Result<never> {
  const why = `the name of a channel is ${NAME_RULE}; found ${JSON.stringify(name.slice(0, 60))}`;
  return fail({ code: 'invalid-input', issues: [{ at: 'to', why }] });
}
