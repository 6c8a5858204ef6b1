// Starts, updates and ends sessions: pure commands, called by session_update, session_cleanup and
// app/session-binding.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { JsonObject } from '../../json/json.ts';
import { mergeOps } from '../../json/merge.ts';
import { assertAddressable } from '../../path/addressable.ts';
import type { Context, Transaction } from '../command.ts';
import { checkVersion } from '../if-version.ts';
import { joinSprint, leaveSprint, quitSprint } from '../plan/join-sprint.ts';
import { type ProjectDocument, projectStream } from '../project/document.ts';
import { documentSchemas } from '../schemas.ts';
import { tellEmergency } from '../team/emergency.ts';
import { type AliasDocument, aliasStream, bindAlias, bindSession } from './alias.ts';
import {
  expiresAtMs,
  illegalTransition,
  isOpen,
  knownSession,
  MODE_SPAN_MS,
  openSession,
  type SessionAgent,
  type SessionDocument,
  type SessionFacts,
  type SessionMode,
  type SessionStatus,
  sessionStream,
  statusAt,
  type Workspace,
} from './document.ts';

export interface StartInput {
  /** Default: unchanged; for a new session, development. */
  mode?: SessionMode | undefined;
  name?: string | undefined;
  /** The sprint it joins. */
  sprint?: string | undefined;
  clientSession?: string | undefined;
  workspace: Workspace;
  /** The id of a new session, if the caller has announced it already; default: a new one. */
  id?: string | undefined;
  /** The session to resume, if it is open. */
  resume?: string | undefined;
  /**
   * With a `resume` that no process served: its version when the caller looked. If it has changed since, another
   * process has resumed it.
   */
  unservedVersion?: number | undefined;
  /** Resume the session that the client's id is bound to now, whatever `resume` says. */
  follow?: boolean | undefined;
}

export interface StartAnswer {
  session: string;
  mode: SessionMode;
  project: string;
  workspace: string;
  resumed: boolean;
  expires_at: string;
  name?: string;
  /** Of a resumed session: when it was last seen before, ISO 8601; absent if presence does not know. */
  last_seen?: string;
  /** The session that was to be resumed, but had ended. */
  ended?: string;
}

/**
 * Resumes the named session or makes a new one, and binds the client's session id to it. Fails with `contended` if the
 * state that the caller looked at has changed: look again.
 */
export function startSession(tx: Transaction, ctx: Context, input: StartInput): Result<StartAnswer> {
  const found = candidateOf(tx, input);
  if (!found.ok) return found;
  const candidate = found.value?.session;
  const status = candidate === undefined ? undefined : statusAt(candidate, ctx.now, ctx.lastSeen);
  if (candidate !== undefined && status !== undefined && isOpen(status)) {
    const resumed = resume(tx, ctx, candidate, input);
    return resumed.ok ? ok(answerOf(resumed.value, ctx, true)) : resumed;
  }
  if (candidate !== undefined && isOpen(candidate.status)) expire(tx, ctx, candidate.id);
  ensureProject(tx, ctx, input.workspace);
  const facts = newSession(ctx, input);
  const doc: SessionDocument = { schema: documentSchemas.session, session: facts, execution: {} };
  tx.create(sessionStream(facts.id), { type: 'session.started', data: { mode: facts.mode } }, doc);
  if (facts.mode === 'emergency') tellEmergency(tx, ctx, facts);
  const tied = tie(tx, facts, input);
  if (!tied.ok) return tied;
  const answer = answerOf(facts, ctx, false);
  return ok(candidate === undefined ? answer : { ...answer, ended: candidate.id });
}

function candidateOf(tx: Transaction, input: StartInput): Result<Readonly<SessionDocument> | undefined> {
  const { clientSession, resume: wanted, unservedVersion, follow } = input;
  // Read within the transaction: of two processes that start for one window, the second finds the session of the first.
  const alias =
    follow === true && clientSession !== undefined ? tx.read<AliasDocument>(aliasStream(clientSession)) : undefined;
  if (alias !== undefined) return knownSession(tx, alias.session);
  if (wanted === undefined) return ok(undefined);
  const found = knownSession(tx, wanted);
  const stream = sessionStream(wanted);
  if (found.ok && unservedVersion !== undefined && tx.version(stream) !== unservedVersion)
    return fail({ code: 'contended', tries: 1, streams: [stream] });
  return found;
}

