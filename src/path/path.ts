// Parses every path from outside with Baton's own strict grammar, before anything looks at a document. Called by the
// tools and commands that take a path; walk.ts then follows simple paths, and query.ts runs queries.

import { MAX_PATH_CHARS } from '../config/limits.ts';
import { FailureError, fail, ok, type Result } from '../failure/failure.ts';
import { type Effort, readFilter } from './filter.ts';
import { printSegments, printSelector } from './print.ts';
import { refusalText } from './refusals.ts';
import {
  type PathToken,
  printPath,
  readBareName,
  readInteger,
  readQuotedName,
  refuse,
  type Scanner,
  skipSpace,
  take,
} from './scan.ts';
import { conditionsOf, hasFilter, type Segment, type Selector, simpleTokens } from './syntax.ts';

export interface SimplePath {
  kind: 'simple';
  text: string;
  tokens: PathToken[];
}

export interface QueryPath {
  kind: 'query';
  text: string;
  segments: Segment[];
  /** True if any segment has a filter. */
  filters: boolean;
}

/** A path that the grammar accepted; `text` is its canonical form, which parses to the same path. */
export type StatePath = SimplePath | QueryPath;

export const MAX_SEGMENTS = 100;
const MAX_WIDE = 8;
const MAX_MEMBERS = 32;
const MAX_CONDITIONS = 32;

/**
 * Parses a path. Fails with `path-refused`, which shows a form that works; a text of more than 1,024 characters is
 * refused unread. docs/paths.md describes the language and how it differs from RFC 9535.
 *
 * Simple paths name one place: `$`, `$.a.b`, `$['a b']`, `$[0]`, `$[-1]` (the last element), and without `$`
 * `tasks.task-001.status`, which is `$.tasks['task-001'].status`. `[0]` names an element of an array only; digits after
 * a dot, `items.0`, name an element of an array or a key of an object, whichever the document has.
 *
 * Queries name any number of places: `.*` `[*]`, `..name` `..*` `..[…]`, `[start:end:step]`, `['a',0,-1]`, and
 * filters, `[?(@.x == 'y')]` or `[?@.x == 'y']`, which may hold paths with filters.
 *
 * Refused: calls, scripts, regular expressions, `^`, `~`, backticks, type selectors, and `__proto__`, `constructor` and
 * `prototype` as names.
 */
