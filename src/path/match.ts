// Says which children of a container a selector selects, and whether an item passes a filter, by the rules of RFC 9535.
// Called by query.ts, for what jsonpath-plus is not asked to decide.

import type { Json } from '../json/json.ts';
import type { PathToken } from './scan.ts';
import type { Comparison, Filter, Operand, Query, Segment, Selector } from './syntax.ts';
import { stepDown } from './walk.ts';

/** What filters are evaluated in: `root` is the `$` of their paths, and `spend` throws once the work is too much. */
export interface Scope {
  root: Json;
  spend(work: number, what?: string): void;
}

/**
 * True if the item passes. A path alone is true if it selects anything, whatever the value. Comparisons never convert:
 * < and > hold between two numbers or two texts, containers are equal if their content is, and a missing place equals
 * only another missing place. A comparison with a path of many values holds if it holds for one of them. `.length`
 * works on arrays and texts.
 */
export function passes(filter: Filter, item: Json, scope: Scope): boolean {
  switch (filter.op) {
    case 'or':
      return filter.parts.some((part) => passes(part, item, scope));
    case 'and':
      return filter.parts.every((part) => passes(part, item, scope));
    case 'not':
      return !passes(filter.part, item, scope);
    case 'exists':
      return exists(filter.query, item, scope);
    default:
      return compareAny(filter.op, filter.left, filter.right, item, scope);
  }
}

function exists(query: Query, item: Json, scope: Scope): boolean {
  if (query.tokens !== undefined) return valueAt(query.tokens, startOf(query, item, scope)) !== undefined;
  return follow(startOf(query, item, scope), query.segments, 0, scope).next().done !== true;
}

function compareAny(op: Comparison, left: Operand, right: Operand, item: Json, scope: Scope): boolean {
  for (const one of valuesOf(left, item, scope))
    for (const other of valuesOf(right, item, scope)) if (compare(op, one, other, scope)) return true;
  return false;
}

/** The values of an operand; that of a path to one missing place is undefined. */
function valuesOf(operand: Operand, item: Json, scope: Scope): Iterable<Json | undefined> {
  if ('literal' in operand) return [operand.literal];
  const { segments, tokens } = operand.query;
  const start = startOf(operand.query, item, scope);
  return tokens === undefined ? follow(start, segments, 0, scope) : [valueAt(tokens, start)];
}

function startOf(query: Query, item: Json, scope: Scope): Json {
  return query.from === '@' ? item : scope.root;
}

function valueAt(tokens: readonly PathToken[], start: Json): Json | undefined {
  let value: Json | undefined = start;
  for (const token of tokens) {
    if (value === undefined) return undefined;
    value = childAt(value, token);
  }
  return value;
}

function childAt(value: Json, token: PathToken): Json | undefined {
  const counted = typeof value === 'string' || Array.isArray(value);
  return token === 'length' && counted ? value.length : stepDown(value, token);
}

function compare(op: Comparison, left: Json | undefined, right: Json | undefined, scope: Scope): boolean {
  if (op === '==') return equal(left, right, scope);
  if (op === '!=') return !equal(left, right, scope);
  if (op === '>' || op === '>=') return compare(op === '>' ? '<' : '<=', right, left, scope);
  const ordered =
    (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  return (ordered && left < right) || (op === '<=' && equal(left, right, scope));
}

function equal(left: Json | undefined, right: Json | undefined, scope: Scope): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  scope.spend(1 + keys.length);
  if (keys.length !== Object.keys(right).length) return false;
  const own = (from: object, key: string): Json | undefined =>
    Object.hasOwn(from, key) ? (Reflect.get(from, key) as Json) : undefined;
  return keys.every((key) => equal(own(left, key), own(right, key), scope));
}

function* follow(value: Json, segments: readonly Segment[], at: number, scope: Scope): Generator<Json> {
  const segment = segments[at];
  if (segment === undefined) return yield value;
  const { deep, selector } = segment;
  if (!deep) {
    for (const child of childrenOf(value, selector, scope)) yield* follow(child, segments, at + 1, scope);
    return;
  }
  const stack = [value];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    for (const child of childrenOf(next, selector, scope)) yield* follow(child, segments, at + 1, scope);
    if (typeof next !== 'object' || next === null) continue;
    const inside = Object.values(next);
    scope.spend(inside.length);
    for (const child of inside) if (typeof child === 'object' && child !== null) stack.push(child);
  }
}

function* childrenOf(value: Json, selector: Selector, scope: Scope): Generator<Json> {
  scope.spend(1);
  if (selector.select === 'name' || selector.select === 'index') {
    const child = childAt(value, selector.select === 'name' ? selector.name : selector.index);
    if (child !== undefined) yield child;
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, child] of entries) {
    scope.spend(1);
    if (selects(selector, key, child, value, scope)) yield child;
  }
}

/** Whether a selector selects a child, by its key (in an array, its index) and value, of a container. */
export function selects(selector: Selector, key: string | number, value: Json, container: Json, scope: Scope): boolean {
  switch (selector.select) {
    case 'all':
      return true;
    case 'name':
      return String(key) === selector.name;
    case 'filter':
      return passes(selector.filter, value, scope);
    case 'union':
      return selector.parts.some((part) => selects(part, key, value, container, scope));
    default:
      return typeof key === 'number' && Array.isArray(container) && inRange(selector, key, container.length);
  }
}

type Range = Extract<Selector, { select: 'index' | 'slice' }>;

function inRange(range: Range, key: number, length: number): boolean {
  if (range.select === 'index') return key === (range.index < 0 ? range.index + length : range.index);
  const { step } = range;
  if (step === 0) return false;
  const from = (at: number) => (at < 0 ? at + length : at);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const within = (at: number) => Math.min(Math.max(from(at), low), high);
  const start = range.start === undefined ? (step > 0 ? low : high) : within(range.start);
  const end = range.end === undefined ? (step > 0 ? high : low) : within(range.end);
  return (step > 0 ? key >= start && key < end : key <= start && key > end) && (key - start) % step === 0;
}
