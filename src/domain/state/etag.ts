// Etags: a short text that identifies a value, so that a write can say which value it replaces. Used by the state tools
// and resources. Also the size of a value as JSON, for limits.

import { hashOf } from '../../json/canonical.ts';
import type { Json } from '../../json/json.ts';

/** The longest value, in characters of JSON, whose etag is its hash; above it the document's version is used. */
const HASHED_LIMIT = 64 * 1024;

/**
 * `"absent"` for nothing; 16 hex of SHA-256 of the JSON for a value up to 64 KiB; `v<version>` of the document for a
 * larger one.
 */
export function etagOf(value: Json | undefined, version: number): string {
  if (value === undefined) return 'absent';
  if (jsonLength(value, HASHED_LIMIT) > HASHED_LIMIT) return `v${version}`;
  return hashOf(value, 16);
}

/**
 * The number of characters that JSON.stringify makes of a value. It stops counting above `enough`, and then returns
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
      // Every member takes at least one character: an array with more members than `enough` is not walked.
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
