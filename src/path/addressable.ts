// Which places a document may have: each can be named by a path, so that whatever was stored can be read again and
// deleted, however large what stands around it. Called by the commands that store what a client sent.

import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { formatPointer } from '../json/pointer.ts';
import { MAX_LENGTH, MAX_SEGMENTS } from './path.ts';
import { type PathToken, printName } from './scan.ts';

interface Place {
  value: Json;
  /** Segments, and characters of the canonical path. */
  depth: number;
  length: number;
  token: PathToken;
  above: Place | undefined;
}

/**
 * Fails with `value-refused` if a part of the value, put at the path, would have no path of its own. Costs what its
 * size costs.
 */
export function assertAddressable(tokens: readonly PathToken[], value: Json): Result<void> {
  if (typeof value !== 'object' || value === null) return ok(undefined);
  const length = tokens.reduce<number>((sum, token) => sum + printName(token).length, 1);
  const stack: Place[] = [{ value, depth: tokens.length, length, token: '', above: undefined }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { value: container, depth, length: before } = place;
    if (typeof container !== 'object' || container === null) continue;
    const keys = Array.isArray(container) ? [container.length - 1] : Object.keys(container);
    for (const token of keys) {
      const after = before + printName(token).length;
      if (depth < MAX_SEGMENTS && after <= MAX_LENGTH) continue;
      if (token !== -1) return refuse(place, token, depth);
    }
    if (Array.isArray(container)) {
      for (const [token, item] of container.entries()) push(stack, place, token, item);
    } else for (const key of Object.keys(container)) push(stack, place, key, container[key] ?? null);
  }
  return ok(undefined);
}

function push(stack: Place[], above: Place, token: PathToken, value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  stack.push({ value, depth: above.depth + 1, length: above.length + printName(token).length, token, above });
}

function refuse(place: Place, token: PathToken, depth: number): Result<void> {
  const tokens = [token];
  for (let at: Place | undefined = place; at?.above !== undefined; at = at.above) tokens.unshift(at.token);
  const pointer = formatPointer(tokens);
  const at = pointer.length <= 200 ? pointer : `${pointer.slice(0, 200)}…`;
  const why =
    depth < MAX_SEGMENTS
      ? `its path would be longer than ${MAX_LENGTH} characters, so it could not be read by itself: use shorter keys`
      : `its path would have more than ${MAX_SEGMENTS} segments, so it could not be read by itself: nest less deeply`;
  return fail({ code: 'value-refused', at, why });
}
