// state_get: reads the value at a path, now or at a point in the past. The tool that agents call most.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { sourceOf } from '../app/view-source.ts';
import type { View } from '../documents/documents.ts';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { sessionStream } from '../domain/session/document.ts';
import { typeName } from '../domain/state/commands.ts';
import { etagOf, jsonLength } from '../domain/state/etag.ts';
import { JOINED_KEYS } from '../domain/state/keys.ts';
import { OWN_KEYS, userPart } from '../domain/state/user-part.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import { getAt, parsePointer } from '../json/pointer.ts';
import { parsePath, type StatePath } from '../path/path.ts';
import { selectPointers } from '../path/query.ts';
import { printName } from '../path/scan.ts';
import { nearestPlaces, pathOf, resolveSimple, stepDown } from '../path/walk.ts';
import { type JoinedKey, joinedValue } from '../views/joined/joined.ts';
import { factsOf } from '../views/session/sessions.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, offsetOf, pointInput, seqOutput, sessionInput } from './shared/inputs.ts';
import { fitting } from './shared/shown.ts';

/** The longest value in an answer, in characters of JSON; a longer one is answered by its keys. */
const VALUE_CHARS = 15_000;
/** Characters of an answer for the value or rows and for the path. */
const ANSWER_CHARS = 19_000;
/** Measuring a container's members stops after so many characters. */
const MEASURED_CHARS = 2_000_000;
const ROW_CHARS = 2_000;

const input = z.strictObject({
  path: z
    .string()
    .max(1024)
    .default('$')
    .describe("JSONPath: $.a.b, tasks.task-1.status, $['cart.v2'], $.tasks[?(@.done==false)], $..owner"),
  session: sessionInput,
  at: pointInput.optional().describe('As of a seq or ISO time'),
  keys_only: z.boolean().optional().describe('Only keys, types and sizes'),
  limit: limitInput(50, 200),
  cursor: cursorInput,
});
type Input = z.output<typeof input>;

const row = z.object({
  path: z.string(),
  value: z.unknown().optional(),
  type: z.string().optional(),
  chars: z.number().optional(),
});

interface Answer {
  path: string;
  matches: number;
  value?: Json;
  rows?: { path: string; value?: Json; type?: string; chars?: number }[];
  etag?: string;
  joined?: string[];
  nearest?: string[];
  cut?: string;
  next_cursor?: string;
}

/** The document that the path is applied to. */
interface Source {
  root: Json;
  version: number;
}

export const stateGet = defineTool({
  name: 'state_get',
  title: 'Read the state',
  toolset: 'state',
  alwaysLoad: true,
  description:
    'Use to look up what this session remembers, by JSONPath; without arguments, all of it. State is kept until it ' +
    'is deleted, shared by the agents of the session, and read by others who name the session. at gives it as of an ' +
    'earlier seq or time. ' +
    'Answers {path, matches, value? (one place), rows? [{path, value}] (several), etag?, seq, nearest?, cut?, ' +
    'next_cursor?}; matches 0 means nothing is there.',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'path or limit, or pass keys_only' },
  positional: ['path'],
  input,
  output: z.object({
    path: z.string(),
    matches: z.number().int(),
    value: z.unknown().optional(),
    rows: z.array(row).optional(),
    etag: z.string().optional().describe('For if_etag'),
    seq: seqOutput,
    joined: z.array(z.string()).optional().describe('Further keys that can be read by name'),
    nearest: z.array(z.string()).optional().describe('Paths that do exist, near the one asked for'),
    cut: z.string().optional(),
    next_cursor: z.string().optional(),
  }),
  async run(given, call: Call<Services>) {
    const path = parsePath(given.path);
    if (!path.ok) return path;
    const session = await call.services.sessions.ensure(given.session);
    if (!session.ok) return session;
    if (given.at !== undefined) return await readPast(given, path.value, session.value, call, given.at);
    const { documents } = call.services;
    const key = joinedKey(path.value);
    // Joined keys need more than documents, and most paths have none.
    const join = key === undefined ? undefined : await sourceOf(call.services, key === 'observability');
    return await documents.read((view) => {
      const source = lookIn(view, session.value, key, join);
      const answer = source.ok ? lookUp(source.value, path.value, given) : source;
      return answer.ok ? ok({ ...answer.value, seq: view.seq }) : answer;
    });
  },
});

function lookIn(
  view: View,
  session: string,
  key: JoinedKey | undefined,
  join: Awaited<ReturnType<typeof sourceOf>> | undefined,
): Result<Source> {
  const doc = view.get<JsonObject>(sessionStream(session));
  if (doc === undefined) return fail({ code: 'unknown-session', session, near: [] });
  const version = view.version(sessionStream(session));
  if (key === undefined || join === undefined) return ok({ root: doc as JsonObject, version });
  const { project = '', project_name = '' } = factsOf(view, session) ?? {};
  const source = join(view, Date.now(), { project: { id: project, name: project_name }, session });
  return ok({ root: { [key]: joinedValue(key, source, session, version) }, version });
}

function joinedKey(path: StatePath): JoinedKey | undefined {
  const first = path.kind === 'simple' ? path.tokens[0] : path.segments[0]?.selector;
  const name = typeof first === 'object' ? (first.select === 'name' ? first.name : undefined) : first;
  return JOINED_KEYS.find((key) => key === name);
}

