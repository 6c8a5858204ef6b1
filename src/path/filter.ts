// The filters of query paths, `[?(@.status == 'open' && @.points > 3)]`: grammar, canonical text and evaluation.
// Filters are parsed to data and evaluated here, so that no expression of a client ever reaches an interpreter. Called
// by path.ts (parse, print) and query.ts (evaluate).

import type { Json } from '../json/json.ts';
import {
  type PathToken,
  printName,
  printQuoted,
  readBareName,
  readInteger,
  readQuoted,
  refuse,
  type Scanner,
  skipSpace,
  take,
} from './scan.ts';
import { stepDown } from './walk.ts';

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** One side of a comparison: a place below the tested item, or a literal. */
type Operand = { place: PathToken[] } | { literal: string | number | boolean | null };

export type Filter =
  | { op: 'or' | 'and'; parts: Filter[] }
  | { op: 'not'; part: Filter }
  | { op: 'holds'; place: PathToken[] }
  | { op: Comparison; left: Operand; right: Operand };

// Limits of one filter: it is evaluated once for each value that a query visits, so its size multiplies the query's
// cost.
const MAX_NESTING = 16;
const MAX_OPERANDS = 32;

// Longest first, so that <= is not read as <. === and !== mean the same as == and !=, which never convert.
const COMPARISONS: readonly (readonly [string, Comparison])[] = [
  ['===', '=='],
  ['!==', '!='],
  ['==', '=='],
  ['!=', '!='],
  ['<=', '<='],
  ['>=', '>='],
  ['<', '<'],
  ['>', '>'],
];

// Legacy accessors of Object.prototype. Harmless as plain keys, so paths accept them; refused in filters, which have no
// use for them.
const SUSPECT_NAMES = /^__(define|lookup)(Getter|Setter)__$/;

/**
 * Reads a filter from after the `?` up to, but not including, the closing bracket. Throws FailureError
 * (`path-refused`).
 */
export function readFilter(scan: Scanner): Filter {
  return readOr(scan, { operands: 0, nesting: 0 });
}

interface Effort {
  operands: number;
  nesting: number;
}

function readOr(scan: Scanner, effort: Effort): Filter {
  return readChain(scan, '||', 'or', () => readChain(scan, '&&', 'and', () => readUnary(scan, effort)));
}

function readChain(scan: Scanner, sign: string, op: 'or' | 'and', readPart: () => Filter): Filter {
  const first = readPart();
  const parts = [first];
  for (skipSpace(scan); take(scan, sign); skipSpace(scan)) parts.push(readPart());
  return parts.length === 1 ? first : { op, parts };
}

function readUnary(scan: Scanner, effort: Effort): Filter {
  if (++effort.nesting > MAX_NESTING) refuse(scan, `a filter may nest ${MAX_NESTING} levels`);
  skipSpace(scan);
  let filter: Filter;
  if (scan.text[scan.at] === '!' && scan.text[scan.at + 1] !== '=') {
    scan.at++;
    filter = { op: 'not', part: readUnary(scan, effort) };
  } else if (take(scan, '(')) {
    filter = readOr(scan, effort);
    skipSpace(scan);
    if (!take(scan, ')')) refuse(scan, 'expected ) in the filter');
  } else {
    filter = readComparison(scan, effort);
  }
  effort.nesting--;
  return filter;
}

function readComparison(scan: Scanner, effort: Effort): Filter {
  const left = readOperand(scan, effort);
  skipSpace(scan);
  for (const [sign, op] of COMPARISONS) {
    if (take(scan, sign)) return { op, left, right: readOperand(scan, effort) };
  }
  if (scan.text[scan.at] === '=') refuse(scan, 'compare with ==; regular expressions and assignments are not offered');
  if (scan.text[scan.at] === '(') refuse(scan, 'functions cannot be called');
  if (!('place' in left)) refuse(scan, 'a literal alone is no condition');
  return { op: 'holds', place: left.place };
}

