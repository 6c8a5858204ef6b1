// Changes a session's state: set, merge, delete, and restoring an old value. Pure rules over the session document, by
// JSONPath; the tools state_* and import/state.ts call them.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { copyJson, isObject, type Json, type JsonObject } from '../../json/json.ts';
import { deepEqual, mergeOps } from '../../json/merge.ts';
import type { PatchOp } from '../../json/patch.ts';
import { escapeToken, formatPointer, getAt, parsePointer } from '../../json/pointer.ts';
import { assertAddressable } from '../../path/addressable.ts';
import { parsePath, type SimplePath, type StatePath } from '../../path/path.ts';
import { type PathToken, printPath } from '../../path/scan.ts';
import { deleteOps, resolveSimple, setOps } from '../../path/walk.ts';
import type { Context, EventHead, Transaction } from '../command.ts';
import { presentAt } from '../if-version.ts';
import { openSession, sessionStream } from '../session/document.ts';
import { etagOf, jsonLength } from './etag.ts';
import { RESERVED } from './keys.ts';
import { onePlaceFailure } from './one-place.ts';

/** The longest previous value that is sent back, in characters of JSON. */
const PREVIOUS_CHARS = 1_024;
/** How many changed pointers of a merge are listed, and how many characters of them. */
const CHANGED_LISTED = 20;
const CHANGED_CHARS = 4_000;

/** What an operation may say of itself beside what it does. */
export interface Condition {
  /** Why; kept in the event for the history. */
  reason?: string | undefined;
  /** The event's type, where the operation is one of several: they are one event. */
  type?: 'state.batched';
  ifEtag?: string | undefined;
  ifAbsent?: boolean | undefined;
}

export interface SetAnswer {
  path: string;
  etag: string;
  created: boolean;
  type: string;
  previous?: Json;
  previous_by?: string;
  previous_at?: string;
}

export interface MergeAnswer {
  path: string;
  etag: string;
  changed: string[];
  changed_count: number;
}

export interface DeleteAnswer {
  path: string;
  deleted: number;
  previous?: Json;
  previous_by?: string;
  previous_at?: string;
}

export type StateOperation =
  | ({ op: 'set'; path: string; value: Json } & Condition)
  | ({ op: 'merge'; path: string; value: Json } & Condition)
  | ({ op: 'delete'; path: string } & Condition);

/** The answer of each operation. */
export interface StateAnswers {
  set: SetAnswer;
  merge: MergeAnswer;
  delete: DeleteAnswer;
}

/**
 * Carries out one operation on a session's document. Fails with `session-ended`, `path-refused`, `path-reserved`,
 * `path-blocked`, `value-refused`, `etag-mismatch`, `already-exists`.
 */
export function changeState<Op extends StateOperation>(
  tx: Transaction,
  ctx: Context,
  session: string,
  operation: Op,
): Result<StateAnswers[Op['op']]>;
export function changeState(
  tx: Transaction,
  ctx: Context,
  session: string,
  operation: StateOperation,
): Result<SetAnswer | MergeAnswer | DeleteAnswer> {
  const opened = openSession(tx, session, ctx);
  if (!opened.ok) return opened;
  const parsed = parsePath(operation.path);
  if (!parsed.ok) return parsed;
  const target: Target = { tx, ctx, session, path: parsed.value, doc: opened.value as unknown as JsonObject };
  switch (operation.op) {
    case 'set':
      return setValue(target, operation.value, operation);
    case 'merge':
      return mergeValue(target, operation.value, operation);
    case 'delete':
      return deleteValues(target, operation);
  }
}

function headOf(usual: string, { reason, type: named }: Condition): EventHead {
  const type = named ?? usual;
  return reason === undefined ? { type } : { type, data: reasonData(reason) };
}