function newSession(ctx: Context, input: StartInput): SessionFacts {
  const { workspace, mode = 'development' } = input;
  const facts: SessionFacts = {
    id: input.id ?? ctx.id('ses'),
    mode,
    status: 'active',
    project: workspace.project,
    project_name: workspace.projectName,
    workspace: workspace.workspace,
    directory: workspace.directory,
    created_at: new Date(ctx.now).toISOString(),
    expires_at: new Date(ctx.now + MODE_SPAN_MS[mode]).toISOString(),
    user_context: {},
    agents: {},
    handoffs: [],
  };
  if (input.name !== undefined) facts.name = input.name;
  if (input.clientSession !== undefined) facts.client_session = input.clientSession;
  return facts;
}

/** Resumes an open session; only differences are written, so a second resume by the same window makes no event. */
function resume(tx: Transaction, ctx: Context, facts: SessionFacts, input: StartInput): Result<SessionFacts> {
  const stream = sessionStream(facts.id);
  const before = facts.mode;
  tx.edit<SessionDocument>(stream, { type: 'session.resumed' }, ({ session }) => {
    if (session.status === 'paused') session.status = 'active';
    if (input.mode !== undefined && session.mode !== input.mode) {
      session.mode = input.mode;
      session.expires_at = new Date(ctx.now + MODE_SPAN_MS[input.mode]).toISOString();
    }
    if (input.unservedVersion !== undefined) session.resumes = (session.resumes ?? 0) + 1;
    // Only session_update renames: a window that asks for a name means a session of its own, not another's.
    if (input.name !== undefined) session.name ??= input.name;
    if (input.clientSession !== undefined) session.client_session = input.clientSession;
  });
  if (input.mode === 'emergency' && before !== 'emergency') tellEmergency(tx, ctx, factsIn(tx, facts));
  const tied = tie(tx, facts, input);
  return tied.ok ? ok(factsIn(tx, facts)) : tied;
}

/** The facts with this command's edits so far. */
function factsIn(tx: Transaction, facts: SessionFacts): SessionFacts {
  return tx.read<SessionDocument>(sessionStream(facts.id))?.session ?? facts;
}

/** Binds the session to the client's id and to the named sprint. */
function tie(tx: Transaction, { id, project }: SessionFacts, { clientSession, sprint }: StartInput): Result<unknown> {
  const bound = bindAlias(tx, clientSession, id);
  return bound.ok && sprint !== undefined ? joinSprint(tx, id, sprint, project) : bound;
}

function ensureProject(tx: Transaction, ctx: Context, workspace: Workspace): void {
  const stream = projectStream(workspace.project);
  if (tx.read<ProjectDocument>(stream) !== undefined) return;
  const created_at = new Date(ctx.now).toISOString();
  tx.create(
    stream,
    { type: 'project.created' },
    { schema: 1, id: workspace.project, name: workspace.projectName, created_at, numbers: 'own' },
  );
}

/** The answer of a start: of a new session, or of one that goes on and was seen before. */
export function answerOf(facts: SessionFacts, ctx: Pick<Context, 'now' | 'lastSeen'>, resumed: boolean): StartAnswer {
  const expires_at = new Date(expiresAtMs(facts, resumed ? ctx.now : undefined, ctx.now)).toISOString();
  const { id: session, mode, project_name: project, directory: workspace, name } = facts;
  const answer: StartAnswer = { session, mode, project, workspace, resumed, expires_at };
  if (name !== undefined) answer.name = name;
  const seen = resumed ? ctx.lastSeen(session) : undefined;
  if (seen !== undefined) answer.last_seen = new Date(seen).toISOString();
  return answer;
}

/** Ties an open session to another window, on record: whoever reads its history sees that it was recovered. */
export function recoverSession(
  tx: Transaction,
  ctx: Context,
  session: string,
  clientSession: string | undefined,
): Result<string> {
  const bound = bindSession(tx, ctx, session, clientSession);
  if (!bound.ok) return bound;
  tx.edit<SessionDocument>(sessionStream(session), { type: 'session.recovered' }, (draft) => {
    draft.session.resumes = (draft.session.resumes ?? 0) + 1;
  });
  return bound;
}

export interface UpdateInput {
  session: string;
  name?: string | undefined;
  mode?: SessionMode | undefined;
  status?: Exclude<SessionStatus, 'expired'> | undefined;
  /** The sprint that it joins; '' leaves its present one. */
  sprint?: string | undefined;
  /** Merged (RFC 7396) into the session's user_context. */
  userContext?: JsonObject | undefined;
  agent?: { name: string; tier?: SessionAgent['tier']; role?: string | undefined } | undefined;
  ifVersion?: number | undefined;
}

export interface UpdateAnswer {
  session: string;
  status: SessionStatus;
  mode: SessionMode;
  version: number;
  changed: string[];
  expires_at: string;
}

/**
 * Changes a session's own facts. Fails with `session-ended`, `version-mismatch`, or `illegal-transition`; document.ts
 * draws the legal changes of status.
 */
