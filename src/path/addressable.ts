// Refuses values with parts that no path could name, so that every stored value can be read by itself and deleted
// again, even where the whole document is too large to answer. Called by the commands that store what a client sent
// (domain/state, domain/session).

import { MAX_PATH_CHARS } from '../config/limits.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json, JsonObject } from '../json/json.ts';
import { formatPointer } from '../json/pointer.ts';
import { MAX_SEGMENTS } from './path.ts';
import { nameLength, type PathToken } from './scan.ts';

interface Place {
  value: Json;
  /** The length of its canonical path, in segments and (`length`) in characters. */
  depth: number;
  length: number;
  token: PathToken;
  above: Place | undefined;
}

/**
 * Fails with `value-refused` if `value`, stored at `tokens`, had a part whose canonical path exceeds MAX_SEGMENTS or
 * MAX_LENGTH. Takes time linear in the size of the value, and does not recurse.
 */
export function assertAddressable(tokens: readonly PathToken[], value: Json): Result<void> {
  if (typeof value !== 'object' || value === null) return ok(undefined);
  const length = tokens.reduce<number>((sum, token) => sum + nameLength(token), 1);
  const stack: Place[] = [{ value, depth: tokens.length, length, token: '', above: undefined }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const refused = Array.isArray(place.value) ? lookInArray(stack, place) : lookInObject(stack, place);
    if (refused !== undefined) return refuse(place, refused, place.depth);
  }
  return ok(undefined);
}

/** Returns the first key that no path could name, or undefined; pushes the containers inside onto the stack. */
function lookInObject(stack: Place[], above: Place): string | undefined {
  const container = above.value as JsonObject;
  const depth = above.depth + 1;
  for (const token of Object.keys(container)) {
    const length = above.length + nameLength(token);
    if (depth > MAX_SEGMENTS || length > MAX_PATH_CHARS) return token;
    const value = container[token];
    if (typeof value === 'object' && value !== null) stack.push({ value, depth, length, token, above });
  }
  return undefined;
}

/** As `lookInObject`. Checks the last index only, because no other is longer. */
function lookInArray(stack: Place[], above: Place): number | undefined {
  const container = above.value as Json[];
  const last = container.length - 1;
  const depth = above.depth + 1;
  if (last >= 0 && (depth > MAX_SEGMENTS || above.length + nameLength(last) > MAX_PATH_CHARS)) return last;
  for (const [token, value] of container.entries())
    if (typeof value === 'object' && value !== null)
      stack.push({ value, depth, length: above.length + nameLength(token), token, above });
  return undefined;
}

function refuse(place: Place, token: PathToken, depth: number): Result<void> {
  const tokens = [token];
  for (let at: Place | undefined = place; at?.above !== undefined; at = at.above) tokens.unshift(at.token);
  const pointer = formatPointer(tokens);
  const at = pointer.length <= 200 ? pointer : `${pointer.slice(0, 200)}…`;
  const why =
    depth < MAX_SEGMENTS
      ? `its path would be longer than ${MAX_PATH_CHARS} characters, so it could not be read by itself: use ` +
        `shorter keys`
      : `its path would have more than ${MAX_SEGMENTS} segments, so it could not be read by itself: nest less deeply`;
  return fail({ code: 'value-refused', at, why });
}
