// Checks a value from outside before a command stores it: a value that passes reads back the same in any process and
// after any replay of the log. Called by the tools, and by admin/ for edits by hand and imports.

import { MAX_VALUE_DEPTH } from '../config/limits.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import type { Json } from './json.ts';
import { formatPointer, isUnsafeKey } from './pointer.ts';

/**
 * How much one value may hold: levels of nested containers, and bytes of the UTF-8 text that JSON.stringify makes of
 * it.
 */
interface ValueLimits {
  depth: number;
  bytes: number;
}

const VALUE_LIMITS: Readonly<ValueLimits> = Object.freeze({ depth: MAX_VALUE_DEPTH, bytes: 1_048_576 });

/** One container on the stack of the walk: `keys` are those of an object, undefined for an array. */
interface Frame {
  value: object;
  keys: string[] | undefined;
  next: number;
}

/**
 * Checks a value of unknown origin and returns it as JSON: the same value, not a copy. Fails with `value-refused` {at:
 * a JSON Pointer cut to 200 characters, why} or with `too-large`. Does not throw and does not recurse, whatever the
 * depth. Replaces -0 by 0 in place, because JSON.stringify writes 0 and memory must agree with the log; nothing else is
 * changed. A lone surrogate passes: JSON.stringify escapes it and JSON.parse gives it back.
 */
export function checkValue(value: unknown, limits: Readonly<ValueLimits> = VALUE_LIMITS): Result<Json> {
  const stack: Frame[] = [];
  let bytes = 0;
  let item = value;
  for (;;) {
    const cost = measure(item, stack.length, limits, limits.bytes - bytes);
    if (typeof cost === 'string') return fail({ code: 'value-refused', at: placeOf(stack), why: cost });
    bytes += cost;
    if (bytes > limits.bytes) {
      const instead = 'send it in parts, under several paths';
      return fail({ code: 'too-large', what: 'the value, in bytes', limit: limits.bytes, instead });
    }
    if (typeof item === 'object' && item !== null) {
      stack.push({ value: item, keys: Array.isArray(item) ? undefined : Object.keys(item), next: 0 });
    } else if (Object.is(item, -0)) {
      const frame = stack.at(-1);
      if (frame === undefined) return ok(0);
      Reflect.set(frame.value, keyOf(frame), 0);
    }
    let frame = stack.at(-1);
    while (frame !== undefined && frame.next === sizeOf(frame)) {
      stack.pop();
      frame = stack.at(-1);
    }
    if (frame === undefined) return ok(value as Json); // every part of it has been checked
    frame.next++;
    const key = keyOf(frame);
    if (typeof key === 'string') {
      if (isUnsafeKey(key)) {
        return fail({ code: 'value-refused', at: placeOf(stack), why: `the key ${key} is refused at every depth` });
      }
      bytes += stringBytes(key, limits.bytes - bytes) + 1;
    }
    item = Reflect.get(frame.value, key);
  }
}

function sizeOf(frame: Frame): number {
  if (frame.keys !== undefined) return frame.keys.length;
  return Array.isArray(frame.value) ? frame.value.length : 0;
}

/** The key or index that the walk has reached in this container. */
function keyOf(frame: Frame): string | number {
  return frame.keys?.[frame.next - 1] ?? frame.next - 1;
}

function placeOf(stack: readonly Frame[]): string {
  const pointer = formatPointer(stack.map(keyOf));
  return pointer.length <= 200 ? pointer : `${pointer.slice(0, 200)}…`;
}

/**
 * The bytes that an item adds (a container: its brackets and commas), or the reason why it is refused. Stops early once
 * the bytes exceed `left`.
 */
function measure(item: unknown, depth: number, limits: Readonly<ValueLimits>, left: number): number | string {
  switch (typeof item) {
    case 'string':
      return stringBytes(item, left);
    case 'number':
      if (!Number.isFinite(item)) return `${item} is not a JSON number`;
      if (Number.isInteger(item) && !Number.isSafeInteger(item)) {
        return 'an integer beyond 2^53-1 loses digits: send it as a string';
      }
      return String(item).length;
    case 'boolean':
      return item ? 4 : 5;
    case 'object':
      if (item === null) return 4;
      return depth < limits.depth ? measureContainer(item) : `nested deeper than ${limits.depth} levels`;
    default:
      return item === undefined ? 'undefined is not JSON' : `a ${typeof item} is not JSON`;
  }
}

function measureContainer(item: object): number | string {
  if (Array.isArray(item)) return 2 + Math.max(0, item.length - 1); // a hole reads as undefined, which is refused
  const prototype: unknown = Object.getPrototypeOf(item);
  if (prototype !== Object.prototype && prototype !== null) return 'only plain objects and arrays are JSON';
  if (Object.getOwnPropertySymbols(item).length > 0) return 'a symbol key is not JSON';
  return 2 + Math.max(0, Object.keys(item).length - 1);
}

/**
 * The UTF-8 bytes of JSON.stringify(text), quotes included. Beyond `left` it returns some number above `left`, without
 * counting on.
 */
function stringBytes(text: string, left: number): number {
  if (text.length + 2 > left) return text.length + 2;
  let bytes = 2;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else if (unit < 0x20) bytes += unit >= 8 && unit <= 13 && unit !== 11 ? 2 : 6;
    else if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      at++;
    } else bytes += 6; // a lone surrogate is written as an escape
  }
  return bytes;
}

/** Texts below this length are parsed in a few milliseconds, however deep they are nested. */
const QUICK_CHARS = 64 * 1024;
/** Levels of containers in a text that is parsed at all; what a value may have is less and checked afterwards. */
const MAX_PARSED_DEPTH = 1_000;

/**
 * Parses JSON text from outside. Throws a SyntaxError for what is no JSON, and for text nested deeper than 1,000
 * levels before it is parsed: V8 takes seconds for megabytes of open brackets, in which a server answers nobody.
 */
export function parseJson(text: string): unknown {
  if (text.length > QUICK_CHARS && isDeeper(text, MAX_PARSED_DEPTH))
    throw new SyntaxError(`nested deeper than ${MAX_PARSED_DEPTH} levels`);
  return JSON.parse(text);
}

/** Whether brackets outside of strings are nested deeper than `limit`. The text need not be JSON. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) at = endOfString(text, at);
    else if (unit === 0x5b || unit === 0x7b) {
      depth++;
      if (depth > limit) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}

/** The index of the quote that ends the string which begins at `from`; the end of the text without one. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
