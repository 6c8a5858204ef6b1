// Hands a session's work to another one: the offer, and its acceptance by exactly one receiver. Pure commands, called
// by tools/session-handoff.ts and app/session-binding.ts. run/handoff.ts moves the claims in the same commit.
//
//   offered --> accepted     the receiver's session_start; the giver is completed, and its other offers are withdrawn
//      +------> withdrawn    the work went elsewhere

import { fail, ok, type Result } from '../../failure/failure.ts';
import { copyJson, isObject, type Json, type JsonObject } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';
import type { PatchOp } from '../../json/patch.ts';
import { escapeToken } from '../../json/pointer.ts';
import type { Context, Transaction } from '../command.ts';
import { takePlace } from '../plan/join-sprint.ts';
import { jsonLength } from '../state/etag.ts';
import { type Handoff, isOpen, knownSession, openSession, type SessionDocument, sessionStream } from './document.ts';

/** The longest text of an offer: its receiver gets it in one answer. */
const TOLD_CHARS = 12_000;
/** The most offers that a session keeps; the oldest closed one is dropped first, then the oldest open one. */
const OFFERS_KEPT = 20;

export interface HandoffInput {
  session: string;
  to: string;
  summary: string;
  nextSteps: string[];
  decisions: string[];
  openQuestions?: string[];
  claims: 'all' | 'none';
}

/**
 * Offers a session's work, which stays with the session until a receiver has accepted it. Fails with `session-ended`,
 * `too-large`, `invalid-input`.
 */
export function offerHandoff(tx: Transaction, ctx: Context, input: HandoffInput): Result<Handoff> {
  const { session, to, summary, nextSteps, decisions, openQuestions = [], claims } = input;
  const found = openSession(tx, session, ctx);
  if (!found.ok) return found;
  if (to === session) return fail({ code: 'invalid-input', issues: [{ at: 'to', why: 'is the session itself' }] });
  if (to !== 'new') {
    const receiver = openSession(tx, to, ctx);
    if (!receiver.ok) return receiver;
  }
  const told = jsonLength([summary, nextSteps, decisions, openQuestions], TOLD_CHARS);
  if (told > TOLD_CHARS) {
    const what = 'summary, next_steps, decisions and open_questions together, in characters of JSON,';
    const instead = 'keep the details in the state with state_set, and name their paths in the summary';
    return fail({ code: 'too-large', what, limit: TOLD_CHARS, instead });
  }
  const offered: Handoff = {
    id: `${session}.${ctx.id('hnd')}`,
    to,
    summary,
    next_steps: nextSteps,
    decisions,
    claims,
    offered_at: new Date(ctx.now).toISOString(),
    state: 'offered',
  };
  if (openQuestions.length > 0) offered.open_questions = openQuestions;
  tx.edit<SessionDocument>(
    sessionStream(session),
    { type: 'handoff.offered', data: { handoff: offered.id, to } },
    (draft) => {
      const { handoffs } = draft.session;
      handoffs.push(offered);
      while (handoffs.length > OFFERS_KEPT) {
        const over = handoffs.findIndex(({ state }) => state !== 'offered');
        handoffs.splice(Math.max(0, over), 1);
      }
    },
  );
  return ok(offered);
}

/** The session that made an offer: the part of its id before the dot. Empty if there is no dot. */
export function giverOf(handoff: string): string {
  return handoff.slice(0, Math.max(0, handoff.indexOf('.')));
}

export interface Accepted {
  offer: Handoff;
  /** True for a repetition by the same receiver, which changes nothing. */
  again: boolean;
  /** Pointers to the giver's values that did not move, because the receiver has others there. */
  kept: string[];
}

/**
 * Accepts an offer for a receiver: copies user_context, execution and state of the giver that the receiver does not
 * have, and completes the giver. The caller moves the claims. Repeated by the same receiver it gives the same answer;
 * any other gets `unknown-handoff`.
 */
export function acceptHandoff(tx: Transaction, ctx: Context, receiver: string, id: string): Result<Accepted> {
  const found = knownSession(tx, giverOf(id));
  if (!found.ok && found.failure.code !== 'unknown-session') return found;
  const offer = found.ok ? found.value.session.handoffs.find((candidate) => candidate.id === id) : undefined;
  if (!found.ok || offer === undefined) return unknown(id);
  if (offer.state === 'accepted')
    return offer.accepted_by === receiver ? ok({ offer: structuredClone(offer), again: true, kept: [] }) : unknown(id);
  const giver = found.value.session.id;
  if (offer.state !== 'offered' || giver === receiver) return unknown(id);
  if (offer.to !== 'new' && offer.to !== receiver) return unknown(id);
  const taken = structuredClone(offer);
  const kept = inherit(tx, receiver, found.value);
  takePlace(tx, giver, receiver, found.value.session.project);
  tx.edit<SessionDocument>(
    sessionStream(giver),
    { type: 'handoff.accepted', data: { handoff: id, by: receiver } },
    ({ session }) => {
      for (const candidate of session.handoffs) {
        if (candidate.id === id) {
          candidate.state = 'accepted';
          candidate.accepted_by = receiver;
        } else if (candidate.state === 'offered') candidate.state = 'withdrawn';
      }
      if (!isOpen(session.status)) return;
      session.status = 'completed';
      session.ended_at = new Date(ctx.now).toISOString();
    },
  );
  return ok({ offer: taken, again: false, kept });
}

function unknown(handoff: string): Result<never> {
  return fail({ code: 'unknown-handoff', handoff });
}

/**
 * Copies the giver's values that the receiver does not have; the receiver's own stay. Answers the places of the giver's
 * that differ from them.
 */
function inherit(tx: Transaction, receiver: string, from: Readonly<SessionDocument>): string[] {
  const stream = sessionStream(receiver);
  const own = tx.read<SessionDocument>(stream);
  if (own === undefined) throw new Error(`${stream} does not exist`);
  const ops: PatchOp[] = [];
  const kept: string[] = [];
  fillIn({ ops, kept }, stateOf(own), stateOf(from), '');
  fillIn({ ops, kept }, own.session.user_context, from.session.user_context, '/session/user_context');
  ops.push({ op: 'add', path: '/session/taken_from', value: from.session.id });
  tx.patch(stream, { type: 'handoff.received', data: { from: from.session.id } }, ops);
  return kept;
}

function stateOf(doc: Readonly<SessionDocument>): JsonObject {
  const { session: _, schema: __, ...state } = doc;
  return state;
}

/**
 * Operations that add the members of `from` that are missing in `own`, at any depth of objects, and the places where
 * both have a value and the two differ; null is a value.
 */
function fillIn(
  made: { ops: PatchOp[]; kept: string[] },
  own: Readonly<JsonObject>,
  from: Readonly<JsonObject>,
  at: string,
): void {
  for (const [key, value] of Object.entries(from)) {
    const path = `${at}/${escapeToken(key)}`;
    const present: Json | undefined = Object.hasOwn(own, key) ? own[key] : undefined;
    if (present === undefined) made.ops.push({ op: 'add', path, value: copyJson(value) });
    else if (isObject(present) && isObject(value)) fillIn(made, present, value, path);
    else if (!deepEqual(present, value)) made.kept.push(path);
  }
}