/** The member of an event's data that says why. */
export function reasonData(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

interface Target {
  tx: Transaction;
  ctx: Context;
  session: string;
  path: StatePath;
  doc: Readonly<JsonObject>;
}

function setValue(target: Target, value: Json, condition: Condition): Result<SetAnswer> {
  const { tx, doc } = target;
  const stream = sessionStream(target.session);
  const writable = simplePath(target, 'set');
  if (!writable.ok) return writable;
  const { tokens, text } = writable.value;
  if (tokens.length === 0)
    return fail({ code: 'path-reserved', path: '$', owner: 'the whole document', call: 'state_merge' });
  const found = resolveSimple(doc, tokens);
  const before = found.found ? found.value : undefined;
  const met = meets(target, condition, before);
  if (!met.ok) return met;
  const ops = setOps(doc, tokens, value);
  if (!ops.ok) return ops;
  const named = assertAddressable(tokens, value);
  if (!named.ok) return named;
  const answer: SetAnswer = { path: text, etag: '', created: before === undefined, type: typeName(value) };
  const previous = echo(before);
  if (previous !== undefined) answer.previous = previous;
  if (found.found) Object.assign(answer, writerBefore(target, found.pointer));
  // The value came from the client and is in no document: giving it away saves a copy.
  tx.patch(stream, headOf('state.set', condition), ops.value, 'event');
  answer.etag = etagOf(value, tx.version(stream));
  return ok(answer);
}

function mergeValue(target: Target, value: Json, condition: Condition): Result<MergeAnswer> {
  const { tx, session, doc } = target;
  const stream = sessionStream(session);
  const writable = simplePath(target, 'merge');
  if (!writable.ok) return writable;
  const { tokens, text } = writable.value;
  if (tokens.length === 0) {
    if (!isObject(value))
      return fail({ code: 'value-refused', at: '', why: 'only an object can be merged into the whole document' });
    for (const key of Object.keys(value)) {
      const owner = reservedIn([key]);
      if (owner !== undefined) return fail({ code: 'path-reserved', path: printPath([key]), ...owner });
    }
  }
  const found = resolveSimple(doc, tokens);
  const before = found.found ? found.value : undefined;
  const met = meets(target, condition, before);
  if (!met.ok) return met;
  const ops = found.found ? ok(mergeOps(found.value, found.pointer, value)) : setOps(doc, tokens, withoutNulls(value));
  if (!ops.ok) return ops;
  const named = assertAddressable(tokens, value);
  if (!named.ok) return named;
  tx.patch(stream, headOf('state.merged', condition), ops.value);
  const after = resolveSimple(doc, tokens);
  const changed = ops.value.map((op) => op.path);
  return ok({
    path: text,
    etag: etagOf(after.found ? after.value : undefined, tx.version(stream)),
    changed: firstOf(changed),
    changed_count: changed.length,
  });
}

function firstOf(pointers: readonly string[]): string[] {
  let chars = 0;
  return pointers.slice(0, CHANGED_LISTED).filter((pointer) => {
    chars += jsonLength(pointer, CHANGED_CHARS);
    return chars <= CHANGED_CHARS;
  });
}

function deleteValues(target: Target, condition: Condition): Result<DeleteAnswer> {
  const { tx, ctx, session, doc, path } = target;
  if (path.kind === 'query' && condition.ifEtag !== undefined) {
    const wants = 'if_etag takes a path that names one place, because an etag is of one value';
    return fail(onePlaceFailure(path, doc, ctx.select, wants));
  }
  const pointers = path.kind === 'simple' ? ok(simplePointers(doc, path)) : ctx.select(doc, path);
  if (!pointers.ok) return pointers;
  const guarded = path.kind === 'simple' ? reservedIn(path.tokens) : undefined;
  const hit =
    guarded ?? pointers.value.map((pointer) => reservedIn(parsePointer(pointer))).find((owner) => owner !== undefined);
  if (hit !== undefined) return fail({ code: 'path-reserved', path: path.text, ...hit });
  const only = pointers.value.length === 1 ? getAt(doc, parsePointer(pointers.value[0] ?? '')) : undefined;
  const met = meets(target, condition, only);
  if (!met.ok) return met;
  const ops = deleteOps(doc, pointers.value);
  const previous = echo(only);
  const answer: DeleteAnswer = { path: path.text, deleted: ops.length };
  if (previous !== undefined) answer.previous = previous;
  if (pointers.value.length === 1) Object.assign(answer, writerBefore(target, pointers.value[0] ?? ''));
  tx.patch(sessionStream(session), headOf('state.deleted', condition), ops);
  return ok(answer);
}

/** Who wrote the present value of a place, and when; empty if not found in time. */
function writerBefore({ ctx, session }: Target, pointer: string): Pick<SetAnswer, 'previous_by' | 'previous_at'> {
  const writer = ctx.lastWriter(sessionStream(session), pointer);
  return writer === undefined ? {} : { previous_by: writer.by, previous_at: writer.at };
}

function simplePointers(doc: Readonly<JsonObject>, path: SimplePath): string[] {
  const found = resolveSimple(doc, path.tokens);
  return found.found ? [found.pointer] : [];
}

/** A path that names one place outside the reserved keys. */
function simplePath(target: Target, verb: string): Result<SimplePath> {
  const { path } = target;
  if (path.kind !== 'simple') {
    const wants = `${verb} takes a path that names one place, a query is for state_get and state_delete`;
    return fail(onePlaceFailure(path, target.doc, target.ctx.select, wants));
  }
  const reserved = path.tokens.length === 0 ? undefined : reservedIn(path.tokens);
  return reserved === undefined ? ok(path) : fail({ code: 'path-reserved', path: path.text, ...reserved });
}

function reservedIn(tokens: readonly PathToken[]): { owner: string; call: string } | undefined {
  const [first, second] = tokens;
  if (first === undefined) return { owner: 'the whole document', call: 'session_start {resume: "new"}' };
  if (first === 'communication' && second === 'locks') return { owner: 'locks', call: 'lock_acquire' };
  return typeof first === 'string' && Object.hasOwn(RESERVED, first) ? RESERVED[first] : undefined;
}

/** Whether the place of a simple path holds what the condition says; a query has no condition. */
function meets(target: Target, condition: Condition, before: Json | undefined): Result<void> {
  const { tx, ctx, session, path } = target;
  const stream = sessionStream(session);
  const actual = etagOf(before, tx.version(stream));
  const taken = condition.ifAbsent === true && before !== undefined;
  if (!taken && (condition.ifEtag === undefined || condition.ifEtag === actual)) return ok(undefined);
  const pointer = path.kind === 'simple' ? formatPointer(path.tokens) : '';
  const place = {
    path: path.text,
    ...(session !== ctx.by.session && { session }),
    ...presentAt(ctx, stream, pointer, before),
  };
  if (taken) return fail({ code: 'already-exists', ...place });
  return fail({ code: 'etag-mismatch', expected: condition.ifEtag ?? '', actual, ...place });
}

/** The etag of the value at a simple path now; `absent` for any other path. */
export function etagAt(tx: Transaction, session: string, path: string): string {
  const stream = sessionStream(session);
  const parsed = parsePath(path);
  const doc = tx.read(stream);
  if (!parsed.ok || parsed.value.kind !== 'simple' || doc === undefined) return 'absent';
  const at = resolveSimple(doc as JsonObject, parsed.value.tokens);
  return etagOf(at.found ? at.value : undefined, tx.version(stream));
}

/** A copy of a small previous value, made before the document changes in place. */
function echo(before: Json | undefined): Json | undefined {
  if (before === undefined || jsonLength(before, PREVIOUS_CHARS) > PREVIOUS_CHARS) return undefined;
  return copyJson(before);
}

/** The value that a merge creates where there was none: the patch without its nulls (RFC 7396). */
function withoutNulls(value: Json): Json {
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) kept[key] = withoutNulls(item);
  return kept;
}

