// The operations of RFC 6902 that a commit may contain: add, replace and remove. Reading the log applies them in place,
// so this is the hot path of a replay. Used by documents/ (which also reverts the operations of a transaction that lost
// its race) and admin/.

import type { Json, JsonObject } from './json.ts';
import { arrayIndex, isUnsafeKey, unescapeToken } from './pointer.ts';

export type PatchOp =
  | { op: 'add'; path: string; value: Json }
  | { op: 'replace'; path: string; value: Json }
  | { op: 'remove'; path: string };

/**
 * Applies operations to a document IN PLACE and returns its root, which is a new one only if an operation has the path
 * ''. An undefined root is a document that does not exist: `add ''` creates it, `remove ''` deletes it.
 *
 * Ownership: `op.value` itself becomes part of the document, and later operations change it there. Serialise operations
 * before applying them, copy a value that is to be kept, and never put one value in two places.
 *
 * With `undo`, the inverse of each operation is pushed there, for `revertOps`. The inverses own the values taken out of
 * the document. Reverting restores the exact value; only the order of keys can differ, because a removed key returns as
 * the last one.
 *
 * Throws Error with op and path when an operation does not fit the document or uses the key `__proto__`, `constructor`
 * or `prototype`: a bug or damage, never bad input. The operations before it stay applied, and are in `undo`.
 */
export function applyOps(root: Json | undefined, ops: readonly PatchOp[], undo?: PatchOp[]): Json | undefined {
  let current = root;
  for (const op of ops) current = applyOp(current, op, undo);
  return current;
}

/**
 * Applies inverse operations, last first, and returns the root. The list itself is not changed; its values become part
 * of the document.
 */
export function revertOps(root: Json | undefined, undo: readonly PatchOp[]): Json | undefined {
  let current = root;
  for (let at = undo.length - 1; at >= 0; at--) {
    const op = undo[at];
    if (op !== undefined) current = applyOp(current, op, undefined);
  }
  return current;
}

function applyOp(root: Json | undefined, op: PatchOp, undo: PatchOp[] | undefined): Json | undefined {
  const path = op.path;
  if (path === '') return applyToRoot(root, op, undo);
  if (path.charCodeAt(0) !== 47) throw doesNotFit(op, 'the path is not a JSON Pointer');
  // Scan by index instead of splitting: this allocates no array, and for most tokens only the slice.
  const escaped = path.includes('~');
  let parent = root;
  let from = 1;
  for (let to = path.indexOf('/', from); to !== -1; to = path.indexOf('/', from)) {
    const token = path.slice(from, to);
    parent = step(parent, escaped ? unescapeToken(token) : token, op);
    from = to + 1;
  }
  const last = path.slice(from);
  const token = escaped ? unescapeToken(last) : last;
  if (typeof parent !== 'object' || parent === null) throw doesNotFit(op, 'there is no such parent');
  if (Array.isArray(parent)) applyToArray(parent, token, op, path.slice(0, from), undo);
  else applyToObject(parent, token, op, undo);
  return root;
}

function step(parent: Json | undefined, token: string, op: PatchOp): Json | undefined {
  if (typeof parent !== 'object' || parent === null) throw doesNotFit(op, 'there is no such parent');
  if (Array.isArray(parent)) return parent[arrayIndex(token)];
  if (isUnsafeKey(token)) throw doesNotFit(op, `the key ${token} is refused`);
  return Object.hasOwn(parent, token) ? parent[token] : undefined;
}

function applyToRoot(root: Json | undefined, op: PatchOp, undo: PatchOp[] | undefined): Json | undefined {
  if (root === undefined && op.op !== 'add') throw doesNotFit(op, 'there is no document');
  if (undo !== undefined) {
    if (root === undefined) undo.push({ op: 'remove', path: '' });
    else undo.push({ op: op.op === 'remove' ? 'add' : 'replace', path: '', value: root });
  }
  return op.op === 'remove' ? undefined : op.value;
}

function applyToObject(parent: JsonObject, key: string, op: PatchOp, undo: PatchOp[] | undefined): void {
  if (isUnsafeKey(key)) throw doesNotFit(op, `the key ${key} is refused`);
  const old = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (old === undefined && op.op !== 'add') throw doesNotFit(op, 'there is nothing at this place');
  if (undo !== undefined) {
    if (old === undefined) undo.push({ op: 'remove', path: op.path });
    else undo.push({ op: op.op === 'remove' ? 'add' : 'replace', path: op.path, value: old });
  }
  if (op.op === 'remove') delete parent[key];
  else parent[key] = op.value;
}

function applyToArray(parent: Json[], token: string, op: PatchOp, prefix: string, undo: PatchOp[] | undefined): void {
  const length = parent.length;
  if (op.op === 'add') {
    const index = token === '-' ? length : arrayIndex(token);
    if (index < 0 || index > length) throw doesNotFit(op, `no index of an array of ${length}`);
    if (index === length) parent.push(op.value);
    else parent.splice(index, 0, op.value);
    undo?.push({ op: 'remove', path: prefix + index });
    return;
  }
  const index = arrayIndex(token);
  const old = parent[index];
  if (old === undefined) throw doesNotFit(op, `no index of an array of ${length}`);
  if (op.op === 'replace') {
    parent[index] = op.value;
    undo?.push({ op: 'replace', path: op.path, value: old });
  } else {
    if (index === length - 1) parent.pop();
    else parent.splice(index, 1);
    undo?.push({ op: 'add', path: op.path, value: old });
  }
}

function doesNotFit(op: PatchOp, why: string): Error {
  return new Error(`patch does not fit: ${op.op} ${JSON.stringify(op.path)}: ${why}`);
}
