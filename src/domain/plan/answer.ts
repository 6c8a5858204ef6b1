// What saving a planning object answers, and what changed in it. Used by the save commands of this folder.

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

/** What is kept for the documents' own use, and never named as a change. */
const INNER = new Set(['schema', 'id', 'project', 'created_at', 'status_at', 'needed_by', 'children', 'archived_with']);

/** The fields in which two versions of a document differ. */
export function changedFields(before: object, after: object): string[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => !INNER.has(key) && !deepEqual(old.get(key) as Json | undefined, now.get(key) as Json | undefined),
  );
}

/** The fields that a caller gave. */
export function givenFields(fields: object): string[] {
  return Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [key]));
}

/** Sets a field, or removes it where the value is undefined or empty: '' is how a caller clears one. */
export function setOrClear<T extends object, K extends keyof T>(draft: T, key: K, value: T[K] | undefined | ''): void {
  if (value === undefined || value === '') delete draft[key];
  else draft[key] = value;
}

/** An argument that is missing or does not fit the others. */
export function badInput(at: string, why: string) {
  return { ok: false as const, failure: { code: 'invalid-input' as const, issues: [{ at, why }] } };
}
