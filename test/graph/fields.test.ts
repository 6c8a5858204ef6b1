// Values against descriptions of fields: every type, range, choice and size.

import { expect, test } from 'vitest';
import { checkField, type FieldType } from '../../src/graph/fields.ts';
import type { Fault } from '../../src/graph/graph.ts';

const text: FieldType = { type: 'text', max: 3 };
const share: FieldType = { type: 'number', min: 0, max: 1 };
const count: FieldType = { type: 'number', min: 1, max: 9, whole: true };
const flag: FieldType = { type: 'flag' };
const choice: FieldType = { type: 'choice', of: ['a', 'b'] };
const list: FieldType = { type: 'list', of: text, max: 2 };
const map: FieldType = { type: 'map', of: count };
const group: FieldType = { type: 'group', fields: { n: { ...count, about: 'a count' } } };
const json: FieldType = { type: 'json' };

test.each<[string, FieldType, unknown, boolean, string[]]>([
  ['text', text, 'abc', true, []],
  ['text that is too long', text, 'abcd', true, ['/f: use at most 3']],
  ['a number for text', text, 1, false, ['/f: give text']],
  ['a share', share, 0.5, true, []],
  ['a share above 1', share, 2, true, ['/f: use a number from 0 to 1']],
  ['no number', share, Number.NaN, true, ['/f: use a number from 0 to 1']],
  ['a text for a number', share, '1', false, ['/f: give a number']],
  ['half a count', count, 1.5, true, ['/f: use a whole number from 1 to 9']],
  ['a flag', flag, false, true, []],
  ['a word for a flag', flag, 'no', false, ['/f: give true or false']],
  ['a choice', choice, 'b', true, []],
  ['another word', choice, 'c', true, ['/f: use one of a, b']],
  ['an object for a choice', choice, {}, false, ['/f: use one of a, b']],
  ['a list', list, ['a', 'b'], true, []],
  ['a long list', list, ['a', 'b', 'c'], true, ['/f: use at most 2']],
  ['a list with strangers', list, [1, 'abcd'], false, ['/f/0: give text', '/f/1: use at most 3']],
  ['a text for a list', list, 'ab', false, ['/f: give a list']],
  ['a map', map, { x: 1, y: 2 }, true, []],
  [
    'a map with a stranger',
    map,
    { x: 0, y: 'a' },
    false,
    ['/f/x: use a whole number from 1 to 9', '/f/y: give a number'],
  ],
  ['a list for a map', map, [1], false, ['/f: give an object']],
  ['a group', group, { n: 1 }, true, []],
  ['a group whose member is undefined', group, { n: undefined }, true, []],
  ['a group with more', group, { m: 1, toString: 1 }, true, ['/f/m: use only n', '/f/toString: use only n']],
  ['null for a group', group, null, false, ['/f: give an object']],
  ['anything', json, [null, { a: 1 }], true, []],
])('%s', (_what, field, value, typeIsRight, expected) => {
  const faults: Fault[] = [];
  expect(checkField(value, field, '/f', faults)).toBe(typeIsRight);
  expect(faults.map(({ at, hint }) => `${at}: ${hint}`)).toEqual(expected);
});
