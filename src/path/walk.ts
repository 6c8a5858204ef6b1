// Simple paths at work: finding a place, and the operations that set or delete one. Called by the state commands and
// tools; reads are on the path of every state_get.

import { nearest } from '../base/nearest.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import { arrayIndex, escapeToken, formatPointer, getAt, parsePointer } from '../json/pointer.ts';
import { type PathToken, printName, printPath } from './scan.ts';

/** Where a simple path leads. `deepest` is the pointer of the last place on the way that exists. */
export type Resolved = { found: true; value: Json; pointer: string } | { found: false; deepest: string };

/**
 * The child that a token names: of an array an index (a number, negative from the end, or digits), of an object an own
 * key (a string). undefined if there is none; a string or number has no children, and an object no numbered ones.
 */
export function stepDown(parent: Json, token: PathToken): Json | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined;
  if (Array.isArray(parent)) return parent[indexIn(parent, token)];
  return typeof token === 'string' && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

function indexIn(parent: readonly Json[], token: PathToken): number {
  if (typeof token === 'string') return arrayIndex(token);
  return token < 0 ? parent.length + token : token;
}

function childPointer(at: string, parent: Json, token: PathToken): string {
  if (Array.isArray(parent)) return `${at}/${indexIn(parent, token)}`;
  return `${at}/${escapeToken(String(token))}`;
}

/** Follows a simple path through own properties and existing elements. Costs what the path's length costs. */
export function resolveSimple(root: Json, tokens: readonly PathToken[]): Resolved {
  let value = root;
  let pointer = '';
  for (const token of tokens) {
    const child = stepDown(value, token);
    if (child === undefined) return { found: false, deepest: pointer };
    pointer = childPointer(pointer, value, token);
    value = child;
  }
  return { found: true, value, pointer };
}

/** The canonical path of a place that exists, given by its pointer. */
export function pathOf(root: Json, pointer: string): string {
  let parent: Json | undefined = root;
  let path = '$';
  for (const token of parsePointer(pointer)) {
    path += printName(Array.isArray(parent) ? arrayIndex(token) : token);
    parent = parent === undefined ? undefined : stepDown(parent, token);
  }
  return path;
}

// A miss must stay cheap in a wide map: so many keys are looked at, none longer than this.
const NEAREST_KEYS = 1000;
const NEAREST_LENGTH = 64;

/**
 * For a path that leads nowhere: up to three canonical paths of places that exist beside the missing one, most similar
 * first; in an array the last element. Looks at the first 1,000 keys there; nothing if none is similar.
 */
export function nearestPlaces(root: Json, tokens: readonly PathToken[]): string[] {
  let parent = root;
  let prefix = '$';
  for (const token of tokens) {
    const child = stepDown(parent, token);
    if (child === undefined) return similarKeys(parent, String(token)).map((key) => prefix + printName(key));
    prefix += printName(token);
    parent = child;
  }
  return [];
}

function similarKeys(parent: Json, wanted: string): PathToken[] {
  if (typeof parent !== 'object' || parent === null || wanted.length > NEAREST_LENGTH) return [];
  if (Array.isArray(parent)) return parent.length > 0 ? [parent.length - 1] : [];
  const keys: string[] = [];
  for (const key in parent) {
    if (keys.length === NEAREST_KEYS) break;
    keys.push(key);
  }
  return nearest(wanted, keys);
}

/**
 * The one operation that puts `value` at a place. Missing parents become objects, never arrays; an element of an array
 * may be replaced, or added right behind the last one. Fails with `path-blocked` {at: its path, found: what stands
 * there} where a scalar is in the way, an array has no such element, or an index is asked of something that is no
 * array. undefined as root is a document that does not exist yet. The operation takes over `value`.
 */
export function setOps(root: Json | undefined, tokens: readonly PathToken[], value: Json): Result<PatchOp[]> {
  let parent = root;
  let at = '';
  for (const [depth, token] of tokens.entries()) {
    const blocked = whatBlocks(parent, token);
    if (blocked !== undefined) return block(tokens, depth, blocked);
    const child = parent === undefined ? undefined : stepDown(parent, token);
    if (child === undefined) {
      const there = parent === undefined ? depth : depth + 1;
      const made = wrap(tokens.slice(there), value);
      if (made === undefined) return block(tokens, firstIndex(tokens, there), 'nothing');
      return ok([{ op: 'add', path: parent === undefined ? at : childPointer(at, parent, token), value: made }]);
    }
    at = childPointer(at, parent ?? null, token);
    parent = child;
  }
  return ok([{ op: parent === undefined ? 'add' : 'replace', path: at, value }]);
}

/** What stands in the way of reaching or making `token` in `parent`; undefined if nothing does. */
function whatBlocks(parent: Json | undefined, token: PathToken): string | undefined {
  if (parent === undefined) return undefined;
  if (parent === null) return 'null';
  if (Array.isArray(parent)) {
    const index = indexIn(parent, token);
    return index >= 0 && index <= parent.length ? undefined : `an array of ${parent.length}`;
  }
  if (typeof parent !== 'object') return `a ${typeof parent}`;
  return typeof token === 'number' ? 'an object' : undefined;
}

/** Where an array would be needed: how many tokens lead there. */
function firstIndex(tokens: readonly PathToken[], from: number): number {
  return tokens.findIndex((token, depth) => depth >= from && typeof token === 'number');
}

/**
 * The value inside one new object per token; undefined if one of them is an index, for which an array would be needed.
 */
function wrap(tokens: readonly PathToken[], value: Json): Json | undefined {
  let made = value;
  for (const token of tokens.toReversed()) {
    if (typeof token === 'number') return undefined;
    const parent: JsonObject = {};
    parent[token] = made;
    made = parent;
  }
  return made;
}

/** `depth`: how many tokens lead to what is in the way. */
function block(tokens: readonly PathToken[], depth: number, found: string): Result<PatchOp[]> {
  return fail({ code: 'path-blocked', path: printPath(tokens), at: printPath(tokens.slice(0, depth)), found });
}

/**
 * Operations that remove these places, in an order in which each still finds its own: later elements of an array first.
 * A place inside another one of the list, and a place that does not exist, need no operation.
 */
export function deleteOps(root: Json, pointers: readonly string[]): PatchOp[] {
  const places = pointers.map(parsePointer).sort(compareForRemoval);
  const ops: PatchOp[] = [];
  let removed: string[] | undefined;
  for (const place of places) {
    const covered = removed?.every((token, at) => token === place[at]);
    if (covered || getAt(root, place) === undefined) continue;
    ops.push({ op: 'remove', path: formatPointer(place) });
    removed = place;
  }
  return ops;
}

/** Sorts an ancestor right before its descendants, and higher indexes before lower ones. */
function compareForRemoval(a: readonly string[], b: readonly string[]): number {
  for (const [at, token] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (token === other) continue;
    const order = arrayIndex(other) - arrayIndex(token);
    return order !== 0 ? order : token < other ? -1 : 1;
  }
  return a.length - b.length;
}
