// RFC 9535: each case of its compliance suite is right, or listed here with the reason why it is not, and queries on
// random documents select what another implementation selects. Both come with the package jsonpath-rfc9535.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { paths } from 'jsonpath-rfc9535';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/json/json.ts';
import { getAt, parsePointer } from '../../src/json/pointer.ts';
import { parsePath } from '../../src/path/path.ts';
import { selectPointers } from '../../src/path/query.ts';
import { resolveSimple } from '../../src/path/walk.ts';

interface Case {
  name: string;
  selector: string;
  document?: Json;
  result?: Json[];
  results?: Json[][];
  invalid_selector?: true;
}

const packaged = dirname(createRequire(import.meta.url).resolve('jsonpath-rfc9535/package.json'));
const file = join(packaged, 'src/__tests__/jsonpath-compliance-test-suite/cts.json');
const { tests } = JSON.parse(readFileSync(file, 'utf8')) as { tests: Case[] };

/** The values that a selector selects; `refused` if the grammar refuses it. */
function outcome(one: Case): Json[] | 'refused' {
  const path = parsePath(one.selector);
  if (!path.ok) return 'refused';
  const root = one.document ?? null;
  if (path.value.kind === 'simple') {
    const at = resolveSimple(root, path.value.tokens);
    return at.found ? [at.value] : [];
  }
  const found = selectPointers(root, path.value);
  if (!found.ok) throw new Error(JSON.stringify(found.failure));
  return found.value.map((pointer) => getAt(root, parsePointer(pointer)) ?? null);
}

function isRight(one: Case, found: Json[] | 'refused'): boolean {
  if (one.invalid_selector) return found === 'refused';
  return wanted(one).some((values) => JSON.stringify(values) === JSON.stringify(found));
}

function wanted(one: Case): Json[][] {
  return one.results ?? [one.result ?? []];
}

interface Exception {
  reason: string;
  cases: RegExp;
  /** What happens instead of what the suite wants. */
  instead(one: Case, found: Json[] | 'refused'): boolean;
}

const once = (values: readonly Json[]) => [...new Set(values.map((value) => JSON.stringify(value)))].toSorted().join();

// docs/paths.md tells the same differences to users.
const EXCEPTIONS: readonly Exception[] = [
  {
    reason: 'functions are not offered: the refusal shows how the same is asked without',
    cases: /^functions, |^whitespace, functions, |special nothing$/,
    instead: (_one, found) => found === 'refused',
  },
  {
    reason: 'a place that several parts of one pair of brackets select is answered once',
    cases: /^basic, multiple selectors, |^filter, multiple selectors, /,
    instead: (one, found) => found !== 'refused' && wanted(one).some((values) => once(values) === once(found)),
  },
  {
    reason: 'a comparison with a path of many values holds if it holds for one of them',
    cases: /non-singular query/,
    instead: (one, found) => one.invalid_selector === true && found !== 'refused',
  },
  {
    reason: 'a name of digits also names an element of an array, because models write items.0',
    cases: /^filter, name segment on array, selects nothing$|^basic, name shorthand, number$/,
    instead: (one, found) => JSON.stringify(found) === (one.invalid_selector ? '[]' : '[[5,6]]'),
  },
  {
    reason: 'an escape with one possible reading is read, also a lone surrogate, which JSON texts may have in keys',
    cases: /^name selector, .* (surrogate|supplementary|non-surrogate|invalid escaped (single|double) quote)$/,
    instead: (one, found) => one.invalid_selector === true && found !== 'refused',
  },
];

const wrong = tests.flatMap((one) => {
  const found = outcome(one);
  return isRight(one, found) ? [] : [{ one, found }];
});

describe('the compliance suite of RFC 9535', () => {
  test('each case is right or a listed exception', () => {
    expect(tests.length).toBeGreaterThan(680);
    const unlisted = wrong.filter(
      ({ one, found }) => !EXCEPTIONS.some(({ cases, instead }) => cases.test(one.name) && instead(one, found)),
    );
    expect(unlisted.map(({ one, found }) => ({ ...one, found }))).toEqual([]);
  });

  test.each(EXCEPTIONS)('$reason', ({ cases }) => {
    expect(wrong.filter(({ one }) => cases.test(one.name))).not.toEqual([]);
  });

  test('queries agree with another implementation', () => {
    const scalar = fc.constantFrom<Json>(null, true, false, 0, 1, 2, '', 'a', 'b');
    const tree = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4, depthSize: 'medium' },
        scalar,
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd e'), tie('json'), { noNullPrototype: true }),
      ),
    })).json;
    const selector = fc.constantFrom("'a'", "'d e'", '0', '-1', '1:', '::-1', '-2:0:-1', '::0', '*', '?@.a', '?!@.b');
    const literal = fc.constantFrom('1', "'a'", 'true', '0');
    const sign = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');
    const place = fc.constantFrom('@', '@.a', '@ .b');
    const inner = fc.constantFrom('@[*]', '@..a', '@[?@ == 1]', '@.a[?@.b]', '$..[?@ == 2]', '@.a..b', '@[?@ > 1]');
    const condition = fc.oneof(
      // A near place that is there, with a literal: the other one compares missing places, null, empty arrays and
      // places further down wrongly. The suite and filters in path.test.ts have those.
      fc.tuple(place, sign, literal).map(([at, ...parts]) => `(${at} && ${at} ${parts.join(' ')})`),
      inner,
      inner.map((text) => `!${text}`),
    );
    const filter = fc
      .tuple(condition, fc.constantFrom('&&', '||'), condition)
      .map(([left, sign, right]) => `?${left} ${sign} (${right})`);
    const brackets = fc.array(fc.oneof(selector, selector, filter), { minLength: 1, maxLength: 3 });
    const segment = fc
      .tuple(fc.constantFrom('', '', '..', ' '), brackets)
      .map(([before, members]) => `${before}[${members.join(' ,')}]`);
    const query = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `$${segments.join('')}`);
    fc.assert(
      fc.property(tree, query, (root, text) => {
        const path = parsePath(text);
        if (!path.ok) throw new Error(JSON.stringify(path.failure));
        const named = path.value.kind === 'simple' ? resolveSimple(root, path.value.tokens) : undefined;
        const found = path.value.kind === 'query' ? selectPointers(root, path.value) : undefined;
        if (found?.ok === false) throw new Error(JSON.stringify(found.failure));
        const pointers = named?.found ? [named.pointer] : (found?.value ?? []);
        expect(pointers.map((pointer) => normalized(root, pointer)).toSorted()).toEqual(
          [...new Set(paths(root as never, text))].toSorted(),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('no more cases differ than did', () => expect(wrong).toHaveLength(132));
});

/** A pointer as a normalized path of RFC 9535. The keys here need no escapes. */
function normalized(root: Json, pointer: string): string {
  const tokens = parsePointer(pointer);
  return `$${tokens.map((token, at) => (Array.isArray(getAt(root, tokens.slice(0, at))) ? `[${token}]` : `['${token}']`)).join('')}`;
}
