// Parses every path from outside with Baton's own strict grammar, before anything looks at a document. Called by the
// tools and commands that take a path; walk.ts then follows simple paths, and query.ts runs queries.

import { MAX_PATH_CHARS } from '../config/limits.ts';
import { FailureError, fail, ok, type Result } from '../failure/failure.ts';
import { type Filter, filterCost, printFilter, readFilter } from './filter.ts';
import {
  type PathToken,
  printName,
  printPath,
  printQuoted,
  readBareName,
  readInteger,
  readQuoted,
  refuse,
  type Scanner,
  skipSpace,
  take,
} from './scan.ts';

/** What one segment of a path selects from a container. `names` and `indexes` have at least two members. */
export type Selector =
  | { select: 'name'; name: string }
  | { select: 'index'; index: number }
  | { select: 'all' }
  | { select: 'slice'; start?: number | undefined; end?: number | undefined; step: number }
  | { select: 'names'; names: string[] }
  | { select: 'indexes'; indexes: number[] }
  | { select: 'filter'; filter: Filter };

/**
 * A selector, and whether it is applied to the current container only or, if `deep` (`..`), also to every container
 * below it.
 */
export interface Segment {
  deep: boolean;
  selector: Selector;
}

export interface SimplePath {
  kind: 'simple';
  text: string;
  tokens: PathToken[];
}

export interface QueryPath {
  kind: 'query';
  text: string;
  segments: Segment[];
  /** True if any segment is a filter. */
  filters: boolean;
}

/** A path that the grammar accepted; `text` is its canonical form, which parses to the same path. */
export type StatePath = SimplePath | QueryPath;

export const MAX_SEGMENTS = 100;
const MAX_WIDE = 8;
const MAX_MEMBERS = 32;
const MAX_CONDITIONS = 32;

/**
 * Parses a path. Fails with `path-refused`; a text of more than 1,024 characters is refused unread.
 *
 * Simple paths name one place: `$`, `$.a.b`, `$['a b']`, `$[0]`, `$[-1]` (the last element), and without `$`
 * `tasks.task-001.status`, which is `$.tasks['task-001'].status`. `[0]` names an element of an array only; digits after
 * a dot, `items.0`, name an element of an array or a key of an object, whichever the document has.
 *
 * Queries name any number of places: `.*` `[*]`, `..name` `..*` `..[…]`, `[start:end:step]`, `['a','b']` `[a,b]`
 * `[0,2]`, `[?(@.x == 'y')]` or `[?@.x == 'y']`. A path may have one `..`, because a second would multiply the work by
 * the document's depth.
 *
 * Refused: calls, scripts, regular expressions, `^`, `~`, backticks, type selectors, and `__proto__`, `constructor` and
 * `prototype` anywhere.
 */
