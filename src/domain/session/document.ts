// The session document: one agent window's working context. Its shape, its modes and when it ends. Pure.
//
//   active <--> paused              session_update, session_start
//     |           |
//     +-----------+--> completed    session_update, an accepted handoff
//     +-----------+--> expired      expires_at has passed and nobody was seen since (a commit of session_cleanup or
//                                   of a start)

import { endOfLease } from '../../base/lease.ts';
import { type Failure, fail, type Result } from '../../failure/failure.ts';
import type { JsonObject } from '../../json/json.ts';
import { isId } from '../../store/stream.ts';
import type { Context, Transaction } from '../command.ts';
import { checkSchema, type documentSchemas } from '../schemas.ts';

export const SESSION_MODES = ['development', 'leadership', 'sprint', 'config', 'emergency'] as const;
export type SessionMode = (typeof SESSION_MODES)[number];

export const SESSION_STATUSES = ['active', 'paused', 'completed', 'expired'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

const HOUR_MS = 3_600_000;

/** How long a session lives after it was last seen, by its mode. */
export const MODE_SPAN_MS: Record<SessionMode, number> = {
  development: 24 * HOUR_MS,
  leadership: 48 * HOUR_MS,
  sprint: 168 * HOUR_MS,
  config: HOUR_MS,
  emergency: 4 * HOUR_MS,
};

/** Where a session works: a project is a git common directory, a workspace one of its worktrees. */
export interface Workspace {
  project: string;
  projectName: string;
  workspace: string;
  /** The worktree's directory, with the home directory written as `~`. */
  directory: string;
}

export interface Handoff {
  id: string;
  to: string;
  summary: string;
  next_steps: string[];
  decisions: string[];
  open_questions?: string[];
  claims: 'all' | 'none';
  offered_at: string;
  /** `withdrawn`: the work went to another receiver by another offer. */
  state: 'offered' | 'accepted' | 'withdrawn';
  accepted_by?: string;
}

export interface SessionAgent {
  tier?: 'orchestrator' | 'coordinator' | 'worker' | undefined;
  role?: string;
  joined_at: string;
}

export interface SessionFacts {
  id: string;
  name?: string;
  mode: SessionMode;
  status: SessionStatus;
  project: string;
  project_name: string;
  workspace: string;
  directory: string;
  client_session?: string;
  sprint?: string;
  created_at: string;
  /** The stored expiry; a later sign of life extends it, see `expiresAtMs`. */
  expires_at: string;
  /**
   * How often a process has resumed or recovered it. Each resume changes the document, so that of two that try at once
   * only one wins.
   */
  resumes?: number;
  ended_at?: string;
  user_context: JsonObject;
  agents: Record<string, SessionAgent>;
  handoffs: Handoff[];
  /** The session whose work this one took over. */
  taken_from?: string;
}

export interface SessionDocument {
  schema: typeof documentSchemas.session;
  session: SessionFacts;
  execution: JsonObject;
}

export function sessionStream(id: string): string {
  return `session/${id}`;
}

/** When a session ends unless it is seen again, in ms since the epoch, as judged at `now`. */
export function expiresAtMs(facts: SessionFacts, lastSeen: number | undefined, now: number): number {
  return endOfLease(Date.parse(facts.expires_at), MODE_SPAN_MS[facts.mode], lastSeen, now);
}

/** The status at `now`: a session past its time is expired even if no commit says so yet. */
export function statusAt(
  facts: SessionFacts,
  now: number,
  lastSeen: (who: string) => number | undefined,
): SessionStatus {
  // Presence is a file's time: read only once the stored expiry has passed.
  const stored = expiresAtMs(facts, undefined, now);
  if (!isOpen(facts.status) || now <= stored) return facts.status;
  return now > expiresAtMs(facts, lastSeen(facts.id), now) ? 'expired' : facts.status;
}

/** Whether work may be done in the session. */
export function isOpen(status: SessionStatus): boolean {
  return status === 'active' || status === 'paused';
}

/** The session's document. Fails with `unknown-session`, or `store-newer` for one of a newer program. */
export function knownSession(tx: Transaction, id: string): Result<Readonly<SessionDocument>> {
  const stream = sessionStream(id);
  const doc = isId(id) ? tx.read<SessionDocument>(stream) : undefined;
  if (doc === undefined) return fail({ code: 'unknown-session', session: id.slice(0, 64), near: [] });
  return checkSchema(stream, doc, `The session ${id}`);
}

/** The document of an open session. Fails as `knownSession`, or with `session-ended`. */
export function openSession(
  tx: Transaction,
  id: string,
  ctx: Pick<Context, 'now' | 'lastSeen'>,
): Result<Readonly<SessionDocument>> {
  const found = knownSession(tx, id);
  if (!found.ok) return found;
  const status = statusAt(found.value.session, ctx.now, ctx.lastSeen);
  return isOpen(status) ? found : fail({ code: 'session-ended', session: id, status });
}

const LEGAL: Record<SessionStatus, readonly SessionStatus[]> = {
  active: ['paused', 'completed'],
  paused: ['active', 'completed'],
  completed: [],
  expired: [],
};

/** The failure of an illegal change of status, or undefined if it is legal. */
export function illegalTransition(from: SessionStatus, to: SessionStatus): Failure | undefined {
  if (from === to || LEGAL[from].includes(to)) return undefined;
  return {
    code: 'illegal-transition',
    what: 'a session',
    from,
    to,
    legal: [...LEGAL[from]],
    call: 'session_start {resume: "new"}',
  };
}
