// session_handoff: offers a session's work to another one. Nothing moves until the receiver's session_start.

import { z } from 'zod';
import { holdingsOf } from '../app/let-go.ts';
import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';
import type { Handoff } from '../domain/session/document.ts';
import { giverOf, offerHandoff } from '../domain/session/handoff.ts';
import { stateKeys } from '../views/open-work.ts';
import { openTasksOf } from '../views/plan/plan-index.ts';
import { claimsOf } from '../views/session/claims.ts';
import { mailThatMoves } from '../views/team/mail.ts';
import { type Call, defineTool } from './define.ts';
import { changeInSession, withSeq } from './shared/change.ts';
import { requestInput, seqOutput, sessionInput } from './shared/inputs.ts';

export const sessionHandoff = defineTool({
  name: 'session_handoff',
  title: 'Hand a session over',
  toolset: 'session',
  description:
    'Use before you stop with work unfinished: offers state, tasks, claims and a summary to a new or a named ' +
    'session. Nothing moves until the receiver makes the call in accept; then this session ends. Answers {handoff, ' +
    'to, state: "offered", will_move: {claims, tasks, messages, keys}, accept, seq}.',
  searchHint: 'hand over transfer session work next window context end',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'summary' },
  positional: ['summary'],
  input: z.strictObject({
    to: z.string().min(1).max(64).default('new').describe('"new", or a session id'),
    summary: z.string().min(1).max(4000).describe('What the receiver must know'),
    next_steps: z.array(z.string().max(500)).max(50).default([]),
    decisions: z.array(z.string().max(500)).max(50).default([]),
    open_questions: z.array(z.string().max(500)).max(50).default([]),
    claims: z.enum(['all', 'none']).default('all').describe('Whether claims on nodes move too'),
    session: sessionInput,
    request_id: requestInput,
  }),
  output: z.object({
    handoff: z.string(),
    to: z.string(),
    state: z.string(),
    will_move: z.object({
      claims: z.number().int(),
      tasks: z.number().int(),
      messages: z.number().int(),
      keys: z.number().int(),
    }),
    accept: z.string().describe('The call that takes it'),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { to, summary, next_steps: nextSteps, decisions, open_questions: openQuestions, claims } = input;
    const told = { to, summary, nextSteps, decisions, openQuestions, claims };
    const changed = await changeInSession<Handoff>(
      call,
      'session_handoff',
      input,
      (session) => (tx, ctx) => offerHandoff(tx, ctx, { session, ...told }),
    );
    if (!changed.ok) return changed;
    const { value: offer } = changed.value;
    const giver = giverOf(offer.id);
    const { documents, plans, workspace } = call.services;
    const { will_move, held } = await documents.read((view) => ({
      will_move: {
        claims: offer.claims === 'none' ? 0 : claimsHeld(view, giver),
        tasks: openTasksOf(plans.at(view), workspace.project, giver).length,
        messages: mailThatMoves(view, giver),
        keys: stateKeys(view, giver).length,
      },
      held: [
        ...(offer.claims === 'none' ? count(claimsHeld(view, giver), 'claim') : []),
        ...count(holdingsOf(view, giver).locks.length, 'lock'),
      ],
    }));
    const note = held.length === 0 ? {} : { note: `${held.join(' and ')} will be given back then, not moved` };
    const accept = `session_start {"handoff": "${offer.id}"}`;
    return withSeq(changed.value, { handoff: offer.id, to: offer.to, state: 'offered', will_move, accept, ...note });
  },
});

function count(n: number, one: string): string[] {
  return n === 0 ? [] : [`${n} ${one}${n === 1 ? '' : 's'}`];
}

/** The number of claims that an accepted offer moves: a claim that another has taken since does not move. */
function claimsHeld(view: View, session: string): number {
  return claimsOf(view, session).filter(({ state }) => state !== 'lost').length;
}
