// Text for people fits the tree: documents name paths and headings that are there, comments name files that are there,
// and both keep their lines short.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { sumOf } from '../src/store/commit.ts';

const root = path.resolve(import.meta.dirname, '..');
const MAX_COLUMNS = 120;

/** Written by programs, as long as their longest sentence or value. */
const GENERATED = ['docs/tools.md', 'docs/events.md', 'bench/README.md'];

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
}

const linesOf = (name: string): string[] => readFileSync(path.join(root, name), 'utf8').split('\n');
const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
const documents = [...atRoot, ...['docs', 'bench', 'examples'].flatMap((folder) => filesBelow(folder, '.md'))];
const code = ['src', 'test'].flatMap((folder) => filesBelow(folder, '.ts'));

/** The comment of a line, if it has one: lines of blocks, whole lines, and what follows code. */
function commentOf(line: string): string | undefined {
  return /^\s*(?:\/\/|\/\*\*?|\*)(?:\s.*)?$/.exec(line)?.[0] ?? /(?<=\s)\/\/ .*$/.exec(line)?.[0];
}

/** Lines outside of fenced code, with their numbers from 1. */
function prose(name: string): { line: string; at: string }[] {
  let fenced = false;
  return linesOf(name).flatMap((line, index) => {
    if (line.startsWith('```')) fenced = !fenced;
    return fenced || line.startsWith('```') ? [] : [{ line, at: `${name}:${index + 1}` }];
  });
}

describe.each(documents)('%s', (name) => {
  test('names only paths that are there', () => {
    const wrong = prose(name).flatMap(({ line, at }) =>
      [...line.matchAll(/`((?:src|test|scripts|bench|docs|examples)\/[^`\s]*)`/g)]
        // Of a path with a part to be filled in, the folder above that part must be there.
        .map(([, found]) => (found ?? '').replace(/[^/]*[<*{…].*$/, ''))
        .filter((found) => !existsSync(path.join(root, found)))
        .map((found) => `${at} ${found}`),
    );
    expect(wrong).toEqual([]);
  });

  test('links only to files that are there, and to headings that they have', () => {
    const wrong = prose(name).flatMap(({ line, at }) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !/^[a-z]+:/.test(target) && !leads(name, target))
        .map((target) => `${at} ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test.skipIf(GENERATED.includes(name))('has lines of prose that fit into 120 columns', () => {
    const long = prose(name).filter(({ line }) => line.length > MAX_COLUMNS && !/^\||^\s*\S+$/.test(line));
    expect(long.map(({ line, at }) => `${at} (${line.length})`)).toEqual([]);
  });
});

function leads(from: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const to = file === '' ? from : path.posix.join(path.posix.dirname(from), file);
  if (!existsSync(path.join(root, to))) return false;
  if (heading === undefined) return true;
  const headings = prose(to).flatMap(({ line }) => /^#+ (.*)$/.exec(line)?.[1] ?? []);
  return headings.some((text) => slug(text) === heading);
}

/** A heading as the part of an address that names it. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

test('the line of the log in ARCHITECTURE.md is a sound one', () => {
  const text = linesOf('ARCHITECTURE.md').join('\n');
  const line = (/## A line of the log.*?```json\n(.*?)```/s.exec(text)?.[1] ?? '').replaceAll('\n', '');
  const [body = '', sum] = line.split(', "sum":');
  expect(sum).toBe(`"${sumOf(body)}"}`);
  expect(Object.keys(JSON.parse(line))).toEqual(['id', 'at', 'by', 'seen', 'expect', 'events', 'sum']);
});

test('a comment names only files of code that are there', () => {
  const known = new Set(['src', 'test', 'scripts', 'bench'].flatMap((folder) => filesBelow(folder, 's')));
  const there = (named: string): boolean => [...known].some((file) => `/${file}`.endsWith(`/${named}`));
  const wrong = code.flatMap((name) =>
    linesOf(name).flatMap((line, index) =>
      [...(commentOf(line) ?? '').matchAll(/(?<![\w<])[\w./-]+\.(?:ts|mjs)\b/g)]
        .map(([named]) => named.replace(/^[./]+/, ''))
        .filter((named) => !there(named))
        .map((named) => `${name}:${index + 1} ${named}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test('a line of src fits into 120 columns, and a comment anywhere', () => {
  const long = code.flatMap((name) =>
    linesOf(name).flatMap((line, index) =>
      line.length > MAX_COLUMNS && (name.startsWith('src/') || commentOf(line) !== undefined)
        ? [`${name}:${index + 1} (${line.length})`]
        : [],
    ),
  );
  expect(long).toEqual([]);
});
