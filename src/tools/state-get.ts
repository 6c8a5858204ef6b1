// state_get: what stands at a path, now or as of then. The tool agents call most.

import { z } from 'zod';
import type { View } from '../documents/documents.ts';
import { eventsOf, seqOf, valueAt } from '../documents/past.ts';
import { etagOf, jsonLength } from '../domain/etag.ts';
import { sessionStream } from '../domain/session.ts';
import { JOINED_KEYS, typeName } from '../domain/state.ts';
import { parsePath, type StatePath } from '../domain/state-path.ts';
import { nearest, resolveSimple } from '../domain/state-path-walk.ts';
import { fail, ok, type Result } from '../failure.ts';
import { copyJson, isObject, type Json, type JsonObject } from '../json/json.ts';
import { escapeToken, getAt, parsePointer } from '../json/pointer.ts';
import type { Ports } from '../ports.ts';
import { joinedValue } from '../views/joined.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, seqOutput, sessionInput } from './inputs.ts';
import { selectPointers } from './json-path.ts';

/** A value above this is answered by its keys, so that an answer never floods a model's context. */
const VALUE_CHARS = 15_000;
const ROW_CHARS = 2_000;

const input = z.strictObject({
  path: z
    .string()
    .max(1024)
    .default('$')
    .describe('JSONPath: $.a.b, tasks.task-1.status, $.tasks[?(@.done==false)], $..owner'),
  session: sessionInput,
  at: z
    .union([z.number().int().min(0), z.string().max(40)])
    .optional()
    .describe('As of a seq or ISO time'),
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

/** What the path is looked up in. */
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
    'Use to look up what this session remembers, by JSONPath; without arguments, everything. at gives it as of an earlier seq or time. ' +
    'Answers {path, matches, value? (one place), rows? [{path, value}] (several), etag?, seq, nearest?, cut?, next_cursor?}; matches 0 means nothing is there.',
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
  async run(given, call: Call<Ports>) {
    const path = parsePath(given.path);
    if (!path.ok) return path;
    const session = await call.ports.sessions.ensure(given.session);
    if (!session.ok) return session;
    if (given.at !== undefined) return await readPast(given, path.value, session.value, call, given.at);
    const { documents } = call.ports;
    return await documents.read((view) => {
      const source = sourceOf(view, path.value, session.value, call.ports);
      const answer = source.ok ? lookUp(source.value, path.value, given) : source;
      return answer.ok ? ok({ ...answer.value, seq: view.seq }) : answer;
    });
  },
});

function sourceOf(view: View, path: StatePath, session: string, ports: Ports): Result<Source> {
  const doc = view.get<JsonObject>(sessionStream(session));
  if (doc === undefined) return fail({ code: 'unknown-session', session, near: [] });
  const version = view.version(sessionStream(session));
  const key = joinedKey(path);
  if (key === undefined) return ok({ root: doc as JsonObject, version });
  return ok({ root: { [key]: joinedValue(key, view, session, ports.documents.store.info()) }, version });
}

function joinedKey(path: StatePath): (typeof JOINED_KEYS)[number] | undefined {
  const first = path.kind === 'simple' ? path.tokens[0] : path.segments[0]?.selector;
  const name = typeof first === 'object' ? (first.select === 'name' ? first.name : undefined) : first;
  return JOINED_KEYS.find((key) => key === name);
}

async function readPast(given: Input, path: StatePath, session: string, call: Call<Ports>, at: string | number) {
  const { store } = call.ports.documents;
  const seq = await seqOf(store, at);
  if (!seq.ok) return seq;
  const root = valueAt(await eventsOf(store, sessionStream(session)), seq.value);
  const answer =
    root === undefined ? ok<Answer>({ path: path.text, matches: 0 }) : lookUp({ root, version: 0 }, path, given);
  return answer.ok ? ok({ ...answer.value, etag: undefined, seq: seq.value }) : answer;
}

function lookUp(source: Source, path: StatePath, given: Input): Result<Answer> {
  if (path.kind === 'query') return lookUpQuery(source.root, path, given);
  const found = resolveSimple(source.root, path.tokens);
  if (!found.found) {
    const near = nearest(source.root, path.tokens);
    return ok({ path: path.text, matches: 0, etag: 'absent', ...(near.length > 0 ? { nearest: near } : {}) });
  }
  const answer: Answer = { path: path.text, matches: 1, etag: etagOf(found.value, source.version) };
  if (path.tokens.length === 0) answer.joined = [...JOINED_KEYS];
  const chars = jsonLength(found.value, VALUE_CHARS);
  if (given.keys_only !== true && chars <= VALUE_CHARS) return ok({ ...answer, value: copyJson(found.value) });
  return ok({ ...answer, ...keyRows(found.value, found.pointer, given, chars > VALUE_CHARS) });
}

/** A container by its members: names, types and sizes, a page at a time. */
function keyRows(value: Json, pointer: string, given: Input, tooLarge: boolean): Partial<Answer> {
  if (typeof value !== 'object' || value === null) {
    if (typeof value !== 'string' || !tooLarge) return { rows: [{ path: pointer, type: typeName(value) }] };
    return { value: value.slice(0, VALUE_CHARS), cut: `the first ${VALUE_CHARS} of ${value.length} characters` };
  }
  const keys = Array.isArray(value) ? value.map((_, index) => String(index)) : Object.keys(value);
  const from = offsetOf(given);
  const rows = keys.slice(from, from + given.limit).map((key) => {
    const member = getAt(value, [key]) ?? null;
    return { path: `${pointer}/${escapeToken(key)}`, type: typeName(member), chars: jsonLength(member, 1_000_000) };
  });
  const page = paged(rows, keys.length, from);
  return tooLarge
    ? { ...page, cut: 'too large to show whole: these are its members; ask state_get for one of them' }
    : page;
}

function lookUpQuery(root: Json, path: Extract<StatePath, { kind: 'query' }>, given: Input): Result<Answer> {
  const pointers = selectPointers(root, path);
  if (!pointers.ok) return pointers;
  const from = offsetOf(given);
  const rows: NonNullable<Answer['rows']> = [];
  let chars = 0;
  let cut: string | undefined;
  for (const pointer of pointers.value.slice(from, from + given.limit)) {
    const found = getAt(root, parsePointer(pointer)) ?? null;
    const size = jsonLength(found, ROW_CHARS);
    if (given.keys_only === true || size > ROW_CHARS) {
      rows.push({ path: pointer, type: typeName(found) });
      if (given.keys_only !== true)
        cut = `values above ${ROW_CHARS} characters are left out; ask state_get for their path`;
    } else {
      rows.push({ path: pointer, value: isObject(found) || Array.isArray(found) ? copyJson(found) : found });
      chars += size;
    }
    if (chars > VALUE_CHARS) break;
  }
  return ok({
    path: path.text,
    matches: pointers.value.length,
    ...paged(rows, pointers.value.length, from),
    ...(cut === undefined ? {} : { cut }),
  });
}

function paged(rows: NonNullable<Answer['rows']>, total: number, from: number): Partial<Answer> {
  const next = from + rows.length;
  return next < total ? { rows, next_cursor: String(next) } : { rows };
}

function offsetOf(given: Input): number {
  const offset = Number(given.cursor ?? 0);
  return Number.isInteger(offset) && offset > 0 ? offset : 0;
}
