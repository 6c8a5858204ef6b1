// session_update: changes a session's own facts: name, mode, status, sprint, facts about its user, agents in it.

import { z } from 'zod';
import { holdingsOf, letGo, type Released } from '../app/let-go.ts';
import type { Services } from '../app/services.ts';
import { type UpdateAnswer, updateSession } from '../domain/session/commands.ts';
import { SESSION_MODES } from '../domain/session/document.ts';
import { fail, ok } from '../failure/failure.ts';
import { isObject } from '../json/json.ts';
import { checkValue } from '../json/limits.ts';
import { expiryOf } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { changeInSession, withSeq } from './shared/change.ts';
import { nameInput, requestInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { planIdInput, withNearItems } from './shared/plan-inputs.ts';

export const sessionUpdate = defineTool({
  name: 'session_update',
  title: 'Update a session',
  toolset: 'session',
  description:
    'Use to rename, pause, resume or complete a session, to change its mode, to note facts about its user ' +
    '(user_context, merged), or to register an agent working in it. ' +
    'Answers {session, status, mode, version, changed, expires_at, seq}.',
  searchHint: 'session rename pause resume complete mode user context agent',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'user_context' },
  input: z.strictObject({
    session: sessionInput,
    name: z.string().min(1).max(120).optional(),
    mode: z.enum(SESSION_MODES).optional(),
    status: z.enum(['active', 'paused', 'completed']).optional(),
    sprint: planIdInput.optional().describe('Joins it; "" leaves'),
    user_context: z.record(z.string(), z.unknown()).optional().describe('Merged; null removes a key'),
    agent: z
      .strictObject({
        name: nameInput,
        tier: z.enum(['orchestrator', 'coordinator', 'worker']).optional(),
        role: z.string().max(200).optional(),
      })
      .optional(),
    if_version: z.number().int().min(1).optional(),
    request_id: requestInput,
  }),
  output: z.object({
    session: z.string(),
    status: z.string(),
    mode: z.string(),
    version: z.number().int(),
    changed: z.array(z.string()),
    expires_at: z.string(),
    released: z.looseObject({}).optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { name, mode, status, sprint, agent, if_version: ifVersion } = input;
    const context = checkValue(input.user_context ?? {});
    if (!context.ok) return context;
    const userContext = isObject(context.value) && input.user_context !== undefined ? context.value : undefined;
    if (agent !== undefined && ['constructor', 'prototype'].includes(agent.name)) {
      return fail({ code: 'value-refused', at: 'agent/name', why: `${agent.name} is refused as a name` });
    }
    const { documents } = call.services;
    const changed = await changeInSession<UpdateAnswer & { released?: Released }>(
      call,
      'session_update',
      input,
      (session) => {
        const held = status === 'completed' ? documents.peek((view) => holdingsOf(view, session)) : undefined;
        return (tx, ctx) => {
          const updated = updateSession(tx, ctx, {
            session,
            name,
            mode,
            status,
            sprint,
            userContext,
            agent,
            ifVersion,
          });
          if (!updated.ok || held === undefined) return updated;
          return ok({ ...updated.value, released: letGo(tx, ctx, held) });
        };
      },
    );
    if (!changed.ok) return await withNearItems(changed, call.services);
    const { released, ...answer } = changed.value.value;
    const open = await documents.read((view) => expiryOf(view, documents.presence, answer.session));
    return withSeq(changed.value, { ...answer, expires_at: open ?? answer.expires_at, ...givenBack(released) });
  },
});

const SHOWN = 20;

/** What the end of the session gave back; nothing if it held nothing. */
function givenBack(released: Released | undefined) {
  if (released === undefined || released.claims.length + released.locks.length === 0) return {};
  const counts = [`${released.claims.length} claims`, `${released.locks.length} locks`];
  const note = `${counts.join(' and ')} of the session were given back`;
  return { released: { claims: released.claims.slice(0, SHOWN), locks: released.locks.slice(0, SHOWN) }, note };
}