export function parsePath(text: string): Result<StatePath> {
  if (text.length > MAX_PATH_CHARS) return tooLong(text, text.length);
  try {
    const scan = { text, at: 0 };
    const segments = readWhole(scan);
    const path = build(segments);
    return path.text.length <= MAX_PATH_CHARS ? ok(path) : tooLong(text, path.text.length);
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}

function tooLong(text: string, length: number): Result<StatePath> {
  const full = length === text.length ? '' : ' in its full form';
  const why = `${refusalText('long')} (this one has ${length}${full})`;
  return fail({ code: 'path-refused', path: text.slice(0, 200), why });
}

function build(segments: Segment[]): StatePath {
  const tokens = simpleTokens(segments);
  if (tokens.length === segments.length) return { kind: 'simple', text: printPath(tokens), tokens };
  const text = `$${printSegments(segments)}`;
  return { kind: 'query', text, segments, filters: segments.some(({ selector }) => hasFilter(selector)) };
}

function readWhole(scan: Scanner): Segment[] {
  const segments: Segment[] = [];
  if (!take(scan, '$')) segments.push({ deep: false, selector: readFirst(scan) });
  segments.push(...readSegments(scan, { operands: 0, nesting: 0 }));
  const wide = segments.filter(({ selector: { select } }) => select !== 'name' && select !== 'index').length;
  if (wide > MAX_WIDE) refuse(scan, 'wide');
  if (segments.reduce((sum, { selector }) => sum + conditionsOf(selector), 0) > MAX_CONDITIONS)
    refuse(scan, 'conditions');
  if (scan.at === scan.text.length) return segments;
  if (scan.text.slice(scan.at).trim() === '') refuse(scan, 'space');
  const next = scan.text[scan.at] ?? '';
  return refuse(scan, next === '(' ? 'call' : next === '^' || next === '~' ? 'parent' : 'segment');
}

/** The first segment of a path that does not begin with `$`. */
function readFirst(scan: Scanner): Selector {
  const name = readBareName(scan);
  if (name !== undefined) return { select: 'name', name };
  if (scan.text === '') refuse(scan, 'empty');
  return refuse(scan, /^\s+[$\w]/.test(scan.text) ? 'space' : 'start');
}

/** Reads segments as far as there are any. White space behind the last one is left. */
export function readSegments(scan: Scanner, effort: Effort): Segment[] {
  const segments: Segment[] = [];
  for (;;) {
    const { at } = scan;
    skipSpace(scan);
    const next = scan.text[scan.at];
    if (next !== '.' && next !== '[') {
      scan.at = at;
      return segments;
    }
    segments.push(readSegment(scan, effort));
    if (segments.length > MAX_SEGMENTS) refuse(scan, 'segments');
  }
}

function readSegment(scan: Scanner, effort: Effort): Segment {
  const deep = take(scan, '..');
  // The dot in `.['a']` is not in RFC 9535; it has one reading.
  const dotted = deep || take(scan, '.');
  if (scan.text[scan.at] === '[') return { deep, selector: readBrackets(scan, effort) };
  if (!dotted) refuse(scan, 'segment');
  return { deep, selector: readDotted(scan) };
}

function readDotted(scan: Scanner): Selector {
  if (take(scan, '*')) return { select: 'all' };
  const name = readBareName(scan);
  return name === undefined ? refuse(scan, 'dotted') : { select: 'name', name };
}

function readBrackets(scan: Scanner, effort: Effort): Selector {
  scan.at++;
  const parts = new Map<string, Selector>();
  do {
    skipSpace(scan);
    const part = readSelector(scan, effort);
    parts.set(printSelector(part), part);
    if (parts.size > MAX_MEMBERS) refuse(scan, 'members');
    skipSpace(scan);
  } while (take(scan, ','));
  if (!take(scan, ']')) refuse(scan, scan.text[scan.at] === '(' ? 'call' : 'bracket');
  const [part, ...more] = parts.values();
  return part === undefined || more.length > 0 ? { select: 'union', parts: [...parts.values()] } : part;
}

function readSelector(scan: Scanner, effort: Effort): Selector {
  if (take(scan, '*')) return { select: 'all' };
  if (take(scan, '?')) {
    const own = effort.nesting === 0 ? { operands: 0, nesting: 0 } : effort;
    return { select: 'filter', filter: readFilter(scan, own, readSegments) };
  }
  const next = scan.text[scan.at] ?? '';
  if (next === '(' || next === '@') refuse(scan, 'script');
  if (next === "'" || next === '"') return { select: 'name', name: readQuotedName(scan) };
  if (next !== ':' && next !== '-' && (next < '0' || next > '9')) {
    const name = readBareName(scan);
    return name === undefined ? refuse(scan, 'selector') : { select: 'name', name };
  }
  const first = readInteger(scan);
  const { at } = scan;
  skipSpace(scan);
  if (take(scan, ':')) return readSlice(scan, first);
  scan.at = at;
  return first === undefined ? refuse(scan, 'selector') : { select: 'index', index: first };
}

function readSlice(scan: Scanner, start: number | undefined): Selector {
  skipSpace(scan);
  const end = readInteger(scan);
  const { at } = scan;
  skipSpace(scan);
  if (!take(scan, ':')) {
    scan.at = at;
    return { select: 'slice', start, end, step: 1 };
  }
  skipSpace(scan);
  return { select: 'slice', start, end, step: readInteger(scan) ?? 1 };
}
