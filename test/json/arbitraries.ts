// Random JSON for property tests: small key alphabet so that paths, patches and merges really meet, with awkward keys
// in it.

import fc from 'fast-check';
import type { Json } from '../../src/json/json.ts';

export const KEYS = [
  'a',
  'b',
  'c',
  'x y',
  'a/b',
  'm~n',
  '0',
  '1',
  '-',
  '',
  '*',
  '..',
  '^',
  '~',
  'length',
  "it's",
  '@t()',
  'é',
];

export const key = fc.constantFrom(...KEYS);

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, 'x', ''),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

const tree: { json: fc.Arbitrary<Json> } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

export const json = tree.json;

/** Every place of a document as tokens: keys as strings, indexes as numbers. */
export function places(root: Json, at: (string | number)[] = []): (string | number)[][] {
  if (typeof root !== 'object' || root === null) return [at];
  const children: [string | number, Json][] = Array.isArray(root) ? [...root.entries()] : Object.entries(root);
  return [at, ...children.flatMap(([token, child]) => places(child, [...at, token]))];
}
