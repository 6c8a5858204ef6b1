// Which values may be stored: each place in them has a path that a later call can give.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PATH_CHARS } from '../../src/config/limits.ts';
import type { Json, JsonObject } from '../../src/json/json.ts';
import { assertAddressable } from '../../src/path/addressable.ts';
import { MAX_SEGMENTS, parsePath } from '../../src/path/path.ts';
import { nameLength, type PathToken, printName, printPath } from '../../src/path/scan.ts';
import { json, key } from '../json/arbitraries.ts';

test('the length of a name is the length of its text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), key, fc.string()), (token: PathToken) => {
      expect(nameLength(token)).toBe(printName(token).length);
    }),
  );
});

/** All places inside a value, put at the path. */
function places(tokens: PathToken[], value: Json): PathToken[][] {
  if (typeof value !== 'object' || value === null) return [];
  const names: PathToken[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return names.flatMap((name) => {
    const at = [...tokens, name];
    return [at, ...places(at, (value as JsonObject)[name] as Json)];
  });
}

describe('a value is refused exactly if a place in it has no path', () => {
  const long = fc.integer({ min: MAX_PATH_CHARS - 40, max: MAX_PATH_CHARS }).map((length) => 'k'.repeat(length));

  test('too long a path', () => {
    fc.assert(
      fc.property(json, long, (value, parent) => {
        const readable = places([parent], value).every((at) => printPath(at).length <= MAX_PATH_CHARS);
        expect(assertAddressable([parent], value).ok).toBe(readable);
      }),
    );
  });

  test.each([0, 1, 2])('%i segments below the most', (below) => {
    const tokens = Array.from({ length: MAX_SEGMENTS - below }, () => 'a');
    for (const value of [1, {}, [], { b: 1 }, [1], { b: { c: 1 } }, [[]], [[1]]] as Json[]) {
      const readable = places(tokens, value).every((at) => parsePath(printPath(at)).ok);
      expect([value, assertAddressable(tokens, value).ok]).toEqual([value, readable]);
    }
  });
});
