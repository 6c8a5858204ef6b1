// Starting, updating, handing over and ending sessions: pure commands. tools/session-*.ts and session-binding.ts call them.

import { hash } from 'node:crypto';
import { fail, ok, type Result } from '../failure.ts';
import { isObject, type JsonObject } from '../json/json.ts';
import { mergeOps } from '../json/merge.ts';
import type { Context, Transaction } from './command.ts';
import {
  expiresAtMs,
  type Handoff,
  illegalTransition,
  isOpen,
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
} from './session.ts';

interface AliasDocument {
  schema: 1;
  client_session: string;
  session: string;
}

interface ProjectDocument {
  schema: 1;
  id: string;
  name: string;
  created_at: string;
}

/** Where a client's own session id is tied to one of ours. */
export function aliasStream(clientSession: string): string {
  return `alias/${hash('sha256', clientSession).slice(0, 32)}`;
}

export function projectStream(id: string): string {
  return `project/${id}`;
}

export interface StartInput {
  mode: SessionMode;
  name?: string | undefined;
  sprint?: string | undefined;
  clientSession?: string | undefined;
  workspace: Workspace;
  /** The open session to go on with, if there is one and a new one was not asked for. */
  resume?: string | undefined;
}

export interface StartAnswer {
  session: string;
  mode: SessionMode;
  project: string;
  workspace: string;
  resumed: boolean;
  expires_at: string;
}

/** Resumes the named session or makes a new one, and ties the client's session id to it. */
export function startSession(tx: Transaction, ctx: Context, input: StartInput): Result<StartAnswer> {
  const resumable = input.resume === undefined ? undefined : tx.read<SessionDocument>(sessionStream(input.resume));
  const status =
    resumable === undefined ? undefined : statusAt(resumable.session, ctx.now, ctx.lastSeen);
  if (resumable !== undefined && status !== undefined && isOpen(status)) {
    return ok(answerOf(resume(tx, ctx, resumable.session, input), ctx, true));
  }
  if (resumable !== undefined && status === 'expired' && isOpen(resumable.session.status))
    end(tx, ctx, resumable.session.id, 'expired');
  ensureProject(tx, ctx, input.workspace);
  const facts = newSession(ctx, input, resumable?.session.id);
  const doc: SessionDocument = { schema: 1, session: facts, execution: {} };
  tx.create(sessionStream(facts.id), { type: 'session.started', data: { mode: facts.mode } }, doc);
  bindAlias(tx, input.clientSession, facts.id);
  return ok(answerOf(facts, ctx, false));
}

function newSession(ctx: Context, input: StartInput, previous: string | undefined): SessionFacts {
  const { workspace } = input;
  const facts: SessionFacts = {
    id: ctx.id('ses'),
    mode: input.mode,
    status: 'active',
    project: workspace.project,
    project_name: workspace.projectName,
    workspace: workspace.workspace,
    directory: workspace.directory,
    created_at: new Date(ctx.now).toISOString(),
    expires_at: new Date(ctx.now + MODE_SPAN_MS[input.mode]).toISOString(),
    user_context: {},
    agents: {},
    handoffs: [],
  };
  if (input.name !== undefined) facts.name = input.name;
  if (input.sprint !== undefined) facts.sprint = input.sprint;
  if (input.clientSession !== undefined) facts.client_session = input.clientSession;
  if (previous !== undefined) facts.taken_from = previous;
  return facts;
}

/** Goes on with an open session; only what differs is written, so resuming twice costs nothing. */
function resume(tx: Transaction, ctx: Context, facts: SessionFacts, input: StartInput): SessionFacts {
  const stream = sessionStream(facts.id);
  tx.edit<SessionDocument>(stream, { type: 'session.resumed' }, ({ session }) => {
    if (session.status === 'paused') session.status = 'active';
    if (session.mode !== input.mode) {
      session.mode = input.mode;
      session.expires_at = new Date(ctx.now + MODE_SPAN_MS[input.mode]).toISOString();
    }
    if (input.name !== undefined) session.name = input.name;
    if (input.sprint !== undefined) session.sprint = input.sprint;
    if (input.clientSession !== undefined) session.client_session = input.clientSession;
  });
  bindAlias(tx, input.clientSession, facts.id);
  return tx.read<SessionDocument>(stream)?.session ?? facts;
}

function bindAlias(tx: Transaction, clientSession: string | undefined, session: string): void {
  if (clientSession === undefined) return;
  const stream = aliasStream(clientSession);
  const alias = tx.read<AliasDocument>(stream);
  if (alias === undefined) {
    tx.create(stream, { type: 'alias.bound' }, { schema: 1, client_session: clientSession, session });
  } else if (alias.session !== session) {
    tx.edit<AliasDocument>(stream, { type: 'alias.bound' }, (draft) => {
      draft.session = session;
    });
  }
}

