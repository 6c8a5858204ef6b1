// The names of a map's items. Pure; called by begin.ts once, before any item exists: later runs and retries know an
// item by its key.

import { ID_PATTERN } from '../../base/safe-id.ts';
import { hashOf } from '../../json/canonical.ts';
import type { Json } from '../../json/json.ts';
import { parsePath } from '../../path/path.ts';
import { resolveSimple } from '../../path/walk.ts';

const MAX_KEY = 40;
const MAX_SLUG = 24;
const HASH_DIGITS = 8;

export type NamedItems = { ok: true; keys: string[]; hashes: string[] } | { ok: false; why: string };

/**
 * A key for each item: the value at `path`, or the item itself if it is a text or a number, else its hash. A value that
 * is an id of at most 40 characters is kept, any other becomes its slug with a hash. Two items with one key are
 * refused.
 */
export function namedItems(list: readonly Json[], path: string | undefined): NamedItems {
  const keys: string[] = [];
  const places = new Map<string, number>();
  for (const [i, item] of list.entries()) {
    const name = path === undefined ? item : valueIn(item, path);
    if (name === undefined) return { ok: false, why: `item ${i} has nothing at ${path}` };
    const key = keyOf(name);
    const other = places.get(key);
    if (other !== undefined) return { ok: false, why: `items ${other} and ${i} have the same key, ${key}` };
    places.set(key, i);
    keys.push(key);
  }
  return { ok: true, keys, hashes: list.map((item) => hashOf(item, HASH_DIGITS)) };
}

function valueIn(item: Json, path: string): Json | undefined {
  const parsed = parsePath(path);
  if (!parsed.ok || parsed.value.kind !== 'simple') return undefined;
  const found = resolveSimple(item, parsed.value.tokens);
  return found.found ? found.value : undefined;
}

function keyOf(name: Json): string {
  if (typeof name === 'object') return hashOf(name, HASH_DIGITS);
  const text = String(name);
  if (text.length <= MAX_KEY && ID_PATTERN.test(text)) return text;
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX_SLUG);
  return slug === '' ? hashOf(text, HASH_DIGITS) : `${slug}.${hashOf(text, HASH_DIGITS)}`;
}
