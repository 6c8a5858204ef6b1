// Etags: the name of a value as it is now, so that a write can say which value it means to change. Used by state tools.

import { hash } from 'node:crypto';
import type { Json } from '../json/json.ts';

/** Up to this many characters of JSON a value's etag is its hash; beyond it, its document's version stands for it. */
const HASHED_LIMIT = 64 * 1024;

/** `"absent"` for nothing; 16 hex of SHA-256 of the JSON for a value up to 64 KiB; `v<version>` of the document for a larger one. */
export function etagOf(value: Json | undefined, version: number): string {
  if (value === undefined) return 'absent';
  if (jsonLength(value, HASHED_LIMIT) > HASHED_LIMIT) return `v${version}`;
  return hash('sha256', JSON.stringify(value)).slice(0, 16);
}

/** About how many characters JSON.stringify makes of a value; stops counting once it is above `enough`. */
export function jsonLength(value: Json, enough: number): number {
  const stack: Json[] = [value];
  let length = 0;
  for (let item = stack.pop(); item !== undefined && length <= enough; item = stack.pop()) {
    if (typeof item === 'string') length += item.length + 2;
    else if (typeof item !== 'object' || item === null) length += String(item).length;
    else if (Array.isArray(item)) {
      length += item.length + 1;
      // Every member takes at least two characters: a container too long to matter is not walked.
      if (length <= enough) for (const member of item) stack.push(member);
    } else {
      length += 2;
      for (const key in item) {
        length += key.length + 4;
        if (length > enough) break;
        stack.push(item[key] ?? null);
      }
    }
  }
  return length;
}
