// Etags: the name of a value as it is now, so that a write can say which value it means to change. Used by state tools.

import { hash } from 'node:crypto';
import type { Json, JsonObject } from '../../json/json.ts';

/** Up to this many characters of JSON a value's etag is its hash; beyond it, its document's version stands for it. */
const HASHED_LIMIT = 64 * 1024;

/**
 * `"absent"` for nothing; 16 hex of SHA-256 of the JSON for a value up to 64 KiB; `v<version>` of the document for a
 * larger one.
 */
export function etagOf(value: Json | undefined, version: number): string {
  if (value === undefined) return 'absent';
  if (jsonLength(value, HASHED_LIMIT) > HASHED_LIMIT) return `v${version}`;
  return hash('sha256', JSON.stringify(inKeyOrder(value))).slice(0, 16);
}

/**
 * How many characters JSON.stringify makes of a value; once that is more than `enough` it stops counting and returns
 * some number above it.
 */
export function jsonLength(value: Json, enough: number): number {
  const stack: Json[] = [value];
  let length = 0;
  for (let item = stack.pop(); item !== undefined && length <= enough; item = stack.pop()) {
    if (typeof item === 'string') length += textLength(item, enough);
    else if (typeof item !== 'object' || item === null) length += String(item).length;
    else if (Array.isArray(item)) {
      length += Math.max(2, item.length + 1);
      // Every member takes at least a character: an array too long to matter is not walked.
      if (length <= enough) for (const member of item) stack.push(member);
    } else {
      length += 1;
      let keys = 0;
      for (const key of Object.keys(item)) {
        keys += 1;
        length += textLength(key, enough) + 2;
        if (length > enough) break;
        stack.push(item[key] ?? null);
      }
      if (keys === 0) length += 1;
    }
  }
  return length;
}

/** Characters of a string as JSON: an escape takes up to six. */
function textLength(text: string, enough: number): number {
  return text.length + 2 > enough ? text.length + 2 : JSON.stringify(text).length;
}

/**
 * The same value with keys in one order. A transaction that lost its race puts a removed key back as the last, so two
 * processes may hold the same value in different orders: their etags must not differ.
 */
function inKeyOrder(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inKeyOrder);
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) sorted[key] = inKeyOrder(value[key] ?? null);
  return sorted;
}
