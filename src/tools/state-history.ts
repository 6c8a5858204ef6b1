// state_history: lists the changes of a path, or the difference between two points in time.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import type { Documents } from '../documents/documents.ts';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { sessionStream } from '../domain/session/document.ts';
import { ok, type Result } from '../failure/failure.ts';
import { diff } from '../json/diff.ts';
import type { Json } from '../json/json.ts';
import { parsePath, type SimplePath } from '../path/path.ts';
import { resolveSimple } from '../path/walk.ts';
import type { Recorded } from '../store/port.ts';
import { type Change, changesOf } from '../views/session/history.ts';
import { factsOf } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, pathInput, pointInput, sessionInput } from './shared/inputs.ts';
import { onePlace } from './shared/one-place.ts';
import { fitting, shownOps } from './shared/shown.ts';

const DIFF_OPS = 100;

export const stateHistory = defineTool({
  name: 'state_history',
  title: 'History of the state',
  toolset: 'state',
  description:
    'Use to see who changed a path, when, from what to what (newest first), or with from and to, what differs ' +
    'between two seqs or times. ' +
    'Answers {path, changes: [{seq, at, by, name?, tool, reason?, from?, to?, leaves? [{path, from?, to?}] (of a ' +
    'value that holds others), earlier? (the call for what came before a handoff)}], next_cursor?} or ' +
    '{path, from, to, difference: [RFC 6902 operations]}.',
  searchHint: 'changes log who when compare diff undo audit state',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'path or limit' },
  positional: ['path'],
  input: z.strictObject({
    path: pathInput.default('$'),
    from: pointInput.optional().describe('Compare from this seq or ISO time'),
    to: pointInput.optional().describe('Compare to this seq or ISO time; default now'),
    session: sessionInput,
    limit: limitInput(20, 100),
    cursor: cursorInput,
  }),
  output: z.object({
    path: z.string(),
    changes: z.array(z.looseObject({ seq: z.number(), at: z.string(), by: z.string(), tool: z.string() })).optional(),
    next_cursor: z.string().optional(),
    from: z.number().optional(),
    to: z.number().optional(),
    difference: z.array(z.looseObject({ op: z.string(), path: z.string() })).optional(),
    cut: z.string().optional(),
  }),
  async run(given, call: Call<Services>) {
    const parsed = parsePath(given.path);
    if (!parsed.ok) return parsed;
    const session = await call.services.sessions.ensure(given.session);
    if (!session.ok) return session;
    const one = await onePlace(call.services, session.value, parsed.value, 'history is of one place, as $.tasks[0]');
    if (!one.ok) return one;
    const path = one.value;
    const { store } = call.services.documents;
    const events = await eventsOf(store, sessionStream(session.value), call.signal);
    if (given.from !== undefined || given.to !== undefined)
      return await compare(call, events, path, given.from ?? 0, given.to);
    const before = given.cursor === undefined ? Number.POSITIVE_INFINITY : Number(given.cursor);
    const changes = changesOf(events, path, before, given.limit + 1);
    const names = await namesOf(call.services.documents, changes);
    const shown = changes.slice(0, given.limit).map((change) => withEarlier(withName(change, names), path.text));
    const rows = fitting(shown);
    const last = rows.at(-1);
    return ok({
      path: path.text,
      changes: rows,
      ...(changes.length > rows.length && last !== undefined ? { next_cursor: String(last.seq) } : {}),
    });
  },
});

/** The names of the sessions that made changes. */
function namesOf(documents: Documents, changes: readonly Change[]): Promise<Map<string, string>> {
  const sessions = new Set(changes.flatMap(({ session }) => session ?? []));
  return documents.read((view) => {
    const named = [...sessions].map((session): [string, string] => [session, factsOf(view, session)?.name ?? '']);
    return new Map(named.filter(([, name]) => name !== ''));
  });
}

/** The change with the name of its session beside the author's id. */
function withName({ session, ...change }: Change, names: ReadonlyMap<string, string>): Change {
  const name = session === undefined ? undefined : names.get(session);
  const { seq, at, by, ...rest } = change;
  return name === undefined ? { seq, at, by, ...rest } : { seq, at, by, name, ...rest };
}

/** The change of a handoff with the call that shows what came before it. */
function withEarlier(change: Change, path: string): Change {
  const { taken_from: session } = change;
  if (session === undefined) return change;
  return { ...change, earlier: `state_history {"path": ${JSON.stringify(path)}, "session": "${session}"}` };
}

function placeOf(root: Json | undefined, path: SimplePath): Json | undefined {
  const found = root === undefined ? undefined : resolveSimple(root, path.tokens);
  return found?.found ? found.value : undefined;
}

async function compare(
  call: Call<Services>,
  events: readonly Recorded[],
  path: SimplePath,
  from: string | number,
  to: string | number | undefined,
): Promise<Result<object & { path: string }>> {
  const { store } = call.services.documents;
  const start = await seqOf(store, from, { signal: call.signal, argument: 'from' });
  if (!start.ok) return start;
  const end = await seqOf(store, to ?? store.seq(), { signal: call.signal, argument: 'to' });
  if (!end.ok) return end;
  const { ops, cut: more } = diff(
    placeOf(valueAt(events, start.value), path),
    placeOf(valueAt(events, end.value), path),
    DIFF_OPS,
  );
  const { shown, cut } = shownOps(ops, DIFF_OPS);
  const answer = { path: path.text, from: start.value, to: end.value, difference: shown };
  if (more && shown.length === ops.length)
    return ok({ ...answer, cut: `the first ${DIFF_OPS} operations; narrow path` });
  return ok(cut === undefined ? answer : { ...answer, cut });
}
