// session_heartbeat: notes the presence of a session or agent, which extends leases that rest on it. No commit.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { expiresAtMs, isOpen, statusAt } from '../domain/session/document.ts';
import { fail, ok } from '../failure/failure.ts';
import { factsOf } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { seqOutput, sessionInput } from './shared/inputs.ts';

export const sessionHeartbeat = defineTool({
  name: 'session_heartbeat',
  title: 'Heartbeat',
  toolset: 'session',
  optIn: true,
  description:
    'Use while working for long without other calls: keeps the session, and with agent the claims of that agent, ' +
    'from ending. Answers {session, status, expires_at, seq}.',
  searchHint: 'alive keep lease session agent',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  input: z.strictObject({
    session: sessionInput,
    agent: z.string().min(1).max(64).optional().describe('The agent that is alive; default only the session'),
  }),
  output: z.object({ session: z.string(), status: z.string(), expires_at: z.string(), seq: seqOutput }),
  async run(input, call: Call<Services>) {
    const { documents, sessions, windows } = call.services;
    const { presence } = documents;
    const session = await sessions.ensure(input.session);
    if (!session.ok) return session;
    const id = session.value;
    const now = Date.now();
    const facts = await documents.read((view) => ({ facts: structuredClone(factsOf(view, id)), seq: view.seq }));
    if (facts.facts === undefined) return fail({ code: 'unknown-session', session: id, near: [] });
    const status = statusAt(facts.facts, now, (who) => presence.lastSeen(who));
    if (!isOpen(status)) return fail({ code: 'session-ended', session: id, status });
    presence.touch(id);
    const seen = presence.lastSeen(id) ?? now;
    if (input.agent !== undefined) windows.touch(id, input.agent);
    return ok({
      session: id,
      status,
      expires_at: new Date(expiresAtMs(facts.facts, seen, now)).toISOString(),
      seq: facts.seq,
    });
  },
});
