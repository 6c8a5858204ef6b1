// Lists of sessions and of handoffs that a session may accept. Computed from documents, for answers and as hints;
// commands check sessions themselves. Used by tools, resources, prompts and other views.

import type { Grouping, View } from '../../documents/documents.ts';
import {
  expiresAtMs,
  isOpen,
  type SessionDocument,
  type SessionFacts,
  type SessionStatus,
  sessionStream,
  statusAt,
} from '../../domain/session/document.ts';
import { FailureError } from '../../failure/failure.ts';
import type { Presence } from '../../store/port.ts';

export interface Offer {
  handoff: string;
  from: string;
  summary: string;
}

const SUMMARY_CHARS = 200;

/**
 * Sessions in all and by project, those among them that were not ended by a commit also by workspace, and those with
 * offers by whom they are made to.
 */
const sessionGroups: Grouping<SessionDocument> = {
  kind: 'session',
  groupsOf: ({ session }) => {
    if (!isKnownShape(session)) return [];
    const { project, workspace, handoffs } = session;
    const offers = new Set(handoffs.flatMap(({ state, to }) => (state === 'offered' ? offeredTo(to, workspace) : [])));
    const open = isOpen(session.status) ? [OPEN, openIn(project), openIn(workspace)] : [];
    return [ALL, ofProject(project), ...open, ...offers];
  },
};
const ALL = 'all';
const OPEN = 'open';
const ofProject = (project: string): string => `all ${project}`;
const openIn = (place: string): string => `open ${place}`;
const offeredTo = (to: string, workspace: string): string => (to === 'new' ? `new ${workspace}` : `offer ${to}`);

/**
 * The sessions of a project or workspace, or of all, that no commit has ended, the last changed first: the time of some
 * may be over, see `statusAt`.
 */
export function unendedSessions(view: View, place?: string): Readonly<SessionFacts>[] {
  return factsIn(view, place === undefined ? OPEN : openIn(place));
}

/** All sessions of a project, or of all projects, the last changed first. */
export function allSessions(view: View, project?: string): Readonly<SessionFacts>[] {
  return factsIn(view, project === undefined ? ALL : ofProject(project));
}

/** How many sessions a project has had. */
export function sessionCount(view: View, project: string): number {
  return view.groupSize(sessionGroups, ofProject(project));
}

function factsIn(view: View, group: string): Readonly<SessionFacts>[] {
  return view.grouped(sessionGroups, group).flatMap((stream) => readableFacts(view, stream) ?? []);
}

/** Handoffs that a session may accept: addressed to it, or to `new` by a session of its workspace. */
export function pendingHandoffs(view: View, session: string): Offer[] {
  const workspace = factsOf(view, session)?.workspace;
  const mine: Offer[] = [];
  const toNew = workspace === undefined ? [] : factsIn(view, offeredTo('new', workspace));
  for (const facts of new Set([...factsIn(view, offeredTo(session, '')), ...toNew])) {
    if (facts.id === session) continue;
    for (const { to, ...offer } of offersOf(facts))
      if (to === session || (to === 'new' && facts.workspace === workspace)) mine.push(offer);
  }
  return mine;
}

/** The open offers that the session of a stream has made, with its workspace; undefined without any. */
export function offersBy(
  view: View,
  stream: string,
): { workspace: string; offers: (Offer & { to: string })[] } | undefined {
  const facts = readableFacts(view, stream);
  const offers = facts === undefined ? [] : offersOf(facts);
  return facts === undefined || offers.length === 0 ? undefined : { workspace: facts.workspace, offers };
}

function offersOf({ id: from, handoffs }: Readonly<SessionFacts>): (Offer & { to: string })[] {
  return handoffs
    .filter(({ state }) => state === 'offered')
    .map(({ id, to, summary }) => ({ handoff: id, from, summary: summary.slice(0, SUMMARY_CHARS), to }));
}

export interface SessionRow {
  session: string;
  name?: string;
  mode: string;
  status: SessionStatus;
  project: string;
  workspace: string;
  /** True if a live process serves it. */
  live: boolean;
  last_seen?: string;
  expires_at?: string;
}

/** The rows of sessions, in their order. `now` is in ms since the epoch. */
export function sessionRows(
  sessions: readonly Readonly<SessionFacts>[],
  presence: Presence,
  now: number,
): SessionRow[] {
  return sessions.map((facts) => rowOf(facts, presence, now));
}

function rowOf(facts: Readonly<SessionFacts>, presence: Presence, now: number): SessionRow {
  const lastSeen = presence.lastSeen(facts.id);
  const status = statusAt(facts, now, () => lastSeen);
  const row: SessionRow = {
    session: facts.id,
    mode: facts.mode,
    status,
    project: facts.project_name,
    workspace: facts.directory,
    live: presence.attached(facts.id),
  };
  if (facts.name !== undefined) row.name = facts.name;
  if (lastSeen !== undefined) row.last_seen = new Date(lastSeen).toISOString();
  if (isOpen(status)) row.expires_at = new Date(expiresAtMs(facts, lastSeen, now)).toISOString();
  return row;
}

/** When the open session ends unless it is seen again, ISO 8601: what every tool answers as `expires_at`. */
export function expiryOf(
  view: View,
  presence: Pick<Presence, 'lastSeen'>,
  session: string,
  now: number = Date.now(),
): string | undefined {
  const facts = factsOf(view, session);
  if (facts === undefined) return undefined;
  return new Date(expiresAtMs(facts, presence.lastSeen(session), now)).toISOString();
}

/** Whether the session is in mode `emergency` and still open; it expires when nobody is seen in it for its span. */
export function inEmergency(view: View, presence: Presence, session: string, now: number): boolean {
  const facts = factsOf(view, session);
  if (facts?.mode !== 'emergency') return false;
  return isOpen(statusAt(facts, now, (who) => presence.lastSeen(who)));
}

/** A session's facts; undefined if it is unknown. Throws FailureError if its document is damaged. */
export function factsOf(view: View, session: string): Readonly<SessionFacts> | undefined {
  return view.get<SessionDocument>(sessionStream(session))?.session;
}

/** A session's facts, for lists: undefined if its document is damaged or of a shape that this program does not know. */
export function readableFacts(view: View, stream: string): Readonly<SessionFacts> | undefined {
  try {
    const facts = view.get<SessionDocument>(stream)?.session;
    return isKnownShape(facts) ? facts : undefined;
  } catch (error) {
    // A damaged session fails calls that name it; it must not fail lists, which others need.
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

function isKnownShape(facts: Readonly<SessionFacts> | undefined): facts is Readonly<SessionFacts> {
  return Array.isArray(facts?.handoffs);
}

/** The names of a caller beside that of its agent: a window is its session, and the one agent that it said it is. */
export function alsoNamed(view: View, session: string, agent: string): string[] {
  const facts = agent === 'main' ? factsOf(view, session) : undefined;
  if (facts === undefined) return [];
  const agents = Object.keys(facts.agents);
  const names = [session, facts.name, agents.length === 1 ? agents[0] : undefined];
  return names.flatMap((name) => (name === undefined ? [] : [name.toLowerCase()]));
}
