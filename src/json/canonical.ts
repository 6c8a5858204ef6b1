// One text for equal values, whatever the order of their members: for hashes that many processes compare. Used by
// domain/state/etag.ts and domain/run.

import { hash } from 'node:crypto';
import type { Json, JsonObject } from './json.ts';

/**
 * The same value with sorted keys. An undone transaction puts a removed key back as the last one, so two processes may
 * hold equal values in different orders, and their etags must be equal.
 */
export function inKeyOrder(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inKeyOrder);
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) sorted[key] = inKeyOrder(value[key] ?? null);
  return sorted;
}

/** So many hex digits of SHA-256 of a value, whatever the order of its members. */
export function hashOf(value: Json, digits: number): string {
  return hash('sha256', JSON.stringify(inKeyOrder(value))).slice(0, digits);
}
