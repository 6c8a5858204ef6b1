// session_start: the first call of an agent window. Resumes the session that was open here or starts one; accepts a
// handoff.

import { z } from 'zod';
import type { Started } from '../app/binding-shapes.ts';
import type { Services } from '../app/services.ts';
import { type Handoff, SESSION_MODES } from '../domain/session/document.ts';
import { giverOf } from '../domain/session/handoff.ts';
import { ok } from '../failure/failure.ts';
import { claimsOf } from '../views/session/claims.ts';
import { expiryOf, pendingHandoffs } from '../views/session/sessions.ts';
import { mailFor } from '../views/team/mail.ts';
import { type Call, defineTool } from './define.ts';
import { deadlineOf, requestOf } from './shared/change.ts';
import { directoryOutput, projectNameOutput, requestInput, seqOutput } from './shared/inputs.ts';
import { planIdInput, withNearItems } from './shared/plan-inputs.ts';
import { startNews } from './shared/start-note.ts';

const CLAIMS_SHOWN = 5;

export const sessionStart = defineTool({
  name: 'session_start',
  title: 'Start or resume a session',
  toolset: 'session',
  alwaysLoad: true,
  description:
    'Call first: resumes the session that was open in this workspace, or starts one, and counts what waits. With ' +
    'handoff, takes over what another session offered. Answers {session, mode, project, workspace, resumed, ' +
    'expires_at, unread, offers?, open: {runs, unfinished, ownerless, offers, questions, decisions, keys}, left?, ' +
    'claims, brief?, seq}.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['name'],
  input: z.strictObject({
    mode: z.enum(SESSION_MODES).optional().describe('Lives unseen 24, 48, 168, 1, 4 hours; emergency tells all'),
    resume: z.enum(['auto', 'new']).default('auto'),
    name: z.string().min(1).max(120).optional().describe('Of a new session'),
    sprint: planIdInput.min(1).optional().describe('Joins it'),
    handoff: z.string().max(140).optional().describe('The id that session_handoff answered'),
    request_id: requestInput,
  }),
  output: z.object({
    session: z.string(),
    name: z.string().optional(),
    mode: z.string(),
    project: projectNameOutput,
    workspace: directoryOutput,
    resumed: z.boolean(),
    last_seen: z.string().optional(),
    expires_at: z.string(),
    unread: z.number().int().describe('Messages'),
    offers: z.array(z.object({ handoff: z.string(), from: z.string(), summary: z.string() })).optional(),
    open: z.record(z.string(), z.number()).describe('ownerless: their holder is gone'),
    left: z.array(z.looseObject({ session: z.string() })).optional(),
    claims: z.array(
      z.looseObject({
        claim: z.string(),
        run: z.string(),
        node: z.string(),
        title: z.string(),
        state: z.enum(['held', 'unverifiable', 'lost']),
      }),
    ),
    brief: z
      .looseObject({
        from: z.string(),
        summary: z.string(),
        next_steps: z.array(z.string()),
        decisions: z.array(z.string()),
      })
      .optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { documents, sessions, workspace } = call.services;
    const { mode, resume, name, sprint, handoff } = input;
    const started = await sessions.start({
      mode,
      resume,
      name,
      sprint,
      handoff: handoff === '' ? undefined : handoff,
      request: requestOf(input),
      trace: call.traceparent,
      deadlineAt: deadlineOf(call),
    });
    if (!started.ok) return await withNearItems(started, call.services);
    const { value, seq, replayed } = started.value;
    const { taken, kept, released, ended: _, ...answer } = value;
    const told = await documents.read((view) => {
      const unread = mailFor(view, value.session, workspace.project, call.services.mail.gotSoFar());
      const claims = claimsOf(view, value.session, documents.presence).filter(({ state }) => state !== 'lost');
      const news = startNews(view, call.services, value, { mode, name }, { claims: claims.length, unread });
      const offers = pendingHandoffs(view, value.session);
      return { unread, claims, offers, news, expires_at: expiryOf(view, documents.presence, value.session) };
    });
    const { unread, claims, offers, news, expires_at = answer.expires_at } = told;
    const more =
      claims.length > CLAIMS_SHOWN ? `${claims.length} claims in all; session_recover lists them` : undefined;
    const note = [news.note, more].filter((one) => one !== undefined).join('. ');
    return ok({
      ...answer,
      expires_at,
      unread,
      ...(offers.length > 0 ? { offers: offers.slice(0, 5) } : {}),
      open: news.open,
      ...(news.left.length > 0 ? { left: news.left } : {}),
      claims: claims.slice(0, CLAIMS_SHOWN).map(({ late: _, since: __, lease_ends: ___, ...shown }) => shown),
      ...(taken === undefined ? {} : { brief: briefOf(taken, { kept, released }) }),
      ...(note === '' ? {} : { note }),
      seq,
      ...(replayed ? { replayed } : {}),
    });
  },
});

/** Pointers to values that did not move: more than these are counted in the last. */
const KEPT_SHOWN = 20;

function briefOf(
  { id, summary, next_steps, decisions, open_questions = [] }: Handoff,
  { kept = [], released }: { kept: Started['kept'] | undefined; released: Started['released'] | undefined },
) {
  const over = kept.length - KEPT_SHOWN;
  const shown = [...kept.slice(0, KEPT_SHOWN), ...(over > 0 ? [`and ${over} more`] : [])];
  const gave = released !== undefined && released.claims.length + released.locks.length > 0;
  return {
    from: giverOf(id),
    summary,
    next_steps,
    decisions,
    open_questions,
    ...(shown.length > 0 ? { kept: shown } : {}),
    ...(gave ? { released: { claims: released.claims.slice(0, 20), locks: released.locks.slice(0, 20) } } : {}),
  };
}
