// hook_event: takes events from a client's hooks of type mcp_tool, so that no process has to be started for them
// (docs/hooks.md). A model can call it too, so its reports have the grade `claimed`.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { ok } from '../failure/failure.ts';
import { eventOf, HOOK_EVENTS } from '../hooks/payload.ts';
import { report } from '../hooks/report.ts';
import { type Call, defineTool } from './define.ts';
import { deadlineOf } from './shared/change.ts';

// The client replaces a template by an empty text if the event does not have that member.
const part = z.string().max(500).optional();

export const hookEvent = defineTool({
  name: 'hook_event',
  title: 'Report an event of the client',
  toolset: 'ops',
  optIn: true,
  description:
    'Use only as a hook of the client, never by yourself: reports its subagents, teammates and the end of its ' +
    'session, so that they are seen as live agents. Does nothing before session_start. Answers {}, which the ' +
    "client's hooks take for no news.",
  searchHint: 'hook subagent teammate event',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  input: z.strictObject({
    hook_event_name: z.enum(HOOK_EVENTS),
    agent_id: part,
    agent_type: part,
    teammate_name: part,
  }),
  output: z.object({}),
  async run(input, call: Call<Services>) {
    const { documents, sessions } = call.services;
    const session = documents.peek((view) => sessions.find(view));
    if (session === undefined) return ok({});
    const by = sessions.author('hook_event', session);
    const deadlineAt = deadlineOf(call);
    const done = await report(documents, { session, event: eventOf(input), grade: 'claimed', by, deadlineAt });
    return done.ok ? ok({}) : done;
  },
});
