// The changes of one place of a session's state, commit by commit, for people: of a value that holds others the leaves
// that changed, and by whom. Used by tools/state-history.ts.

import { copyOps } from '../../documents/past.ts';
import { jsonLength } from '../../domain/state/etag.ts';
import { OWN_KEYS, userPart } from '../../domain/state/user-part.ts';
import { copyJson, isObject, type Json } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';
import { applyOps, type PatchOp } from '../../json/patch.ts';
import { arrayIndex, getAt, parsePointer } from '../../json/pointer.ts';
import type { SimplePath } from '../../path/path.ts';
import { type PathToken, printPath } from '../../path/scan.ts';
import { resolveSimple } from '../../path/walk.ts';
import type { Recorded } from '../../store/port.ts';

/** The longest value that is shown, in characters of JSON; of a longer one only that it changed. */
const SHOWN_CHARS = 500;
/** How many changed leaves of one commit are listed. */
const LEAVES = 10;
/** Values above this many characters are not compared leaf by leaf. */
const COMPARED_CHARS = 4_000;

export interface Leaf {
  path: string;
  from?: Json;
  to?: Json;
}

export interface Change {
  seq: number;
  at: string;
  by: string;
  session?: string;
  tool: string;
  type: string;
  reason?: string;
  /** The session that handed the value over: its history has who wrote it. */
  taken_from?: string;
  from?: Json;
  to?: Json;
  /** The leaves that changed, if the value holds others. */
  leaves?: Leaf[];
  /** How many there are, if not all are listed. */
  leaves_count?: number;
  [key: string]: unknown;
}

/**
 * The commits before a seq that changed the value at the path, newest first, at most `most`. The cost is that of the
 * events, not of the document: only events that name the place, or one around or below it, are examined. What the
 * session keeps about itself counts only if the path names it.
 */
export function changesOf(events: readonly Recorded[], path: SimplePath, before: number, most: number): Change[] {
  const changes: Change[] = [];
  let root: Json | undefined;
  let noted = new Noted();
  for (const [index, event] of events.entries()) {
    if (event.seq >= before) break;
    for (const op of event.patch) if (touches(op, path)) noted.see(root, op, path);
    root = applyOps(root, copyOps(event.patch));
    // Events of one commit count as one change: no reader saw a state between them.
    if (events[index + 1]?.seq === event.seq) continue;
    const shown = noted.change(root, path);
    noted = new Noted();
    if (shown === undefined) continue;
    changes.push({ ...headOf(event), ...shown });
    if (changes.length > most) changes.shift();
  }
  return changes.reverse();
}

function headOf({ seq, at, by, type, data }: Recorded): Change {
  const head: Change = { seq, at, by: by.agent ?? by.session ?? by.user, tool: by.tool, type };
  if (by.session !== undefined) head.session = by.session;
  if (typeof data?.reason === 'string') head.reason = data.reason;
  if (type === 'handoff.received' && typeof data?.from === 'string') head.taken_from = data.from;
  return head;
}

/** A value as it was: a copy of what can be compared and shown, else only that there was one. */
type Kept = { value: Json | undefined } | 'large';

/** What the operations of one commit change at and below a path. */
class Noted {
  /** By place: what stood there before the commit, and what an operation put there last. */
  private readonly places = new Map<string, { tokens: PathToken[]; from: Kept; to: Kept }>();
  /** What stood at the path before the commit. */
  private before: Kept | undefined;
  /** True if an operation is not below the path: then what stands at the path is compared as a whole. */
  private whole = false;

  /** Reads what an operation is about to change. Contract: it touches the path. */
  see(root: Json | undefined, op: PatchOp, path: SimplePath): void {
    const tokens = parsePointer(op.path);
    const found = root === undefined ? undefined : resolveSimple(root, path.tokens);
    const at = found?.found ? found.value : undefined;
    this.before ??= keep(at);
    if (!found?.found || !isContainer(at) || !op.path.startsWith(`${found.pointer}/`)) {
      this.whole = true;
      return;
    }
    if (path.tokens.length === 0 && OWN_KEYS.includes(tokens[0] ?? '')) return;
    const inserts = op.op === 'add' && Array.isArray(valueIn(root, tokens.slice(0, -1)));
    const shown = shownTokens(root, tokens);
    const key = printPath(shown);
    const known = this.places.get(key);
    const from: Kept = known?.from ?? (inserts ? { value: undefined } : keep(valueIn(root, tokens)));
    const to: Kept = op.op === 'remove' ? { value: undefined } : keep(op.value);
    this.places.set(key, { tokens: shown, from, to });
  }

