// The scanner of the path grammar: reads the names, quoted strings and integers that path.ts and filter.ts share, and
// prints tokens back as canonical text. The tools and domain/ use its printing functions.

import { FailureError } from '../failure/failure.ts';
import { isUnsafeKey } from '../json/pointer.ts';
import { type Reason, refusalText } from './refusals.ts';

/** A key, or an index of an array; a negative index counts from the end. */
export type PathToken = string | number;

export interface Scanner {
  readonly text: string;
  at: number;
}

/**
 * Throws FailureError `path-refused`, which parsePath catches, with at most 200 characters of the path and the current
 * position.
 */
export function refuse(scan: Scanner, reason: Reason, subject?: string): never {
  const path = scan.text.slice(0, 200);
  const why = `${refusalText(reason, subject)} (at character ${scan.at + 1})`;
  throw new FailureError({ code: 'path-refused', path, why });
}

/** Moves past `sign` if the text continues with it; returns whether it did. */
export function take(scan: Scanner, sign: string): boolean {
  if (!scan.text.startsWith(sign, scan.at)) return false;
  scan.at += sign.length;
  return true;
}

/** Skips blanks, tabs and line ends, which RFC 9535 allows between the parts of a path. */
export function skipSpace(scan: Scanner): void {
  match(scan, /[ \t\n\r]+/y);
}

/**
 * Reads a name of ASCII letters and digits, `_`, `-`, `$` and anything beyond ASCII; undefined if the text does not
 * continue with one.
 */
export function readBareName(scan: Scanner): string | undefined {
  const name = match(scan, /[\w$\u0080-\uD7FF\uE000-\u{10FFFF}-]+/uy);
  return name === undefined ? undefined : allowed(scan, name);
}

/** Reads a safe integer without leading zeros; undefined if the text does not continue with digits. */
export function readInteger(scan: Scanner): number | undefined {
  const digits = match(scan, /-?\d+/y);
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (!Number.isSafeInteger(value) || String(value) !== digits) refuse(scan, 'index', digits);
  return value;
}

/** Reads a quoted name. Contract: the scanner is at the opening quote. */
export function readQuotedName(scan: Scanner): string {
  return allowed(scan, readQuoted(scan));
}

/**
 * Reads a string in single or double quotes with the escapes of RFC 9535 section 2.3.1.1. Contract: the scanner is at
 * the opening quote.
 */
export function readQuoted(scan: Scanner): string {
  const quote = scan.text[scan.at];
  let value = '';
  for (let at = scan.at + 1; at < scan.text.length; at++) {
    const char = scan.text.charAt(at);
    if (char === quote) {
      scan.at = at + 1;
      return value;
    }
    if (char < ' ') break;
    if (char !== '\\') {
      value += char;
      continue;
    }
    at++;
    const code = scan.text.slice(at + 1, at + 5);
    const escaped = scan.text.charAt(at);
    if (escaped === 'u' && /^[\da-fA-F]{4}$/.test(code)) {
      value += String.fromCharCode(Number.parseInt(code, 16));
      at += 4;
    } else {
      const index = 'bfnrt/\\\'"'.indexOf(escaped);
      if (escaped === '' || index === -1) refuse(scan, 'escape');
      value += '\b\f\n\r\t/\\\'"'.charAt(index);
    }
  }
  return refuse(scan, 'quote');
}

/** A token in canonical text: `.name` for an ASCII identifier, `['a b']` for other keys, `[0]` for an index. */
export function printName(token: PathToken): string {
  if (typeof token === 'number') return `[${token}]`;
  return /^[A-Za-z_]\w*$/.test(token) ? `.${token}` : `[${printQuoted(token)}]`;
}

/**
 * The length of `printName(token)`, for most tokens without building the text: addressable.ts asks for every key of a
 * value.
 */
export function nameLength(token: PathToken): number {
  if (typeof token === 'number') return String(token).length + 2;
  return /^[A-Za-z_]\w*$/.test(token) ? token.length + 1 : printName(token).length;
}

/** The canonical text of a simple path. */
export function printPath(tokens: readonly PathToken[]): string {
  return `$${tokens.map(printName).join('')}`;
}

/** The text in single quotes; readQuoted reads it back. */
export function printQuoted(text: string): string {
  let quoted = "'";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char < ' ') quoted += `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    else quoted += char === "'" || char === '\\' ? `\\${char}` : char;
  }
  return `${quoted}'`;
}

function match(scan: Scanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.text)?.[0];
  if (found !== undefined) scan.at += found.length;
  return found;
}

function allowed(scan: Scanner, name: string): string {
  if (isUnsafeKey(name)) refuse(scan, 'unsafe', `the name ${name}`);
  return name;
}
