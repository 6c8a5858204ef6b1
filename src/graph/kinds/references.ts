// References in the values of a node: {"$from": "$.needs.build.output.id"} stands for the value at that place of what
// the node is given, {inputs, needs, item, key}. Kinds check them here; domain/run/given.ts resolves them.

import { nearest } from '../../base/nearest.ts';
import type { Json } from '../../json/json.ts';
import { parsePath } from '../../path/path.ts';
import type { PathToken } from '../../path/scan.ts';
import { simpleTokens } from '../../path/syntax.ts';
import { isReference } from '../fields.ts';
import type { Fault } from '../graph.ts';

/** What a reference or condition may ask for. */
export const GIVEN = ['inputs', 'needs', 'item', 'key'] as const;

/** The path of a value that is a reference; undefined for any other value. */
export function referenceOf(value: Json): string | undefined {
  return isReference(value) ? value.$from : undefined;
}

/** The paths of all references in a value. */
export function referencesIn(value: Json): string[] {
  const own = referenceOf(value);
  if (own !== undefined) return [own];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}

/** The fault of a path into what the node is given; undefined if it is sound. */
export function pathFault(path: string, at: string, needs: readonly string[]): Fault | undefined {
  const code = 'bad-reference';
  const parsed = parsePath(path);
  if (!parsed.ok) {
    const why = 'why' in parsed.failure ? parsed.failure.why : 'it cannot be read';
    return { code, at, message: `"${path.slice(0, 80)}": ${why}`, hint: 'write such as "$.needs.build.output"' };
  }
  const tokens = parsed.value.kind === 'simple' ? parsed.value.tokens : simpleTokens(parsed.value.segments);
  return placeFault(tokens, at, needs, code);
}

/** The fault of a place that is not among what the node is given. */
export function placeFault(
  [root, need]: readonly PathToken[],
  at: string,
  needs: readonly string[],
  code: string,
): Fault | undefined {
  if (root === undefined || !GIVEN.some((one) => one === root)) {
    const message = root === undefined ? 'it asks for everything' : `it asks for "${root}", which is not there`;
    return { code, at, message, hint: `begin with one of ${GIVEN.join(', ')}` };
  }
  if (root !== 'needs' || need === undefined || needs.includes(String(need))) return undefined;
  const near = nearest(String(need), needs);
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `add "${need}" to the node's needs`;
  return { code, at, message: `it asks about "${need}", which the node does not need`, hint };
}
