// Reads the filters of query paths, `[?(@.status == 'open' && @.points > 3)]`, to data: no expression of a client ever
// reaches an interpreter. Called by path.ts, which hands in its reader of segments, because a filter holds paths.

import { readBareName, readQuoted, refuse, type Scanner, skipSpace, take } from './scan.ts';
import { type Comparison, type Filter, type Operand, type Query, type Segment, simpleTokens } from './syntax.ts';

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

// Words and signs that other languages have where a comparison may stand, and what they are refused as.
const FOREIGN = [
  [/(?:in|nin|contains|anyof|noneof|subsetof)\b/y, 'member'],
  [/(?:and|or|not)\b/y, 'words'],
  [/=~/y, 'regular'],
  [/=/y, 'equals'],
  [/[+*/%-]/y, 'arithmetic'],
] as const;

const FUNCTIONS = [
  [/(?:length|count|size)\(/y, 'length'],
  [/(?:match|search)\(/y, 'regular'],
  [/value\(/y, 'value'],
  [/not\b/y, 'words'],
  [/\//y, 'regular'],
  [/[\p{L}_$][\w.$]*\(/uy, 'call'],
] as const;

const METHODS: Record<string, 'member' | 'regular' | 'length'> = {
  includes: 'member',
  indexOf: 'member',
  contains: 'member',
  some: 'member',
  match: 'regular',
  search: 'regular',
  test: 'regular',
  startsWith: 'regular',
  endsWith: 'regular',
  length: 'length',
  size: 'length',
};

/** What the filters of one path have used of its limits, those within another together with it. */
export interface Effort {
  operands: number;
  nesting: number;
}

type ReadSegments = (scan: Scanner, effort: Effort) => Segment[];

/**
 * Reads a filter from after the `?` up to, but not including, the closing bracket. Throws FailureError
 * (`path-refused`).
 */
export function readFilter(scan: Scanner, effort: Effort, readSegments: ReadSegments): Filter {
  return new FilterReader(scan, effort, readSegments).readOr();
}

class FilterReader {
  private readonly scan: Scanner;
  private readonly effort: Effort;
  private readonly readSegments: ReadSegments;

  constructor(scan: Scanner, effort: Effort, readSegments: ReadSegments) {
    this.scan = scan;
    this.effort = effort;
    this.readSegments = readSegments;
  }

  readOr(): Filter {
    return this.readChain('||', 'or', () => this.readChain('&&', 'and', () => this.readUnary()));
  }

  private readChain(sign: string, op: 'or' | 'and', readPart: () => Filter): Filter {
    const first = readPart();
    const parts = [first];
    for (skipSpace(this.scan); take(this.scan, sign); skipSpace(this.scan)) parts.push(readPart());
    this.refuseOf(FOREIGN);
    return parts.length === 1 ? first : { op, parts };
  }

  private readUnary(): Filter {
    const { scan, effort } = this;
    if (++effort.nesting > MAX_NESTING) refuse(scan, 'nesting');
    skipSpace(scan);
    let filter: Filter;
    if (scan.text[scan.at] === '!' && scan.text[scan.at + 1] !== '=') {
      scan.at++;
      filter = { op: 'not', part: this.readUnary() };
    } else if (take(scan, '(')) {
      filter = this.readOr();
      skipSpace(scan);
      if (!take(scan, ')')) refuse(scan, 'parenthesis');
    } else {
      filter = this.readComparison();
    }
    effort.nesting--;
    return filter;
  }

  private readComparison(): Filter {
    const { scan } = this;
    const left = this.readOperand();
    skipSpace(scan);
    for (const [sign, op] of COMPARISONS) {
      if (!take(scan, sign)) continue;
      const right = this.readOperand();
      if (op === '!=' && (isMany(left) || isMany(right))) refuse(scan, 'differs');
      return { op, left, right };
    }
    this.refuseOf(FOREIGN);
    if (!('query' in left)) refuse(scan, 'constant');
    return { op: 'exists', query: left.query };
  }

  private readOperand(): Operand {
    const { scan, effort } = this;
    if (++effort.operands > MAX_OPERANDS) refuse(scan, 'operands');
    skipSpace(scan);
    const next = scan.text[scan.at] ?? '';
    if (next === '@' || next === '$') return { query: this.readQuery(next) };
    if (next === "'" || next === '"') return { literal: readQuoted(scan) };
    const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
    number.lastIndex = scan.at;
    const digits = number.exec(scan.text)?.[0];
    if (digits !== undefined) {
      scan.at += digits.length;
      const literal = Number(digits);
      if (!Number.isFinite(literal)) refuse(scan, 'number');
      return { literal };
    }
    this.refuseOf(FUNCTIONS);
    const word = readBareName(scan);
    if (word === 'true' || word === 'false') return { literal: word === 'true' };
    if (word === 'null') return { literal: null };
    return refuse(scan, 'operand');
  }

  private readQuery(from: '@' | '$'): Query {
    const { scan, effort } = this;
    scan.at++;
    if (/[\p{L}\p{N}_]/u.test(scan.text[scan.at] ?? '')) refuse(scan, 'operand');
    if (++effort.nesting > MAX_NESTING) refuse(scan, 'nesting');
    const segments = this.readSegments(scan, effort);
    effort.nesting--;
    const { selector } = segments.at(-1) ?? { selector: undefined };
    const name = selector?.select === 'name' ? selector.name : '';
    if (scan.text[scan.at] === '(') refuse(scan, Object.hasOwn(METHODS, name) ? (METHODS[name] ?? 'call') : 'call');
    if (/^length-\d+$/.test(name)) refuse(scan, 'script');
    for (const one of segments) if (one.selector.select === 'name') this.checkName(one.selector.name);
    const tokens = simpleTokens(segments);
    return { from, segments, tokens: tokens.length === segments.length ? tokens : undefined };
  }

  /**
   * Refuses legacy accessors of Object.prototype. They are harmless as plain keys, so paths accept them; filters have
   * no use for them.
   */
  private checkName(name: string): void {
    if (/^__(define|lookup)(Getter|Setter)__$/.test(name)) refuse(this.scan, 'accessor', `the name ${name}`);
  }

  private refuseOf(table: readonly (readonly [RegExp, Parameters<typeof refuse>[1]])[]): void {
    for (const [pattern, reason] of table) {
      pattern.lastIndex = this.scan.at;
      if (pattern.test(this.scan.text)) refuse(this.scan, reason);
    }
  }
}

/** Whether an operand may have several values. */
function isMany(operand: Operand): boolean {
  return 'query' in operand && operand.query.tokens === undefined;
}