function readOperand(scan: Scanner, effort: Effort): Operand {
  if (++effort.operands > MAX_OPERANDS) refuse(scan, `a filter may have ${MAX_OPERANDS} operands`);
  skipSpace(scan);
  const next = scan.text[scan.at] ?? '';
  if (next === '@') {
    scan.at++;
    return { place: readPlace(scan) };
  }
  if (next === "'" || next === '"') {
    return { literal: checkName(scan, readQuoted(scan)) };
  }
  const number = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
  number.lastIndex = scan.at;
  const digits = number.exec(scan.text)?.[0];
  if (digits !== undefined) {
    scan.at += digits.length;
    const literal = Number(digits);
    if (!Number.isFinite(literal)) refuse(scan, 'the number is too large');
    return { literal };
  }
  const word = readBareName(scan);
  if (word === 'true' || word === 'false') return { literal: word === 'true' };
  if (word === 'null') return { literal: null };
  return refuse(scan, 'expected @, a string, a number, true, false or null in the filter');
}

function readPlace(scan: Scanner): PathToken[] {
  const place: PathToken[] = [];
  for (;;) {
    if (take(scan, '.')) {
      const name = readBareName(scan);
      if (name === undefined) refuse(scan, 'expected a name after @.');
      place.push(checkName(scan, name));
    } else if (take(scan, '[')) {
      skipSpace(scan);
      const quote = scan.text[scan.at];
      const token = quote === "'" || quote === '"' ? checkName(scan, readQuoted(scan)) : readInteger(scan);
      if (token === undefined) refuse(scan, 'expected a quoted name or an index after @[');
      skipSpace(scan);
      if (!take(scan, ']')) refuse(scan, 'expected ] in the filter');
      place.push(token);
    } else return place;
  }
}

function checkName(scan: Scanner, name: string): string {
  if (SUSPECT_NAMES.test(name)) refuse(scan, `the name ${name} is refused`);
  return name;
}

/** The filter's canonical text, without the brackets around it. Parsing it gives the same filter. */
export function printFilter(filter: Filter): string {
  switch (filter.op) {
    case 'or':
    case 'and':
      return filter.parts.map(printPart).join(filter.op === 'or' ? ' || ' : ' && ');
    case 'not':
      return `!${printPart(filter.part)}`;
    case 'holds':
      return printOperand(filter);
    default:
      return `${printOperand(filter.left)} ${filter.op} ${printOperand(filter.right)}`;
  }
}

function printPart(filter: Filter): string {
  return filter.op === 'holds' ? printOperand(filter) : `(${printFilter(filter)})`;
}

function printOperand(operand: Operand): string {
  if ('place' in operand) return `@${operand.place.map(printName).join('')}`;
  if (typeof operand.literal !== 'string') return String(operand.literal);
  return printQuoted(operand.literal);
}

/**
 * True if the item passes. Comparisons never convert: == on different types is false, < and > hold between two numbers
 * or two strings. Only scalars compare; a container equals nothing. A missing place equals only another missing place.
 * A place alone is true if its value exists and is not null, false, 0 or ''. `.length` works on arrays and strings.
 */
export function passes(filter: Filter, item: Json): boolean {
  switch (filter.op) {
    case 'or':
      return filter.parts.some((part) => passes(part, item));
    case 'and':
      return filter.parts.every((part) => passes(part, item));
    case 'not':
      return !passes(filter.part, item);
    case 'holds':
      return Boolean(valueAt(item, filter.place));
    default:
      return compare(filter.op, operandValue(filter.left, item), operandValue(filter.right, item));
  }
}

/** The number of conditions in a filter: an upper bound of the work of one evaluation. */
export function filterCost(filter: Filter): number {
  if ('parts' in filter) return filter.parts.reduce((sum, part) => sum + filterCost(part), 0);
  return 'part' in filter ? filterCost(filter.part) : 1;
}

function compare(op: Comparison, left: Json | undefined, right: Json | undefined): boolean {
  const equal = left === right && (typeof left !== 'object' || left === null);
  if (op === '==') return equal;
  if (op === '!=') return !equal;
  const ordered =
    (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  if (!ordered) return false;
  if (op === '<') return left < right;
  if (op === '<=') return left <= right;
  return op === '>' ? left > right : left >= right;
}

function operandValue(operand: Operand, item: Json): Json | undefined {
  return 'place' in operand ? valueAt(item, operand.place) : operand.literal;
}

function valueAt(item: Json, place: readonly PathToken[]): Json | undefined {
  let value: Json | undefined = item;
  for (const token of place) {
    if (token === 'length' && (typeof value === 'string' || Array.isArray(value))) value = value.length;
    else value = stepDown(value, token);
    if (value === undefined) return undefined;
  }
  return value;
}
