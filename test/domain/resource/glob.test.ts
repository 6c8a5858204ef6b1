// Overlap of file patterns: by example, and against an independent matcher on random patterns and paths.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globsOverlap, normalGlob } from '../../../src/domain/resource/glob.ts';

function normal(glob: string): string {
  const found = normalGlob(glob, 'paths/0');
  if (!found.ok) throw new Error(JSON.stringify(found.failure));
  return found.value;
}

describe('overlap', () => {
  test.each([
    ['src/a.ts', 'src/a.ts', true],
    ['src/a.ts', 'src/b.ts', false],
    ['src/**', 'src/api/x.ts', true],
    ['src/*.ts', 'src/api/x.ts', false],
    ['src/*.ts', 'src/x.js', false],
    ['src/*/x.ts', 'src/a/*.ts', true],
    ['**/x.ts', 'src/**', true],
    ['src', 'src/a/b.ts', true],
    ['src/', 'src', true],
    ['SRC/a.ts', 'src/A.ts', true],
    ['src/{a,b}.ts', 'src/a.ts', true],
    ['src/{a/b,c}.ts', 'src/a/b.ts', true],
    ['src/[ab].ts', 'src/a.ts', true],
    ['src/a?.ts', 'src/ab.ts', true],
    ['src/a?.ts', 'src/abc.ts', false],
    ['docs/**', 'src/**', false],
    ['a/**/z', 'a/b/c', true],
    ['./src//x', 'src/x', true],
    ['cafe\u0301', 'caf\u00e9', true],
  ])('%s and %s: %s', (a, b, overlap) => {
    expect(globsOverlap(normal(a), normal(b))).toBe(overlap);
    expect(globsOverlap(normal(b), normal(a))).toBe(overlap);
  });

  test.each(['../x', 'a/../../x', '/etc/passwd', 'C:/x', '~/x', 'a\\b', 'a\u0000b', 'a\u202eb'])(
    '%j is refused',
    (glob) => {
      expect(normalGlob(glob, 'paths/0')).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
    },
  );
});

/** What a pattern names, by regular expression: no code shared with what is tested. */
function matches(glob: string, path: string): boolean {
  const source = glob
    .split('/')
    .map((segment, index, all) => {
      const last = index === all.length - 1;
      if (segment === '**') return last ? '.*' : '(?:[^/]+/)*';
      const body = segment
        .replaceAll('.', '\\.')
        .replaceAll(/\{([^}]*)\}/g, (_, inner: string) => `(?:${inner.replaceAll(',', '|')})`)
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]');
      return last ? body : `${body}/`;
    })
    .join('');
  return new RegExp(`^${source}(?:/.*)?$`).test(path);
}

test('two patterns that name one path always overlap', () => {
  const letter = fc.constantFrom('a', 'b', '.');
  const word = fc
    .array(letter, { minLength: 1, maxLength: 3 })
    .map((letters) => letters.join(''))
    .filter((one) => !/^\.+$/.test(one));
  const wild = fc
    .array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '{a,b}', '{ab,b}'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''));
  const glob = fc
    .array(fc.oneof(word, wild, fc.constant('**')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));
  const path = fc.array(word, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  let met = 0;
  fc.assert(
    fc.property(glob, glob, path, (a, b, one) => {
      if (!matches(a, one) || !matches(b, one)) return;
      met += 1;
      expect(globsOverlap(normal(a), normal(b))).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  expect(met).toBeGreaterThan(100);
});