export function updateSession(tx: Transaction, ctx: Context, input: UpdateInput): Result<UpdateAnswer> {
  const stream = sessionStream(input.session);
  const found = openSession(tx, input.session, ctx);
  if (!found.ok) return found;
  const facts = found.value.session;
  const { status, mode } = facts;
  const read = `state_get {path: "$.session", session: "${input.session}"}`;
  const known = { what: `session ${input.session}`, read, present: { status, mode } };
  const seen = checkVersion({ tx, ctx, stream }, input.ifVersion, known);
  if (!seen.ok) return seen;
  const illegal = input.status === undefined ? undefined : illegalTransition(facts.status, input.status);
  if (illegal !== undefined) return fail(illegal);
  const named = assertAddressable(['session', 'user_context'], input.userContext ?? null);
  if (!named.ok) return named;
  const changed = changedFields(facts, input);
  const moved = changeSprint(tx, facts, input.sprint);
  if (!moved.ok) return moved;
  if (moved.value) changed.push('sprint');
  if (input.status === 'completed') leaveSprint(tx, input.session);
  const type = input.status === 'completed' ? 'session.completed' : 'session.updated';
  tx.edit<SessionDocument>(stream, { type }, ({ session }) => applyUpdate(session, ctx, input));
  if (input.userContext !== undefined) {
    const ops = mergeOps(
      tx.read<SessionDocument>(stream)?.session.user_context,
      '/session/user_context',
      input.userContext,
    );
    tx.patch(stream, { type: 'session.updated' }, ops);
    if (ops.length > 0) changed.push('user_context');
  }
  const after = factsIn(tx, facts);
  if (changed.includes('mode') && after.mode === 'emergency') tellEmergency(tx, ctx, after);
  const expires_at = new Date(expiresAtMs(after, ctx.now, ctx.now)).toISOString();
  return ok({
    session: input.session,
    status: after.status,
    mode: after.mode,
    version: tx.version(stream),
    changed,
    expires_at,
  });
}

function changeSprint(tx: Transaction, { id, project }: SessionFacts, sprint: string | undefined): Result<boolean> {
  if (sprint === undefined) return ok(false);
  return sprint === '' ? ok(quitSprint(tx, id)) : joinSprint(tx, id, sprint, project);
}

function applyUpdate(session: SessionFacts, ctx: Context, input: UpdateInput): void {
  if (input.name !== undefined) session.name = input.name;
  if (input.mode !== undefined && input.mode !== session.mode) {
    session.mode = input.mode;
    session.expires_at = new Date(ctx.now + MODE_SPAN_MS[input.mode]).toISOString();
  }
  if (input.status !== undefined && input.status !== session.status) {
    session.status = input.status;
    if (input.status === 'completed') session.ended_at = new Date(ctx.now).toISOString();
  }
  if (input.agent !== undefined) {
    const { name, tier, role } = input.agent;
    const known = ownAgent(session, name) ?? { joined_at: new Date(ctx.now).toISOString() };
    if (tier !== undefined) known.tier = tier;
    if (role !== undefined) known.role = role;
    session.agents[name] = known;
  }
}

function ownAgent(session: SessionFacts, name: string): SessionAgent | undefined {
  return Object.hasOwn(session.agents, name) ? session.agents[name] : undefined;
}

function changedFields(facts: SessionFacts, input: UpdateInput): string[] {
  const changed: string[] = [];
  if (input.name !== undefined && input.name !== facts.name) changed.push('name');
  if (input.mode !== undefined && input.mode !== facts.mode) changed.push('mode');
  if (input.status !== undefined && input.status !== facts.status) changed.push('status');
  if (input.agent !== undefined) {
    const { name, tier, role } = input.agent;
    const known = ownAgent(facts, name);
    const same = known !== undefined && (tier ?? known.tier) === known.tier && (role ?? known.role) === known.role;
    if (!same) changed.push('agents');
  }
  return changed;
}

/** Marks a session as expired if its time is over. True if it did. */
export function expireSession(tx: Transaction, ctx: Context, id: string): Result<boolean> {
  const found = knownSession(tx, id);
  if (!found.ok) return found;
  const doc = found.value;
  if (!isOpen(doc.session.status) || statusAt(doc.session, ctx.now, ctx.lastSeen) !== 'expired') return ok(false);
  expire(tx, ctx, id);
  return ok(true);
}

function expire(tx: Transaction, ctx: Context, id: string): void {
  leaveSprint(tx, id);
  tx.edit<SessionDocument>(sessionStream(id), { type: 'session.expired' }, ({ session }) => {
    session.status = 'expired';
    session.ended_at = new Date(ctx.now).toISOString();
  });
}