/** The JSON type of a value: null, array, object, string, number or boolean. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Operations that restore the value that a path had in `then`; they delete it if it had none. */
export function restoreOps(now: Readonly<JsonObject>, then: Readonly<JsonObject>, path: SimplePath): Result<PatchOp[]> {
  const { tokens } = path;
  if (tokens.length === 0) return ok(restoreWhole(now, then));
  const reserved = reservedIn(tokens);
  if (reserved !== undefined) return fail({ code: 'path-reserved', path: path.text, ...reserved });
  const old = resolveSimple(then, tokens);
  const current = resolveSimple(now, tokens);
  if (!old.found) return ok(current.found ? deleteOps(now, [current.pointer]) : []);
  if (current.found && deepEqual(current.value, old.value)) return ok([]);
  // setOps makes missing parents as objects: an element of a deleted array would come back as a member of an object.
  const gone = tokens.findIndex((_, depth) => depth > 0 && !resolveSimple(now, tokens.slice(0, depth)).found);
  for (let depth = gone; depth > 0 && depth < tokens.length; depth++) {
    const parent = tokens.slice(0, depth);
    const held = resolveSimple(then, parent);
    if (!held.found || !Array.isArray(held.value)) continue;
    const why = `the array it stood in is gone: restore ${printPath(parent)}`;
    return fail({ code: 'path-refused', path: path.text, why });
  }
  return setOps(now, tokens, copyJson(old.value));
}

/** Restores every key but the reserved ones: the session's facts are not state. */
function restoreWhole(now: Readonly<JsonObject>, then: Readonly<JsonObject>): PatchOp[] {
  const ops: PatchOp[] = [];
  const keys = new Set([...Object.keys(now), ...Object.keys(then)].filter((key) => !Object.hasOwn(RESERVED, key)));
  for (const key of keys) {
    const old = Object.hasOwn(then, key) ? then[key] : undefined;
    const current = Object.hasOwn(now, key) ? now[key] : undefined;
    const path = `/${escapeToken(key)}`;
    if (old === undefined) ops.push({ op: 'remove', path });
    else if (!deepEqual(old, current))
      ops.push({ op: current === undefined ? 'add' : 'replace', path, value: copyJson(old) });
  }
  return ops;
}
