// session_recover: after a crash, what a session was, whether all of it is there, and what was in flight.

import { z } from 'zod';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { isOpen, type SessionDocument, sessionStream, statusAt } from '../domain/session.ts';
import { fail, ok } from '../failure.ts';
import { deepEqual } from '../json/merge.ts';
import type { Ports } from '../ports.ts';
import { claimsOf } from '../views/claims.ts';
import { pendingHandoffs } from '../views/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { seqOutput, sessionInput } from './inputs.ts';

const RECENT = 10;

export const sessionRecover = defineTool({
  name: 'session_recover',
  title: 'Recover a session',
  toolset: 'session',
  description:
    'Use after a crash or in a new window: rebuilds a session from the log, makes it yours if it is open, and says what was in flight. With at, only reports how it stood then. ' +
    'Answers {session, status, seq, complete, lost?, in_flight: [{claim, run, node, title, state: held|unverifiable|lost, since}], late_results, unread, brief: {name?, mode, keys, recent}}.',
  searchHint: 'crash restart resume lost work in flight rebuild',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['session'],
  input: z.strictObject({
    session: sessionInput,
    at: z
      .union([z.number().int().min(0), z.string().max(40)])
      .optional()
      .describe('As of a seq or ISO time'),
  }),
  output: z.object({
    session: z.string(),
    status: z.string(),
    seq: seqOutput,
    complete: z.boolean().describe('What is held here equals what the log makes'),
    lost: z.string().optional(),
    in_flight: z.array(
      z.object({
        claim: z.string(),
        run: z.string(),
        node: z.string(),
        title: z.string(),
        state: z.enum(['held', 'unverifiable', 'lost']),
        since: z.string(),
      }),
    ),
    late_results: z.number().int(),
    unread: z.number().int(),
    brief: z.object({
      name: z.string().optional(),
      mode: z.string(),
      keys: z.array(z.string()),
      recent: z.array(z.object({ seq: z.number().int(), at: z.string(), type: z.string(), by: z.string() })),
    }),
  }),
  async run(input, call: Call<Ports>) {
    const { documents, sessions } = call.ports;
    const session = await sessions.ensure(input.session);
    if (!session.ok) return session;
    const id = session.value;
    const { store, presence } = documents;
    const at = input.at === undefined ? ok(undefined) : await seqOf(store, input.at);
    if (!at.ok) return at;
    const events = await eventsOf(store, sessionStream(id));
    const seq = at.value ?? store.seq();
    const rebuilt = valueAt(events, seq) as unknown as SessionDocument | undefined;
    if (rebuilt === undefined) return fail({ code: 'unknown-session', session: id, near: [] });
    const status = statusAt(rebuilt.session, Date.now(), (who) =>
      at.value === undefined ? presence.lastSeen(who) : undefined,
    );
    if (at.value === undefined && isOpen(status)) {
      const adopted = await sessions.adopt(id);
      if (!adopted.ok) return adopted;
    }
    const recent = events.filter((event) => event.seq <= seq).slice(-RECENT);
    return await documents.read((view) => {
      const current = view.get(sessionStream(id));
      const rebuiltNow = valueAt(events, view.seq);
      const same = view.version(sessionStream(id)) !== events.length || deepEqual(current as never, rebuiltNow);
      const stopped = store.info().stopped;
      const claims = claimsOf(view, id, presence, Date.now());
      const { name, mode } = rebuilt.session;
      return ok({
        session: id,
        status,
        seq,
        complete: same && stopped === undefined,
        ...(stopped === undefined
          ? {}
          : {
              lost: `the store is stopped (${stopped.code}): what came after seq ${seq} is not known; run \`baton doctor\``,
            }),
        in_flight: claims.map(({ claim, run, node, title, state, since }) => ({
          claim,
          run,
          node,
          title,
          state,
          since,
        })),
        late_results: claims.reduce((count, { late }) => count + late, 0),
        unread: pendingHandoffs(view, id).length,
        brief: {
          ...(name === undefined ? {} : { name }),
          mode,
          keys: Object.keys(rebuilt).filter((key) => key !== 'schema' && key !== 'session'),
          recent: recent.reverse().map(({ seq: place, at: when, type, by }) => ({
            seq: place,
            at: when,
            type,
            by: by.agent ?? by.session ?? by.user,
          })),
        },
      });
    });
  },
});