/** Ties a client's session id to an open session of ours. */
export function bindSession(
  tx: Transaction,
  ctx: Context,
  session: string,
  clientSession: string | undefined,
): Result<string> {
  const found = openSession(tx, session, ctx);
  if (!found.ok) return found;
  bindAlias(tx, clientSession, session);
  return ok(session);
}

function ensureProject(tx: Transaction, ctx: Context, workspace: Workspace): void {
  const stream = projectStream(workspace.project);
  if (tx.read<ProjectDocument>(stream) !== undefined) return;
  const created_at = new Date(ctx.now).toISOString();
  tx.create(
    stream,
    { type: 'project.created' },
    { schema: 1, id: workspace.project, name: workspace.projectName, created_at },
  );
}

function answerOf(facts: SessionFacts, ctx: Context, resumed: boolean): StartAnswer {
  const expires_at = new Date(expiresAtMs(facts, resumed ? ctx.now : undefined)).toISOString();
  const { id: session, mode, project_name: project, directory: workspace } = facts;
  return { session, mode, project, workspace, resumed, expires_at };
}

export interface UpdateInput {
  session: string;
  name?: string | undefined;
  mode?: SessionMode | undefined;
  status?: Exclude<SessionStatus, 'expired'> | undefined;
  sprint?: string | undefined;
  /** Merged (RFC 7396) into the session's user_context. */
  userContext?: JsonObject | undefined;
  agent?: ({ name: string } & Partial<Pick<SessionAgent, 'tier' | 'role'>>) | undefined;
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

/** Changes a session's own facts. Legal changes of status are drawn in session.ts. */
export function updateSession(tx: Transaction, ctx: Context, input: UpdateInput): Result<UpdateAnswer> {
  const stream = sessionStream(input.session);
  const found = openSession(tx, input.session, ctx);
  if (!found.ok) return found;
  const version = tx.version(stream);
  if (input.ifVersion !== undefined && input.ifVersion !== version) {
    return fail({
      code: 'version-mismatch',
      what: `session ${input.session}`,
      expected: input.ifVersion,
      actual: version,
    });
  }
  const facts = found.value.session;
  const illegal = input.status === undefined ? undefined : illegalTransition(facts.status, input.status);
  if (illegal !== undefined) return fail(illegal);
  const changed = changedFields(facts, input);
  tx.edit<SessionDocument>(stream, { type: 'session.updated' }, ({ session }) => applyUpdate(session, ctx, input));
  if (input.userContext !== undefined) {
    const ops = mergeOps(
      tx.read<SessionDocument>(stream)?.session.user_context,
      '/session/user_context',
      input.userContext,
    );
    tx.patch(stream, { type: 'session.updated' }, ops);
    if (ops.length > 0) changed.push('user_context');
  }
  const after = tx.read<SessionDocument>(stream)?.session ?? facts;
  const expires_at = new Date(expiresAtMs(after, ctx.now)).toISOString();
  return ok({
    session: input.session,
    status: after.status,
    mode: after.mode,
    version: tx.version(stream),
    changed,
    expires_at,
  });
}

function applyUpdate(session: SessionFacts, ctx: Context, input: UpdateInput): void {
  if (input.name !== undefined) session.name = input.name;
  if (input.sprint !== undefined) session.sprint = input.sprint;
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
    const known = session.agents[name] ?? { joined_at: new Date(ctx.now).toISOString() };
    if (tier !== undefined) known.tier = tier;
    if (role !== undefined) known.role = role;
    session.agents[name] = known;
  }
}

function changedFields(facts: SessionFacts, input: UpdateInput): string[] {
  const changed: string[] = [];
  if (input.name !== undefined && input.name !== facts.name) changed.push('name');
  if (input.sprint !== undefined && input.sprint !== facts.sprint) changed.push('sprint');
  if (input.mode !== undefined && input.mode !== facts.mode) changed.push('mode');
  if (input.status !== undefined && input.status !== facts.status) changed.push('status');
  if (input.agent !== undefined) changed.push('agents');
  return changed;
}

export interface HandoffInput {
  session: string;
  to: string;
  summary: string;
  nextSteps: string[];
  decisions: string[];
  claims: 'all' | 'none';
}