  /** The change by what stands at the path now; undefined if there is none. */
  change(root: Json | undefined, path: SimplePath): Partial<Change> | undefined {
    if (this.before === undefined) return undefined;
    if (this.whole) return changeOfWhole(this.before, keep(placeOf(root, path)), path.tokens);
    const found = new Leaves();
    for (const { tokens, from, to } of this.places.values()) found.compare(tokens, from, to);
    return found.shown();
  }
}

function changeOfWhole(from: Kept, to: Kept, tokens: readonly PathToken[]): Partial<Change> | undefined {
  if (from !== 'large' && to !== 'large') {
    const before = withoutOwn(from.value, tokens);
    const after = withoutOwn(to.value, tokens);
    if (before === after || (before !== undefined && after !== undefined && deepEqual(before, after))) return undefined;
    if (!isContainer(before) && !isContainer(after)) return values(before, after);
    const found = new Leaves();
    found.compare([...tokens], { value: before }, { value: after });
    return found.shown();
  }
  return { leaves: [{ path: printPath([...tokens]) }] };
}

/** What users put into the document, if it is the whole document: nothing before it is made, as after. */
function withoutOwn(value: Json | undefined, tokens: readonly PathToken[]): Json | undefined {
  return tokens.length > 0 ? value : userPart(value ?? {});
}

/** Collects leaves: those that differ, in the order of the document. */
class Leaves {
  private readonly found: Leaf[] = [];
  private count = 0;

  compare(tokens: PathToken[], from: Kept, to: Kept): void {
    if (from === 'large' || to === 'large') this.add({ path: printPath(tokens) });
    else this.walk(tokens, from.value, to.value);
  }

  private walk(tokens: PathToken[], from: Json | undefined, to: Json | undefined): void {
    if (from !== undefined && to !== undefined && deepEqual(from, to)) return;
    const keys = keysOf(from, to);
    if (keys === undefined || keys.length === 0) {
      if (from !== to) this.add({ path: printPath(tokens), ...values(from, to) });
      return;
    }
    for (const key of keys) this.walk([...tokens, key], memberOf(from, key), memberOf(to, key));
  }

  private add(leaf: Leaf): void {
    this.count++;
    if (this.found.length < LEAVES) this.found.push(leaf);
  }

  shown(): Partial<Change> | undefined {
    if (this.count === 0) return undefined;
    return { leaves: this.found, ...(this.count > this.found.length && { leaves_count: this.count }) };
  }
}

/** The keys of two values of which each is absent or holds others of one sort; undefined for leaves. */
function keysOf(from: Json | undefined, to: Json | undefined): PathToken[] | undefined {
  const both = [from, to].filter((one) => one !== undefined);
  if (both.every((one) => Array.isArray(one))) {
    const length = Math.max(...both.map((one) => one.length));
    return Array.from({ length }, (_, index) => index);
  }
  if (both.every(isObject)) return [...new Set(both.flatMap((one) => Object.keys(one)))];
  return undefined;
}

function memberOf(value: Json | undefined, key: PathToken): Json | undefined {
  return value === undefined ? undefined : getAt(value, [String(key)]);
}

function values(from: Json | undefined, to: Json | undefined): { from?: Json; to?: Json } {
  const fits = (value: Json | undefined): value is Json =>
    value !== undefined && jsonLength(value, SHOWN_CHARS) <= SHOWN_CHARS;
  return { ...(fits(from) && { from }), ...(fits(to) && { to }) };
}

function keep(value: Json | undefined): Kept {
  if (value === undefined) return { value };
  return jsonLength(value, COMPARED_CHARS) > COMPARED_CHARS ? 'large' : { value: copyJson(value) };
}

function isContainer(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null;
}

/** Tokens with array elements as numbers, as a path shows them. */
function shownTokens(root: Json | undefined, tokens: readonly string[]): PathToken[] {
  let parent = root;
  return tokens.map((token) => {
    const index = Array.isArray(parent) ? (token === '-' ? parent.length : arrayIndex(token)) : -1;
    parent = parent === undefined || parent === null ? undefined : getAt(parent, [token]);
    return index >= 0 ? index : token;
  });
}

function valueIn(root: Json | undefined, tokens: readonly string[]): Json | undefined {
  return root === undefined ? undefined : getAt(root, tokens);
}

function placeOf(root: Json | undefined, path: SimplePath): Json | undefined {
  const found = root === undefined ? undefined : resolveSimple(root, path.tokens);
  return found?.found ? found.value : undefined;
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
