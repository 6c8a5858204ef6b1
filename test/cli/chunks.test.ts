// What a verb loads of the bundle before it runs: what starts again and again must load nothing of the server.

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, inject, test } from 'vitest';

const main = inject('program');

/** The files that a file of the bundle imports statically, directly or through others, and itself. */
function closure(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?["'](\.[^"']+)["'];/gm))
    closure(path.join(path.dirname(file), target ?? ''), found);
  return found;
}

/** Of a verb: the program's own file and what it loads for the verb. */
function loadedFor(verb: string): string[] {
  const chunk = new RegExp(`import\\("(\\./chunks/${verb}-[^"]+)"\\)`).exec(readFileSync(main, 'utf8'))?.[1];
  if (chunk === undefined) throw new Error(`the program loads nothing for ${verb}`);
  return [...closure(main, closure(path.join(path.dirname(main), chunk)))];
}

const namesOf = (files: readonly string[]): string[] =>
  [...new Set(files.map((file) => path.basename(file).replace(/(-[\w-]{8})?\.js$/, '')))].sort();

test.each([
  ['hook', ['hook', 'main', 'main-needs'], 350_000],
  ['statusline', ['common', 'hook', 'main', 'main-needs', 'rolldown-runtime', 'statusline'], 780_000],
  ['doctor', ['common', 'doctor', 'hook', 'main', 'main-needs', 'rolldown-runtime', 'statusline', 'store'], 920_000],
])('%s loads nothing of the server', (verb, names, mostBytes) => {
  const files = loadedFor(verb);
  expect(namesOf(files)).toEqual(names);
  expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(mostBytes);
});

test('a server loads few files at its start, and nothing that only other verbs need', () => {
  expect(namesOf(loadedFor('serve'))).toEqual(['common', 'hook', 'main', 'main-needs', 'rolldown-runtime', 'serve']);
});
