// state_history: what happened to a path, and what differs between two points in time.

import { z } from 'zod';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { jsonLength } from '../domain/etag.ts';
import { sessionStream } from '../domain/session.ts';
import { parsePath, type SimplePath } from '../domain/state-path.ts';
import { resolveSimple } from '../domain/state-path-walk.ts';
import { fail, ok, type Result } from '../failure.ts';
import { diff } from '../json/diff.ts';
import { copyJson, type Json } from '../json/json.ts';
import { applyOps } from '../json/patch.ts';
import type { Ports } from '../ports.ts';
import type { Recorded } from '../store/port.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, pathInput, sessionInput } from './inputs.ts';

const SHOWN_CHARS = 500;
const DIFF_OPS = 100;
const pointInput = z.union([z.number().int().min(0), z.string().max(40)]).optional();

export const stateHistory = defineTool({
  name: 'state_history',
  title: 'History of the state',
  toolset: 'state',
  description:
    'Use to see who changed a path, when, from what to what (newest first), or with from and to, what differs between two seqs or times. ' +
    'Answers {path, changes: [{seq, at, by, tool, from?, to?}], next_cursor?} or {path, from, to, difference: [RFC 6902 operations]}.',
  searchHint: 'changes log who when compare diff undo audit state',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'path or limit' },
  positional: ['path'],
  input: z.strictObject({
    path: pathInput.default('$'),
    from: pointInput.describe('Compare from this seq or ISO time'),
    to: pointInput.describe('Compare to this seq or ISO time; default now'),
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
  async run(given, call: Call<Ports>) {
    const parsed = parsePath(given.path);
    if (!parsed.ok) return parsed;
    const path = parsed.value;
    if (path.kind !== 'simple')
      return fail({
        code: 'path-refused',
        path: path.text,
        why: 'history is kept of one place at a time; name it without wildcards or filters',
      });
    const session = await call.ports.sessions.ensure(given.session);
    if (!session.ok) return session;
    const { store } = call.ports.documents;
    const events = await eventsOf(store, sessionStream(session.value));
    if (given.from !== undefined || given.to !== undefined)
      return await compare(call, events, path, given.from ?? 0, given.to);
    const before = given.cursor === undefined ? Number.POSITIVE_INFINITY : Number(given.cursor);
    const changes = changesOf(events, path).filter((change) => change.seq < before);
    const rows = changes.reverse().slice(0, given.limit);
    const last = rows.at(-1);
    return ok({
      path: path.text,
      changes: rows,
      ...(changes.length > rows.length && last !== undefined ? { next_cursor: String(last.seq) } : {}),
    });
  },
});

interface Change {
  seq: number;
  at: string;
  by: string;
  tool: string;
  type: string;
  from?: Json;
  to?: Json;
  [key: string]: unknown;
}

/** Every event that changed the value at the path, oldest first. */
function changesOf(events: readonly Recorded[], path: SimplePath): Change[] {
  const changes: Change[] = [];
  let root: Json | undefined;
  let before = 'undefined';
  for (const event of events) {
    root = applyOps(root, structuredClone(event.patch));
    const value = placeOf(root, path);
    const after = JSON.stringify(value) ?? 'undefined';
    if (after === before) continue;
    const { seq, at, by, type } = event;
    const change: Change = { seq, at, by: by.agent ?? by.session ?? by.user, tool: by.tool, type };
    if (before !== 'undefined' && before.length <= SHOWN_CHARS) change.from = JSON.parse(before);
    if (value !== undefined && jsonLength(value, SHOWN_CHARS) <= SHOWN_CHARS) change.to = copyJson(value);
    changes.push(change);
    before = after;
  }
  return changes;
}

function placeOf(root: Json | undefined, path: SimplePath): Json | undefined {
  const found = root === undefined ? undefined : resolveSimple(root, path.tokens);
  return found?.found ? found.value : undefined;
}

async function compare(
  call: Call<Ports>,
  events: readonly Recorded[],
  path: SimplePath,
  from: string | number,
  to: string | number | undefined,
): Promise<Result<object & { path: string }>> {
  const { store } = call.ports.documents;
  const start = await seqOf(store, from);
  if (!start.ok) return start;
  const end = await seqOf(store, to ?? store.seq());
  if (!end.ok) return end;
  const { ops, cut } = diff(
    placeOf(valueAt(events, start.value), path),
    placeOf(valueAt(events, end.value), path),
    DIFF_OPS,
  );
  const answer = { path: path.text, from: start.value, to: end.value, difference: ops };
  return ok(cut ? { ...answer, cut: `the first ${DIFF_OPS} operations; narrow path` } : answer);
}
