// Follows simple paths through a document, and makes the operations that set or delete a place. Called by the state
// commands, state_get and state_history, and query.ts.

import { nearest } from '../base/nearest.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json, JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';
import { arrayIndex, escapeToken, formatPointer, getAt, parsePointer } from '../json/pointer.ts';
import { type PathToken, printName, printPath } from './scan.ts';

/** Where a simple path leads. `deepest` is the pointer of the last place on the path that exists. */
export type Resolved = { found: true; value: Json; pointer: string } | { found: false; deepest: string };

/**
 * The child that a token names: in an array, an element by index (a number, negative from the end, or digits); in an
 * object, an own property by its key (a string). Undefined if there is none: a scalar has no children, and a number
 * names nothing in an object.
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

/** Follows a simple path through own properties and existing elements. Takes time linear in the path's length. */
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

/** The canonical path of an existing place, given as a pointer. */
export function pathOf(root: Json, pointer: string): string {
  let parent: Json | undefined = root;
  let path = '$';
  for (const token of parsePointer(pointer)) {
    path += printName(Array.isArray(parent) ? arrayIndex(token) : token);
    parent = parent === undefined ? undefined : stepDown(parent, token);
  }
  return path;
}

// Limits of the search for similar keys, so that a miss stays cheap in an object with very many keys.
const NEAREST_KEYS = 1000;
const NEAREST_LENGTH = 64;

/**
 * Suggestions for a path that leads nowhere: up to three canonical paths of existing siblings of the missing place,
 * most similar first; in an array, the last element. Looks at the first 1,000 keys; empty if none is similar.
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
 * Returns the one operation that puts `value` at a place. Missing parents are created as objects, never as arrays; an
 * element of an array may be replaced, or added right behind the last one. Fails with `path-blocked` {at: the path of
 * the obstacle, found: its kind} where a scalar is in the way, an array has no such element, or an index is used on
 * something that is no array. An undefined root is a document that does not exist yet. `value` becomes part of the
 * operation.
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

/** The kind of `parent` if `token` can neither be found nor created in it; undefined if it can. */
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

/** The number of tokens before the first index from `from` on: the place where an array would be needed. */
function firstIndex(tokens: readonly PathToken[], from: number): number {
  return tokens.findIndex((token, depth) => depth >= from && typeof token === 'number');
}

/** Wraps the value in one new object per token; undefined if a token is an index, which would need an array. */
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

/** The failure `path-blocked`; `depth` is the number of tokens that lead to the obstacle. */
function block(tokens: readonly PathToken[], depth: number, found: string): Result<PatchOp[]> {
  return fail({ code: 'path-blocked', path: printPath(tokens), at: printPath(tokens.slice(0, depth)), found });
}

/**
 * Returns the operations that remove these places, later elements of an array first, so that no removal moves the place
 * of another. A place inside another one of the list, or one that does not exist, needs no operation.
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

/** Orders an ancestor right before its descendants, and higher indexes before lower ones. */
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
