// Every refusal of a path shows a form that works: each is run on a document here.

import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/json/json.ts';
import { parsePath } from '../../src/path/path.ts';
import { selectPointers } from '../../src/path/query.ts';
import { REFUSALS, type Reason } from '../../src/path/refusals.ts';
import { resolveSimple } from '../../src/path/walk.ts';

const DOCUMENT: Json = {
  tasks: [
    { id: 1, status: 'open', points: 5, tags: ['foo', 'bar'], done: false },
    { id: 2, status: 'done', points: 2, tags: ['bar'], done: true },
    { id: 3, status: 'done', points: 7, tags: [], done: false, owner: 'ana' },
  ],
  'cart.v2': { items: 1 },
  'a b': 1,
  'a\\b': 2,
};

function matches(text: string): number {
  const path = parsePath(text);
  if (!path.ok) throw new Error(`${text}: ${JSON.stringify(path.failure)}`);
  if (path.value.kind === 'simple') return resolveSimple(DOCUMENT, path.value.tokens).found ? 1 : 0;
  const found = selectPointers(DOCUMENT, path.value);
  return found.ok ? found.value.length : 0;
}

/** A path that is refused for each reason. */
const REFUSED: Record<Reason, string> = {
  empty: '',
  start: '[0]',
  segment: '$.a;b',
  space: '$.a ',
  dotted: '$.a.',
  selector: '$.a[]',
  bracket: '$.a[0',
  quote: "$['a",
  escape: "$['a\\x']",
  index: '$[01]',
  unsafe: '$.__proto__',
  accessor: '$[?@.__lookupGetter__]',
  script: '$.tasks[(@.length-1)]',
  parent: '$.tasks^',
  call: '$.tasks[?@.push(1)]',
  length: '$.tasks[?length(@.tags) > 1]',
  regular: '$.tasks[?@.status =~ /op.*/]',
  value: '$.tasks[?value(@..points) == 5]',
  member: "$.tasks[?('foo' in @.tags)]",
  differs: "$.tasks[?@.tags[*] != 'foo']",
  equals: '$.tasks[?@.points = 3]',
  words: '$.tasks[?@.points > 1 and @.done]',
  arithmetic: '$.tasks[?@.points + 1 > 3]',
  constant: '$.tasks[?true]',
  operand: '$.tasks[?undefined]',
  parenthesis: '$.tasks[?(@.points, 1)]',
  number: '$.tasks[?@.points < 1e999]',
  nesting: `$[?${'!'.repeat(20)}@.a]`,
  operands: `$[?${'@.a||'.repeat(40)}@.a]`,
  segments: `$${'.a'.repeat(101)}`,
  wide: '$.*.*.*.*.*.*.*.*.*',
  members: `$[${Array.from({ length: 33 }, (_, at) => at)}]`,
  conditions: `$${'[?(@.a||@.b||@.c||@.d||@.e)]'.repeat(7)}`,
  long: `$.${'a'.repeat(1023)}`,
};

describe('refused paths', () => {
  test.each(Object.keys(REFUSALS) as Reason[])('%s', (reason) => {
    const { why, form } = REFUSALS[reason];
    const path = parsePath(REFUSED[reason]);
    expect(path).toMatchObject({ ok: false, failure: { code: 'path-refused', why: expect.stringContaining(why) } });
    expect(path).toMatchObject({ failure: { why: expect.stringContaining(`, as in ${form} (`) } });
    expect(matches(form), form).toBeGreaterThan(0);
  });
});