async function readPast(given: Input, path: StatePath, session: string, call: Call<Services>, at: string | number) {
  const { store } = call.services.documents;
  const joined = joinedKey(path);
  if (joined !== undefined) {
    const why = `${joined} is joined when it is read and has no past: ask without at`;
    return fail({ code: 'path-refused', path: path.text, why });
  }
  const seq = await seqOf(store, at, { signal: call.signal });
  if (!seq.ok) return seq;
  const root = valueAt(await eventsOf(store, sessionStream(session), call.signal), seq.value);
  const answer =
    root === undefined ? ok<Answer>({ path: path.text, matches: 0 }) : lookUp({ root, version: 0 }, path, given);
  if (!answer.ok) return answer;
  // An etag is for a write, and joined keys have no past.
  const { etag: _, joined: __, ...found } = answer.value;
  return ok({ ...found, seq: seq.value });
}

function lookUp(source: Source, path: StatePath, given: Input): Result<Answer> {
  const room = Math.min(VALUE_CHARS, ANSWER_CHARS - JSON.stringify(path.text).length);
  if (path.kind === 'query') return lookUpQuery(source.root, path, given, room);
  const found = resolveSimple(source.root, path.tokens);
  if (!found.found) {
    const near = nearestPlaces(source.root, path.tokens);
    return ok({ path: path.text, matches: 0, etag: 'absent', ...(near.length > 0 ? { nearest: near } : {}) });
  }
  const answer: Answer = { path: path.text, matches: 1, etag: etagOf(found.value, source.version) };
  const value = path.tokens.length === 0 ? userPart(found.value) : found.value;
  if (path.tokens.length === 0) answer.joined = [...OWN_KEYS, ...JOINED_KEYS];
  const tooLarge = jsonLength(value, room) > room;
  if (given.keys_only !== true && !tooLarge) return ok({ ...answer, value: copyJson(value) });
  if (typeof value === 'string' && given.keys_only !== true)
    return ok({ ...answer, ...piece(value, offsetOf(given.cursor), room) });
  const rows = keyRows(value, pathOf(source.root, found.pointer), given, room, tooLarge);
  return ok({ ...answer, ...rows });
}

/** One piece of a long string, so that all of it can be read by cursor. */
function piece(text: string, from: number, room: number): Partial<Answer> {
  let value = text.slice(from, from + room);
  // An escaped character takes more than one.
  while (jsonLength(value, room) > room) value = value.slice(0, Math.floor(value.length * 0.8));
  const split = /[\uD800-\uDBFF]$/.test(value) && from + value.length < text.length && value.length > 1;
  if (split) value = value.slice(0, -1);
  const next = from + value.length;
  const cut = `characters ${from} to ${next} of ${text.length}`;
  return next < text.length && value !== '' ? { value, cut, next_cursor: String(next) } : { value, cut };
}

/** The members of a container by name, type and size, a page at a time. */
function keyRows(value: Json, path: string, given: Input, room: number, tooLarge: boolean): Partial<Answer> {
  if (typeof value !== 'object' || value === null)
    return { rows: [{ path, type: typeName(value), chars: jsonLength(value, MEASURED_CHARS) }] };
  const from = offsetOf(given.cursor);
  const keys = Array.isArray(value) ? value.slice(from, from + given.limit).map((_, index) => from + index) : undefined;
  const names = keys ?? Object.keys(value).slice(from, from + given.limit);
  let left = MEASURED_CHARS;
  const rows = names.map((key) => {
    const member = stepDown(value, key) ?? null;
    const row = { path: path + printName(key), type: typeName(member) };
    const chars = jsonLength(member, left);
    left -= chars;
    return left < 0 ? row : { ...row, chars };
  });
  const total = Array.isArray(value) ? value.length : Object.keys(value).length;
  const page = paged(fitting(rows, room), total, from);
  return tooLarge
    ? { ...page, cut: 'too large to show whole: these are its members; ask state_get for one of them' }
    : page;
}

function lookUpQuery(
  root: Json,
  path: Extract<StatePath, { kind: 'query' }>,
  given: Input,
  room: number,
): Result<Answer> {
  const pointers = selectPointers(root, path);
  if (!pointers.ok) return pointers;
  const from = offsetOf(given.cursor);
  let leftOut = false;
  const rows = pointers.value.slice(from, from + given.limit).map((pointer) => {
    const found = getAt(root, parsePointer(pointer)) ?? null;
    const chars = jsonLength(found, ROW_CHARS);
    const at = pathOf(root, pointer);
    if (given.keys_only !== true && chars <= ROW_CHARS) return { path: at, value: copyJson(found) };
    leftOut ||= given.keys_only !== true;
    return { path: at, type: typeName(found) };
  });
  return ok({
    path: path.text,
    matches: pointers.value.length,
    ...paged(fitting(rows, room), pointers.value.length, from),
    ...(leftOut ? { cut: `values above ${ROW_CHARS} characters are left out; ask state_get for their path` } : {}),
  });
}

function paged(rows: NonNullable<Answer['rows']>, total: number, from: number): Partial<Answer> {
  const next = from + rows.length;
  return next < total && rows.length > 0 ? { rows, next_cursor: String(next) } : { rows };
}
