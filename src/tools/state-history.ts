// state_history: lists the changes of a path, or the difference between two points in time.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { copyOps, eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { sessionStream } from '../domain/session/document.ts';
import { jsonLength } from '../domain/state/etag.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { diff } from '../json/diff.ts';
import type { Json } from '../json/json.ts';
import { applyOps, type PatchOp } from '../json/patch.ts';
import { arrayIndex, getAt, parsePointer } from '../json/pointer.ts';
import { parsePath, type SimplePath } from '../path/path.ts';
import { pathOf, resolveSimple } from '../path/walk.ts';
import type { Recorded } from '../store/port.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, pathInput, pointInput, sessionInput } from './shared/inputs.ts';
import { fitting, shownOps } from './shared/shown.ts';

const SHOWN_CHARS = 500;
/** How many changed places of a large value are shown. */
const PARTS = 5;
const DIFF_OPS = 100;

export const stateHistory = defineTool({
  name: 'state_history',
  title: 'History of the state',
  toolset: 'state',
  description:
    'Use to see who changed a path, when, from what to what (newest first), or with from and to, what differs ' +
    'between two seqs or times. ' +
    'Answers {path, changes: [{seq, at, by, tool, from?, to?, parts? (of a large value: what changed in it)}], ' +
    'next_cursor?} or {path, from, to, difference: [RFC 6902 operations]}.',
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
    const path = parsed.value;
    if (path.kind !== 'simple')
      return fail({
        code: 'path-refused',
        path: path.text,
        why: 'history is kept of one place at a time; name it without wildcards or filters',
      });
    const session = await call.services.sessions.ensure(given.session);
    if (!session.ok) return session;
    const { store } = call.services.documents;
    const events = await eventsOf(store, sessionStream(session.value), call.signal);
    if (given.from !== undefined || given.to !== undefined)
      return await compare(call, events, path, given.from ?? 0, given.to);
    const before = given.cursor === undefined ? Number.POSITIVE_INFINITY : Number(given.cursor);
    const changes = changesOf(events, path, before, given.limit + 1);
    const rows = fitting(changes.slice(0, given.limit));
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
  /** The changed places, if the value is too large to show. */
  parts?: Part[];
  parts_count?: number;
  [key: string]: unknown;
}

interface Part {
  path: string;
  from?: Json;
  to?: Json;
}

/**
 * The commits before a seq that changed the value at the path, newest first, at most `most`. The cost is that of the
 * events, not of the document: only events that name the place, or one around or below it, are examined.
 */
function changesOf(events: readonly Recorded[], path: SimplePath, before: number, most: number): Change[] {
  const changes: Change[] = [];
  let root: Json | undefined;
  let from = textOf(undefined);
  // Events of one commit count as one change: no reader saw a state between them.
  let parts: Part[] = [];
  let touched = 0;
  for (const [index, event] of events.entries()) {
    if (event.seq >= before) break;
    const ops = event.patch.filter((op) => touches(op, path));
    const named = ops.slice(0, PARTS - parts.length).map((op) => partOf(root, op));
    root = applyOps(root, copyOps(event.patch));
    for (const part of named) parts.push(part(root));
    touched += ops.length;
    if (touched === 0 || events[index + 1]?.seq === event.seq) continue;
    const to = textOf(placeOf(root, path));
    const [inside, count] = [parts, touched];
    [parts, touched] = [[], 0];
    if (to === from && to !== LARGE) continue;
    const { seq, at, by, type } = event;
    const change: Change = { seq, at, by: by.agent ?? by.session ?? by.user, tool: by.tool, type };
    show(change, from, to);
    if (from === LARGE || to === LARGE) change.parts = inside;
    if (change.parts !== undefined && count > inside.length) change.parts_count = count;
    from = to;
    changes.push(change);
    if (changes.length > most) changes.shift();
  }
  return changes.reverse();
}

function show(into: Part | Change, from: string, to: string): void {
  if (from !== '' && from !== LARGE) into.from = JSON.parse(from);
  if (to !== '' && to !== LARGE) into.to = JSON.parse(to);
}

/** The place that an operation changes, read before it is applied; the returned function completes it afterwards. */
function partOf(root: Json | undefined, op: PatchOp): (after: Json | undefined) => Part {
  const tokens = parsePointer(op.path);
  const inserts = op.op === 'add' && Array.isArray(valueIn(root, tokens.slice(0, -1)));
  const from = inserts ? '' : textOf(valueIn(root, tokens));
  const before = op.op === 'add' || root === undefined ? undefined : pathOf(root, op.path);
  return (after) => {
    const part: Part = { path: before ?? (after === undefined ? '$' : pathOf(after, op.path)) };
    show(part, from, op.op === 'remove' ? '' : textOf(op.value));
    return part;
  };
}

function valueIn(root: Json | undefined, tokens: readonly string[]): Json | undefined {
  return root === undefined ? undefined : getAt(root, tokens);
}

const LARGE = 'large';

/** A small value as text, to compare and to show; `''` for nothing. */
function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  return jsonLength(value, SHOWN_CHARS) > SHOWN_CHARS ? LARGE : JSON.stringify(value);
}

/** Whether an operation may have changed the value at the path. */
function touches(op: PatchOp, path: SimplePath): boolean {
  if (op.path === '') return true;
  for (const [depth, token] of parsePointer(op.path).entries()) {
    const own = path.tokens[depth];
    if (own === undefined || typeof own === 'number') return true;
    // A change of another element of the array may move the path's own one.
    if (own !== token) return arrayIndex(own) >= 0 && (token === '-' || arrayIndex(token) >= 0);
  }
  return true;
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
