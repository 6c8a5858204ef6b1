// session_cleanup: marks sessions as expired whose time is over. Nothing is erased: their state stays readable.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { expireSession } from '../domain/session/commands.ts';
import { statusAt } from '../domain/session/document.ts';
import { ok } from '../failure/failure.ts';
import { unendedSessions } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { deadlineOf } from './shared/change.ts';
import { seqOutput } from './shared/inputs.ts';

const LISTED = 100;

export const sessionCleanup = defineTool({
  name: 'session_cleanup',
  title: 'End expired sessions',
  toolset: 'session',
  optIn: true,
  description:
    'Use to tidy up: marks every session that is past its time as expired. Its state can still be read and handed ' +
    'over. dry_run only lists them. Answers {expired: [session], count, seq}.',
  searchHint: 'expire old sessions tidy',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  input: z.strictObject({ dry_run: z.boolean().default(false) }),
  output: z.object({
    expired: z.array(z.string()).describe('At most 100'),
    count: z.number().int(),
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const { documents, sessions } = call.services;
    const overdue = await documents.read((view) =>
      unendedSessions(view)
        .filter((facts) => statusAt(facts, Date.now(), (who) => documents.presence.lastSeen(who)) === 'expired')
        .map(({ id }) => id),
    );
    const expired: string[] = [];
    if (!input.dry_run) {
      for (const id of overdue) {
        if (call.signal.aborted) break;
        const ended = await documents.change((tx, ctx) => expireSession(tx, ctx, id), {
          by: sessions.author('session_cleanup'),
          deadlineAt: deadlineOf(call),
        });
        // A session of a newer program is skipped; any other failure would affect the next sessions too.
        if (!ended.ok && ended.failure.code === 'store-newer') continue;
        if (!ended.ok) return ended;
        if (ended.value.value) expired.push(id);
      }
    }
    const shown = input.dry_run ? overdue : expired;
    return ok({ expired: shown.slice(0, LISTED), count: shown.length, seq: documents.store.seq() });
  },
});
