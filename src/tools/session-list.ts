// session_list: lists sessions, and which of them are live.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { isOpen, SESSION_MODES, SESSION_STATUSES } from '../domain/session/document.ts';
import { ok } from '../failure/failure.ts';
import { allSessions, sessionRows, unendedSessions } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, directoryOutput, limitInput, offsetOf, projectNameOutput, seqOutput } from './shared/inputs.ts';
import { fitting } from './shared/shown.ts';

export const sessionList = defineTool({
  name: 'session_list',
  title: 'List sessions',
  toolset: 'session',
  description:
    'Use to find a session: open ones of this project, the last changed first. Answers {sessions: [{session, ' +
    'name?, mode, status, project (its name), workspace (its directory), live, last_seen?, expires_at?}], total, ' +
    'next_cursor?, seq}.',
  searchHint: 'sessions find list active windows agents',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'limit, status or mode' },
  input: z.strictObject({
    status: z
      .enum([...SESSION_STATUSES, 'open', 'any'])
      .default('open')
      .describe('open: active or paused'),
    mode: z.enum(SESSION_MODES).optional(),
    everywhere: z.boolean().optional().describe('Sessions of other projects too'),
    limit: limitInput(20, 100),
    cursor: cursorInput,
  }),
  output: z.object({
    sessions: z.array(
      z.object({
        session: z.string(),
        name: z.string().optional(),
        mode: z.string(),
        status: z.string(),
        project: projectNameOutput,
        workspace: directoryOutput,
        live: z.boolean(),
        last_seen: z.string().optional(),
        expires_at: z.string().optional(),
      }),
    ),
    total: z.number().int(),
    next_cursor: z.string().optional(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { documents, workspace } = call.services;
    return await documents.read((view) => {
      const project = input.everywhere === true ? undefined : workspace.project;
      const among = input.status === 'open' ? unendedSessions(view, project) : allSessions(view, project);
      const inMode = among.filter(({ mode }) => input.mode === undefined || mode === input.mode);
      const rows = sessionRows(inMode, documents.presence, Date.now()).filter(({ status }) => {
        if (input.status === 'any') return true;
        return input.status === 'open' ? isOpen(status) : status === input.status;
      });
      const from = offsetOf(input.cursor);
      const sessions = fitting(rows.slice(from, from + input.limit));
      const next = from + sessions.length;
      return ok({
        sessions,
        total: rows.length,
        ...(next < rows.length && sessions.length > 0 ? { next_cursor: String(next) } : {}),
        seq: view.seq,
      });
    });
  },
});
