// JSON Pointer (RFC 6901), which names every place in a document. Used by the patch, merge, diff and limit code here,
// by path/, and wherever an operation is made or read.

import type { Json } from './json.ts';

/**
 * True for the three keys by which careless code reaches a prototype. Paths and values are refused if they contain one
 * at any depth.
 */
export function isUnsafeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

/** Escapes one reference token for a pointer: `~` becomes `~0` and `/` becomes `~1`. */
export function escapeToken(token: string): string {
  if (!token.includes('~') && !token.includes('/')) return token;
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * The reverse of `escapeToken`. Throws Error on a `~` that is not followed by 0 or 1: such a pointer is damage or a
 * bug.
 */
export function unescapeToken(text: string): string {
  if (!text.includes('~')) return text;
  if (/~(?![01])/.test(text)) throw new Error(`not a JSON Pointer token: ${text}`);
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** The tokens of a pointer; '' is the whole document: []. Throws Error if the text is not a pointer. */
export function parsePointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw new Error(`not a JSON Pointer: ${text}`);
  return text.slice(1).split('/').map(unescapeToken);
}

/** The pointer that these tokens make; [] gives ''. */
export function formatPointer(tokens: readonly (string | number)[]): string {
  let text = '';
  for (const token of tokens) text += `/${escapeToken(String(token))}`;
  return text;
}

/** The array index that a token spells, or -1: one to nine digits without a leading zero (RFC 6901 section 4). */
export function arrayIndex(token: string): number {
  const length = token.length;
  if (length === 0 || length > 9 || (length > 1 && token.charCodeAt(0) === 48)) return -1;
  let index = 0;
  for (let at = 0; at < length; at++) {
    const digit = token.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index;
}

/** The child under one token: an element of an array, an own property of an object, else undefined. */
function childAt(parent: Json, token: string): Json | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined;
  if (Array.isArray(parent)) return parent[arrayIndex(token)];
  return Object.hasOwn(parent, token) ? parent[token] : undefined;
}

/**
 * The value at a place, or undefined. Own properties and existing elements only: never `length`, never a prototype's.
 */
export function getAt(root: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = root;
  for (const token of tokens) {
    value = childAt(value, token);
    if (value === undefined) return undefined;
  }
  return value;
}
