// session_start: the first call of an agent window. Resumes what was open here, or starts anew; takes a handoff.

import { z } from 'zod';
import { SESSION_MODES } from '../domain/session.ts';
import { ok } from '../failure.ts';
import type { Ports } from '../ports.ts';
import { pendingHandoffs } from '../views/sessions.ts';
import { requestOf } from './change.ts';
import { type Call, defineTool } from './define.ts';
import { requestInput, seqOutput } from './inputs.ts';

export const sessionStart = defineTool({
  name: 'session_start',
  title: 'Start or resume a session',
  toolset: 'session',
  alwaysLoad: true,
  description:
    'Call first: resumes the session that was open in this workspace (resume "auto"), or starts a new one. With handoff, takes over the work another session offered. ' +
    'Answers {session, mode, project, workspace, resumed, expires_at, unread, offers?, brief? (of the handoff taken), seq}. Later calls need no session argument.',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['name'],
  input: z.strictObject({
    mode: z
      .enum(SESSION_MODES)
      .optional()
      .describe('Default: as it was, or development. How long it lives unseen: 24, 48, 168, 1, 4 hours'),
    resume: z.enum(['auto', 'new']).default('auto'),
    name: z.string().min(1).max(120).optional().describe('What the session is for'),
    sprint: z.string().max(64).optional(),
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
    unread: z.number().int().describe('Offers of work waiting for this session'),
    offers: z.array(z.object({ handoff: z.string(), from: z.string(), summary: z.string() })).optional(),
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
  async run(input, call: Call<Ports>) {
    const { documents, sessions } = call.ports;
    const { mode, resume, name, sprint, handoff } = input;
    const started = await sessions.start({ mode, resume, name, sprint, handoff, request: requestOf(input) });
    if (!started.ok) return started;
    const { value, seq, replayed } = started.value;
    const { taken, ...answer } = value;
    const offers = await documents.read((view) => pendingHandoffs(view, value.session));
    return ok({
      ...answer,
      unread: offers.length,
      ...(offers.length > 0 ? { offers: offers.slice(0, 5) } : {}),
      ...(taken === undefined ? {} : { brief: briefOf(taken) }),
      seq,
      ...(replayed ? { replayed } : {}),
    });
  },
});

function briefOf(taken: { id: string; summary: string; next_steps: string[]; decisions: string[] }) {
  const { summary, next_steps, decisions } = taken;
  return { from: taken.id.slice(0, taken.id.indexOf('.')), summary, next_steps, decisions };
}
