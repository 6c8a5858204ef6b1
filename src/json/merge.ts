// JSON Merge Patch (RFC 7396) as operations, so that a commit records what a merge changes and not the whole document.
// `mergeOps` is used by the commands of state_merge; `deepEqual` by diff.ts, domain/, tools/ and admin/.

import { isObject, type Json, type JsonObject } from './json.ts';
import type { PatchOp } from './patch.ts';
import { escapeToken } from './pointer.ts';

/** True if two values are equal as JSON: same type, same elements in order, same keys in any order. */
export function deepEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]));
}

/**
 * Returns the operations that merge `patch` into `target`, the value at the pointer `base` of a document (RFC 7396:
 * objects merge key by key, null removes a key, anything else replaces). Equal values give no operation. An undefined
 * `target` does not exist yet; its parent must. Looks only at keys that the patch names. Parts of `patch` become part
 * of the operations, so pass a value that nobody else keeps.
 */
export function mergeOps(target: Json | undefined, base: string, patch: Json): PatchOp[] {
  const ops: PatchOp[] = [];
  collect(ops, target, base, patch);
  return ops;
}

function collect(ops: PatchOp[], target: Json | undefined, at: string, patch: Json): void {
  if (!isObject(patch) || !isObject(target)) {
    const value = withoutNulls(patch);
    if (target === undefined) ops.push({ op: 'add', path: at, value });
    else if (!deepEqual(target, value)) ops.push({ op: 'replace', path: at, value });
    return;
  }
  for (const [key, change] of Object.entries(patch)) {
    const path = `${at}/${escapeToken(key)}`;
    const old = Object.hasOwn(target, key) ? target[key] : undefined;
    if (change !== null) collect(ops, old, path, change);
    else if (old !== undefined) ops.push({ op: 'remove', path });
  }
}

/**
 * The patch merged into an empty target (RFC 7396): a null in an object removes its key; arrays, and nulls in them, are
 * kept.
 */
function withoutNulls(patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null) result[key] = withoutNulls(value);
  }
  return result;
}
