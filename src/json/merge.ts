// JSON Merge Patch (RFC 7396) as operations, so that a merge costs and records what it changes and not the whole
// document. Used by the state commands (state_merge) and by diff.ts.

import { isObject, type Json, type JsonObject } from './json.ts';
import type { PatchOp } from './patch.ts';
import { escapeToken } from './pointer.ts';

/** Equal as JSON: same type, same elements in order, same keys in any order. */
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
 * The operations that make `target`, which stands at the pointer `base` of some document, the result of merging `patch`
 * into it by RFC 7396: objects merge key by key, null removes a key, anything else replaces. Equal values give no
 * operation. undefined as target: nothing is there yet; its parent must be. Looks only at keys that the patch names,
 * and compares only their values. The operations take over parts of `patch`, so pass one that nobody else keeps.
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
 * RFC 7396 applied to an empty target: nulls in objects mean "remove", so they leave nothing behind; arrays are values.
 */
function withoutNulls(patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null) result[key] = withoutNulls(value);
  }
  return result;
}