/** Offers a session's work. It stays where it is until the receiver's session_start has taken it. */
export function offerHandoff(tx: Transaction, ctx: Context, input: HandoffInput): Result<Handoff> {
  const found = openSession(tx, input.session, ctx);
  if (!found.ok) return found;
  if (input.to !== 'new') {
    const receiver = openSession(tx, input.to, ctx);
    if (!receiver.ok) return receiver;
  }
  const { to, summary, decisions, claims } = input;
  const offered: Handoff = {
    id: `${input.session}.${ctx.id('hnd')}`,
    to,
    summary,
    next_steps: input.nextSteps,
    decisions,
    claims,
    offered_at: new Date(ctx.now).toISOString(),
    state: 'offered',
  };
  tx.edit<SessionDocument>(
    sessionStream(input.session),
    { type: 'handoff.offered', data: { handoff: offered.id, to } },
    ({ session }) => {
      session.handoffs.push(offered);
    },
  );
  return ok(offered);
}

/** The offer with this id: its session is the part before the dot. */
export function findHandoff(
  tx: Transaction,
  id: string,
): Result<{ from: Readonly<SessionDocument>; offer: Readonly<Handoff> }> {
  const from = id.includes('.') ? tx.read<SessionDocument>(sessionStream(id.slice(0, id.indexOf('.')))) : undefined;
  const offer = from?.session.handoffs.find((candidate) => candidate.id === id);
  return from === undefined || offer === undefined
    ? fail({ code: 'unknown-handoff', handoff: id })
    : ok({ from, offer });
}

/**
 * The receiver takes an offer: user_context, execution and state of the giver that the receiver does not have yet are
 * copied, and the giver is completed. Taking it again from the same session answers the same. Claims are moved by the caller.
 */
export function acceptHandoff(tx: Transaction, ctx: Context, receiver: string, id: string): Result<Handoff> {
  const found = findHandoff(tx, id);
  if (!found.ok) return found;
  const { from, offer } = found.value;
  if (offer.state === 'accepted') {
    return offer.accepted_by === receiver ? ok(structuredClone(offer)) : fail({ code: 'unknown-handoff', handoff: id });
  }
  if (offer.to !== 'new' && offer.to !== receiver) return fail({ code: 'unknown-handoff', handoff: id });
  const giver = from.session.id;
  const taken = structuredClone(offer);
  tx.edit<SessionDocument>(
    sessionStream(giver),
    { type: 'handoff.accepted', data: { handoff: id, by: receiver } },
    ({ session }) => {
      for (const candidate of session.handoffs) {
        if (candidate.id !== id) continue;
        candidate.state = 'accepted';
        candidate.accepted_by = receiver;
      }
      if (isOpen(session.status) && giver !== receiver) {
        session.status = 'completed';
        session.ended_at = new Date(ctx.now).toISOString();
      }
    },
  );
  if (giver !== receiver) inherit(tx, receiver, from);
  return ok(taken);
}

function inherit(tx: Transaction, receiver: string, from: Readonly<SessionDocument>): void {
  const stream = sessionStream(receiver);
  const own = tx.read<JsonObject & { session: JsonObject & SessionFacts }>(stream);
  if (own === undefined) throw new Error(`${stream} does not exist`);
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(from as unknown as JsonObject)) {
    if (key !== 'session' && key !== 'schema') kept[key] = value;
  }
  // What the receiver already holds stands: the giver's values fill in below it.
  const user_context = fillIn(own.session.user_context, from.session.user_context);
  const wanted: JsonObject = { ...fillIn(own, kept), session: { user_context, taken_from: from.session.id } };
  tx.patch(stream, { type: 'handoff.received', data: { from: from.session.id } }, mergeOps(own, '', wanted));
}

/** What of `from` is missing in `own`, at any depth of objects. */
function fillIn(own: Readonly<JsonObject>, from: Readonly<JsonObject>): JsonObject {
  const missing: JsonObject = {};
  for (const [key, value] of Object.entries(from)) {
    const present = own[key];
    if (present === undefined) missing[key] = value;
    else if (isObject(present) && isObject(value)) missing[key] = fillIn(present, value);
  }
  return missing;
}

/** Ends a session that is past its time. True if it did. */
export function expireSession(tx: Transaction, ctx: Context, id: string): Result<boolean> {
  const doc = tx.read<SessionDocument>(sessionStream(id));
  if (doc === undefined) return fail({ code: 'unknown-session', session: id, near: [] });
  if (!isOpen(doc.session.status) || statusAt(doc.session, ctx.now, ctx.lastSeen) !== 'expired') return ok(false);
  end(tx, ctx, id, 'expired');
  return ok(true);
}

function end(tx: Transaction, ctx: Context, id: string, status: 'completed' | 'expired'): void {
  tx.edit<SessionDocument>(sessionStream(id), { type: `session.${status}` }, ({ session }) => {
    session.status = status;
    session.ended_at = new Date(ctx.now).toISOString();
  });
}
