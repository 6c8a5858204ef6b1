// The difference between two versions of a document, as operations to show to people and agents. Used by
// tools/state-history.ts and, to compare a document's file with the log, by admin/file. Commits do not use it: they
// record the operations that a command made.

import { isObject, type Json, type JsonObject } from './json.ts';
import { deepEqual } from './merge.ts';
import type { PatchOp } from './patch.ts';
import { escapeToken } from './pointer.ts';

/** Operations that lead from one version to the other; `cut` is true if there are more than the caller allowed. */
export interface Difference {
  ops: PatchOp[];
  cut: boolean;
}

/**
 * Returns at most `maxOps` operations that turn `before` into `after` when applied in order. Objects are compared by
 * key, arrays by index, with additions and removals at the tail. Moved elements are not detected: an insertion at the
 * front of an array shows as a replacement of each element. undefined stands for a document that does not exist. Values
 * are parts of `after`, not copies.
 */
export function diff(before: Json | undefined, after: Json | undefined, maxOps: number): Difference {
  const out: Difference = { ops: [], cut: false };
  if (before === undefined) {
    if (after !== undefined) push(out, { op: 'add', path: '', value: after }, maxOps);
  } else if (after === undefined) push(out, { op: 'remove', path: '' }, maxOps);
  else compare(out, '', before, after, maxOps);
  return out;
}

function compare(out: Difference, at: string, before: Json, after: Json, maxOps: number): void {
  if (before === after || out.cut) return;
  if (Array.isArray(before) && Array.isArray(after)) compareArrays(out, at, before, after, maxOps);
  else if (isObject(before) && isObject(after)) compareObjects(out, at, before, after, maxOps);
  else if (!deepEqual(before, after)) push(out, { op: 'replace', path: at, value: after }, maxOps);
}

function compareArrays(out: Difference, at: string, before: Json[], after: Json[], maxOps: number): void {
  for (const [index, old] of before.entries()) {
    const now = after[index];
    if (now === undefined || out.cut) break;
    compare(out, `${at}/${index}`, old, now, maxOps);
  }
  for (let index = before.length - 1; index >= after.length && !out.cut; index--) {
    push(out, { op: 'remove', path: `${at}/${index}` }, maxOps);
  }
  for (const value of after.slice(before.length)) {
    if (!push(out, { op: 'add', path: `${at}/-`, value }, maxOps)) break;
  }
}

function compareObjects(out: Difference, at: string, before: JsonObject, after: JsonObject, maxOps: number): void {
  for (const key of Object.keys(before)) {
    if (out.cut) return;
    if (!Object.hasOwn(after, key)) push(out, { op: 'remove', path: `${at}/${escapeToken(key)}` }, maxOps);
  }
  for (const [key, now] of Object.entries(after)) {
    if (out.cut) return;
    const path = `${at}/${escapeToken(key)}`;
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (old === undefined) push(out, { op: 'add', path, value: now }, maxOps);
    else compare(out, path, old, now, maxOps);
  }
}

function push(out: Difference, op: PatchOp, maxOps: number): boolean {
  if (out.ops.length < maxOps) out.ops.push(op);
  else out.cut = true;
  return !out.cut;
}
