// session_start: the first call of an agent window. Resumes the session that was open here or starts one; accepts a
// handoff.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type Handoff, SESSION_MODES } from '../domain/session/document.ts';
import { giverOf } from '../domain/session/handoff.ts';
import { ok } from '../failure/failure.ts';
import { claimsOf } from '../views/session/claims.ts';
import { pendingHandoffs } from '../views/session/sessions.ts';
import { mailFor } from '../views/team/mail.ts';
import { type Call, defineTool } from './define.ts';
import { deadlineOf, requestOf } from './shared/change.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';
import { planIdInput, withNearItems } from './shared/plan-inputs.ts';

const CLAIMS_SHOWN = 5;

export const sessionStart = defineTool({
  name: 'session_start',
  title: 'Start or resume a session',
  toolset: 'session',
  alwaysLoad: true,
  description:
    'Call first: resumes the session that was open in this workspace, or starts one. With handoff, takes over the ' +
    'work another session offered. Answers {session, mode, project, workspace, resumed, expires_at, unread, offers?, ' +
    'claims, brief?, seq}.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['name'],
  input: z.strictObject({
    mode: z.enum(SESSION_MODES).optional().describe('Lives unseen 24, 48, 168, 1, 4 hours; emergency tells all'),
    resume: z.enum(['auto', 'new']).default('auto'),
    name: z.string().min(1).max(120).optional(),
    sprint: planIdInput.min(1).optional().describe('Joins it'),
    handoff: z.string().max(140).optional().describe('The id that session_handoff answered'),
    request_id: requestInput,
  }),
  output: z.object({
    session: z.string(),
    mode: z.string(),
    project: z.string(),
    workspace: z.string(),
    resumed: z.boolean(),
    expires_at: z.string(),
    unread: z.number().int().describe('Messages and offers of work for this session'),
    offers: z.array(z.object({ handoff: z.string(), from: z.string(), summary: z.string() })).optional(),
    claims: z.array(
      z.object({
        claim: z.string(),
        run: z.string(),
        node: z.string(),
        title: z.string(),
        state: z.enum(['held', 'unverifiable', 'lost']),
      }),
    ),
    brief: z
      .object({
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
    const { taken, ended, ...answer } = value;
    const { offers, claims, mail } = await documents.read((view) => ({
      mail: mailFor(view, value.session, workspace.project),
      offers: pendingHandoffs(view, value.session),
      claims: claimsOf(view, value.session, documents.presence).filter(({ state }) => state !== 'lost'),
    }));
    const note = noteOf(ended, claims.length);
    return ok({
      ...answer,
      unread: offers.length + mail,
      ...(offers.length > 0 ? { offers: offers.slice(0, 5) } : {}),
      claims: claims
        .slice(0, CLAIMS_SHOWN)
        .map(({ claim, run, node, title, state }) => ({ claim, run, node, title, state })),
      ...(taken === undefined ? {} : { brief: briefOf(taken) }),
      ...(note === undefined ? {} : { note }),
      seq,
      ...(replayed ? { replayed } : {}),
    });
  },
});

function noteOf(ended: string | undefined, claims: number): string | undefined {
  const notes: string[] = [];
  if (ended !== undefined)
    notes.push(`${ended} has ended, so this is a new session; state_get {session: "${ended}"} still reads it`);
  if (claims > CLAIMS_SHOWN) notes.push(`${claims} claims in all; session_recover lists them`);
  return notes.length === 0 ? undefined : notes.join('. ');
}

function briefOf({ id, summary, next_steps, decisions }: Handoff) {
  return { from: giverOf(id), summary, next_steps, decisions };
}