export function parsePath(text: string): Result<StatePath> {
  if (text.length > MAX_PATH_CHARS) {
    const why = `a path may have ${MAX_PATH_CHARS} characters, this one has ${text.length}`;
    return fail({ code: 'path-refused', path: text.slice(0, 200), why });
  }
  try {
    const path = build(readSegments({ text, at: 0 }));
    if (path.text.length <= MAX_PATH_CHARS) return ok(path);
    const why = `a path may have ${MAX_PATH_CHARS} characters in its full form, this one has ${path.text.length}`;
    return fail({ code: 'path-refused', path: text.slice(0, 200), why });
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}

function build(segments: Segment[]): StatePath {
  const tokens = simpleTokens(segments);
  if (tokens.length === segments.length) return { kind: 'simple', text: printPath(tokens), tokens };
  const text = `$${segments.map(printSegment).join('')}`;
  return { kind: 'query', text, segments, filters: segments.some(({ selector }) => selector.select === 'filter') };
}

/** The tokens of the leading segments, as long as each names exactly one place. */
export function simpleTokens(segments: readonly Segment[]): PathToken[] {
  const tokens: PathToken[] = [];
  for (const { deep, selector } of segments) {
    if (deep) break;
    if (selector.select === 'name') tokens.push(selector.name);
    else if (selector.select === 'index') tokens.push(selector.index);
    else break;
  }
  return tokens;
}

function readSegments(scan: Scanner): Segment[] {
  const segments: Segment[] = [];
  if (!take(scan, '$')) segments.push({ deep: false, selector: readFirst(scan) });
  let wide = 0;
  let deep = 0;
  let conditions = 0;
  while (scan.at < scan.text.length) {
    const segment = readSegment(scan);
    const { select } = segment.selector;
    segments.push(segment);
    if (select !== 'name' && select !== 'index') wide++;
    if (segment.deep) deep++;
    if (segment.selector.select === 'filter') conditions += filterCost(segment.selector.filter);
    if (segments.length > MAX_SEGMENTS) refuse(scan, `a path may have ${MAX_SEGMENTS} segments`);
    if (deep > 1) refuse(scan, 'a path may have one ..');
    if (wide > MAX_WIDE) refuse(scan, `a path may have ${MAX_WIDE} wildcards, slices, unions and filters`);
    if (conditions > MAX_CONDITIONS) refuse(scan, `a path may have ${MAX_CONDITIONS} conditions`);
  }
  return segments;
}

/** The first segment of a path that does not begin with `$`. */
function readFirst(scan: Scanner): Selector {
  const name = readBareName(scan);
  if (name !== undefined) return { select: 'name', name };
  if (scan.text === '') refuse(scan, 'an empty path; $ is the whole document');
  return refuse(scan, 'a path begins with $ or a name, such as $.tasks or tasks.t1');
}

function readSegment(scan: Scanner): Segment {
  if (take(scan, '..'))
    return { deep: true, selector: scan.text[scan.at] === '[' ? readBrackets(scan) : readDotted(scan) };
  if (take(scan, '.')) return { deep: false, selector: readDotted(scan) };
  if (scan.text[scan.at] === '[') return { deep: false, selector: readBrackets(scan) };
  return refuse(scan, "expected . or [ (a key with other characters is written ['like this'])");
}

function readDotted(scan: Scanner): Selector {
  if (take(scan, '*')) return { select: 'all' };
  const name = readBareName(scan);
  return name === undefined ? refuse(scan, 'expected a name or * after the dot') : { select: 'name', name };
}

function readBrackets(scan: Scanner): Selector {
  scan.at++;
  skipSpace(scan);
  const selector = readSelector(scan);
  skipSpace(scan);
  if (!take(scan, ']')) refuse(scan, 'expected ]');
  return selector;
}

function readSelector(scan: Scanner): Selector {
  if (take(scan, '*')) return { select: 'all' };
  if (take(scan, '?')) return { select: 'filter', filter: readFilter(scan) };
  if (scan.text[scan.at] === '(') refuse(scan, 'scripts are not run');
  const next = scan.text[scan.at] ?? '';
  if (next !== ':' && next !== '-' && (next < '0' || next > '9')) return readNames(scan);
  const first = readInteger(scan);
  skipSpace(scan);
  if (take(scan, ':')) return readSlice(scan, first);
  return first === undefined ? refuse(scan, 'expected an index') : readIndexes(scan, first);
}

function readNames(scan: Scanner): Selector {
  const names = new Set<string>();
  do {
    skipSpace(scan);
    const quote = scan.text[scan.at];
    const name = quote === "'" || quote === '"' ? readQuoted(scan) : readBareName(scan);
    if (name === undefined) refuse(scan, 'expected a quoted name, an index, *, a slice or ? after [');
    names.add(name);
    if (names.size > MAX_MEMBERS) refuse(scan, `brackets may have ${MAX_MEMBERS} members`);
    skipSpace(scan);
  } while (take(scan, ','));
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) return { select: 'names', names: [...names] };
  return { select: 'name', name };
}

function readIndexes(scan: Scanner, first: number): Selector {
  const indexes = new Set([first]);
  while (take(scan, ',')) {
    skipSpace(scan);
    const index = readInteger(scan);
    if (index === undefined) refuse(scan, 'expected another index; names and indexes do not mix');
    indexes.add(index);
    if (indexes.size > MAX_MEMBERS) refuse(scan, `brackets may have ${MAX_MEMBERS} members`);
    skipSpace(scan);
  }
  if (indexes.size === 1) return { select: 'index', index: first };
  for (const index of indexes) if (index < 0) refuse(scan, 'a negative index must stand alone');
  return { select: 'indexes', indexes: [...indexes] };
}

function readSlice(scan: Scanner, start: number | undefined): Selector {
  skipSpace(scan);
  const end = readInteger(scan);
  skipSpace(scan);
  let step = 1;
  if (take(scan, ':')) {
    skipSpace(scan);
    step = readInteger(scan) ?? 1;
  }
  if (step === 0) refuse(scan, 'a step of 0 selects nothing');
  return { select: 'slice', start, end, step };
}

function printSegment({ deep, selector }: Segment): string {
  const text = printSelector(selector);
  if (!deep) return text;
  return text.startsWith('.') ? `.${text}` : `..${text}`;
}

function printSelector(selector: Selector): string {
  switch (selector.select) {
    case 'name':
      return printName(selector.name);
    case 'index':
      return printName(selector.index);
    case 'all':
      return '.*';
    case 'slice':
      return `[${selector.start ?? ''}:${selector.end ?? ''}${selector.step === 1 ? '' : `:${selector.step}`}]`;
    case 'names':
      return `[${selector.names.map(printQuoted).join(',')}]`;
    case 'indexes':
      return `[${selector.indexes.join(',')}]`;
    case 'filter':
      return `[?(${printFilter(selector.filter)})]`;
  }
}
