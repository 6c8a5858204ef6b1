// session_recover: rebuilds a session from the log after a crash, checks that it is complete, and lists its claims.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { eventsOf, noSuchPast, seqOf, valueAt } from '../documents/past.ts';
import { isOpen, type SessionDocument, sessionStream, statusAt } from '../domain/session/document.ts';
import { ok } from '../failure/failure.ts';
import type { JsonObject } from '../json/json.ts';
import { deepEqual } from '../json/merge.ts';
import type { Recorded } from '../store/port.ts';
import { openWork } from '../views/open-work.ts';
import { type ClaimRow, claimsOf } from '../views/session/claims.ts';
import { pendingHandoffs } from '../views/session/sessions.ts';
import { mailFor } from '../views/team/mail.ts';
import { type Call, defineTool } from './define.ts';
import { pointInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { fitting } from './shared/shown.ts';

const RECENT = 10;
/** Characters of an answer for the claims, and for the keys. */
const CHARS_EACH = 7_000;

export const sessionRecover = defineTool({
  name: 'session_recover',
  title: 'Recover a session',
  toolset: 'session',
  description:
    'Use after a crash, or to take over a session whose window is gone: rebuilds it from the log, makes it yours if ' +
    'it is open and free, says what was in flight. With at: as it was. Answers {session, status, seq, complete, ' +
    'lost?, in_flight: [{claim, run, node, title, state: held|unverifiable|lost, since}], late_results, unread, ' +
    'offers, brief: {name?, mode, keys, recent}, cut?}.',
  searchHint: 'crash restart resume lost work in flight rebuild',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['session'],
  input: z.strictObject({
    session: sessionInput,
    at: pointInput.optional().describe('As of a seq or ISO time'),
  }),
  output: z.object({
    session: z.string(),
    status: z.string(),
    seq: seqOutput,
    complete: z.boolean().describe('What is held here equals what the log makes'),
    lost: z.string().optional(),
    in_flight: z.array(
      z.looseObject({
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
    offers: z.number().int(),
    cut: z.string().optional(),
    brief: z.object({
      name: z.string().optional(),
      mode: z.string(),
      keys: z.array(z.string()),
      recent: z.array(z.object({ seq: z.number().int(), at: z.string(), type: z.string(), by: z.string() })),
    }),
  }),
  async run(input, call: Call<Services>) {
    const { documents, sessions, workspace } = call.services;
    const session = await sessions.ensure(input.session);
    if (!session.ok) return session;
    const id = input.session === undefined ? await leftOr(call.services, session.value) : session.value;
    const { store, presence } = documents;
    const at = input.at === undefined ? ok(undefined) : await seqOf(store, input.at, { signal: call.signal });
    if (!at.ok) return at;
    const events = await eventsOf(store, sessionStream(id), call.signal);
    const seq = at.value ?? store.seq();
    const rebuilt = valueAt(events, seq) as unknown as SessionDocument | undefined;
    if (rebuilt === undefined) return noSuchPast(store, events, String(input.at));
    const past = at.value !== undefined;
    // The stored status of then: presence of that time is unknown, so whether it had expired cannot be computed.
    const status = past
      ? rebuilt.session.status
      : statusAt(rebuilt.session, Date.now(), (who) => presence.lastSeen(who));
    // Without a write if the store is stopped: the call must still report what is lost.
    const adopts = !past && isOpen(status) && store.info().stopped === undefined;
    const adopted = adopts ? await sessions.adopt(id) : ok(true);
    if (!adopted.ok) return adopted;
    return await documents.read((view) => {
      const { stopped } = store.info();
      const unchanged = view.version(sessionStream(id)) === events.length;
      const same = past || !unchanged || deepEqual(view.get<JsonObject>(sessionStream(id)), valueAt(events, view.seq));
      const claims = past ? [] : claimsOf(view, id, presence, Date.now());
      const { shown, cut } = shorten(claims, Object.keys(rebuilt));
      const { name, mode } = rebuilt.session;
      return ok({
        session: id,
        status,
        seq,
        complete: same && stopped === undefined,
        ...(stopped === undefined ? {} : { lost: lostOf(stopped.code, seq) }),
        in_flight: shown.claims,
        late_results: claims.reduce((count, { late }) => count + late, 0),
        unread: mailFor(view, id, workspace.project, call.services.mail.gotSoFar()),
        offers: pendingHandoffs(view, id).length,
        brief: {
          ...(name === undefined ? {} : { name }),
          mode,
          keys: shown.keys,
          recent: recentOf(events, seq),
        },
        ...(cut === undefined ? {} : { cut }),
        ...(adopted.value ? {} : { note: 'a live process serves this session, so it stays with that one' }),
      });
    });
  },
});

/**
 * The session to recover where none is named: the caller's own if it holds a claim, else the one that was seen last
 * among those that hold claims and that no window serves. A new window has a session in which nothing can be in flight.
 */
function leftOr({ documents, workspace }: Services, own: string): Promise<string> {
  const { presence, definitions } = documents;
  return documents.read((view) => {
    if (claimsOf(view, own, presence).length > 0) return own;
    const { project } = workspace;
    const graph = (hash: string) => definitions.get(hash);
    const { left } = openWork(view, { session: own, project, now: Date.now(), presence, graph });
    const [last] = left.sort((a, b) => ((a.last_seen ?? '' < (b.last_seen ?? '')) ? 1 : -1));
    return last?.session ?? own;
  });
}

function lostOf(code: string, seq: number): string {
  return `the store is stopped (${code}): what came after seq ${seq} is not known; run \`baton doctor\``;
}

/** The claims and keys that fit into an answer. */
function shorten(claims: readonly ClaimRow[], keys: readonly string[]) {
  const rows = claims.map(({ late: _, lease_ends: __, ...shown }) => shown);
  const own = keys.filter((key) => key !== 'schema' && key !== 'session').map((key) => ({ key }));
  const shown = { claims: fitting(rows, CHARS_EACH), keys: fitting(own, CHARS_EACH).map(({ key }) => key) };
  const cuts: string[] = [];
  if (shown.claims.length < rows.length) cuts.push(`${shown.claims.length} of ${rows.length} in flight`);
  if (shown.keys.length < own.length) cuts.push(`${shown.keys.length} of ${own.length} keys (state_get pages them)`);
  return cuts.length === 0 ? { shown } : { shown, cut: cuts.join('; ') };
}

function recentOf(events: readonly Recorded[], seq: number) {
  const recent = events.filter((event) => event.seq <= seq).slice(-RECENT);
  return recent.reverse().map(({ seq: place, at, type, by }) => ({
    seq: place,
    at,
    type,
    by: by.agent ?? by.session ?? by.user,
  }));
}
