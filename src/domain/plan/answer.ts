// The answer of saving a planning object, and helpers for its fields. Used by the save commands of this folder.

import type { Json } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';

export interface SaveAnswer {
  /** As shown: TSK-17. */
  id: string;
  created: boolean;
  version: number;
  /** Fields that differ from before; empty if nothing had to change. */
  changed: string[];
}

/** Fields that the documents keep for themselves: never listed as changed. */
const INNER = new Set(['schema', 'id', 'project', 'created_at', 'status_at', 'needed_by', 'children', 'archived_with']);

/** The fields in which two versions of a document differ. */
export function changedFields(before: object, after: object): string[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => !INNER.has(key) && !deepEqual(old.get(key) as Json | undefined, now.get(key) as Json | undefined),
  );
}

/** The names of the fields that a caller gave. */
export function givenFields(fields: object): string[] {
  return Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [key]));
}

/** Sets a field, or removes it if the value is undefined or '', by which callers clear a field. */
export function setOrClear<T extends object, K extends keyof T>(draft: T, key: K, value: T[K] | undefined | ''): void {
  if (value === undefined || value === '') delete draft[key];
  else draft[key] = value;
}

/** The failure of an argument that is missing or does not fit the others. */
export function badInput(at: string, why: string) {
  return { ok: false as const, failure: { code: 'invalid-input' as const, issues: [{ at, why }] } };
}
