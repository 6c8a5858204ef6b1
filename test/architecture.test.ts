// The rules of the layout, held: directions, cycles, lengths, names, where the outside world may be touched.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventTypes } from '../src/domain/events.ts';
import { tools } from '../src/tools/index.ts';

const root = path.resolve(import.meta.dirname, '..');

interface SourceFile {
  name: string;
  text: string;
  lines: string[];
  /** Files of the project, and packages or Node modules, that it imports; `types` are `import type` only. */
  imports: { target: string; types: boolean; lazy: boolean }[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
}

function readSource(name: string): SourceFile {
  const text = readFileSync(path.join(root, name), 'utf8');
  const imports: SourceFile['imports'] = [];
  const resolve = (target: string) =>
    target.startsWith('.') ? path.posix.join(path.posix.dirname(name), target) : target;
  for (const [, types, names, target] of text.matchAll(
    /^(?:import|export)\s+(type\s+)?([^'";]*?from\s+)?'([^']+)'/gm,
  )) {
    const inner = /\{([^}]*)\}/.exec(names ?? '')?.[1];
    const each = inner?.split(',').map((one) => one.trim()) ?? ['everything'];
    const allTypes = each.every((one) => one === '' || one.startsWith('type ')) && !/^\w/.test(names ?? '');
    const onlyTypes = types !== undefined || allTypes;
    imports.push({ target: resolve(target ?? ''), types: onlyTypes, lazy: false });
  }
  for (const [, target] of text.matchAll(/\bimport\('([^']+)'\)/g))
    imports.push({ target: resolve(target ?? ''), types: false, lazy: true });
  return { name, text, lines: text.split('\n'), imports };
}

const sources = filesBelow('src').map(readSource);
const tests = filesBelow('test').map(readSource);
const byName = new Map(sources.map((source) => [source.name, source]));

/**
 * Rooms, the lowest first: a file imports, values and types alike, only from its own room and from rooms on lower
 * floors.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['failure'],
  ['config'],
  ['json'],
  ['path'],
  ['store', 'graph'],
  ['domain'],
  ['documents'],
  ['views', 'runner', 'hooks'],
  ['telemetry'],
  ['admin'],
  ['app'],
  ['dashboard'],
  ['resources', 'tools'],
  ['prompts'],
  ['mcp'],
  ['cli'],
  ['main.ts'],
];
const floorOf = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));

/** Room of a file: its folder in src/, or the file itself where it lies there loose. */
function roomOf(name: string): string {
  return name.split('/')[1] ?? '';
}

/** Aggregates of the domain: each may import commands only of those before it; shapes (SHAPES) of all of them. */
const AGGREGATES = ['state', 'project', 'team', 'resource', 'plan', 'import', 'session', 'run'];

/** Files of an aggregate that hold shapes, names and questions about one document: no commands. */
const SHAPES = /\/(document|config|ids|epic|sprint|task|channel|registry|decision|etag|presence-key)\.ts$/;

/** Packages that hooks and a status line must not load: schemas and protocol live above. */
const HEAVY = /^(zod|@modelcontextprotocol\/|pino|commander|jsonpath-plus|proper-lockfile)/;
/** The rooms below what a server puts together; of them these files alone load such a package, and are loaded late. */
const LIGHT_ROOMS = FLOORS.slice(
  0,
  FLOORS.findIndex((rooms) => rooms.includes('app')),
).flat();
const LOADERS: Readonly<Record<string, string>> = { 'src/base/log.ts': 'pino', 'src/path/query.ts': 'jsonpath-plus' };

/** Modules of Node that compute and touch nothing. */
const PURE = ['node:crypto', 'node:util'];

describe('directions', () => {
  test('every room has a floor', () => {
    const rooms = new Set(sources.map(({ name }) => roomOf(name)));
    expect([...rooms].sort()).toEqual([...floorOf.keys()].sort());
  });

  test('an import, of types too, leads to the same room or to a lower floor', () => {
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter(({ target }) => byName.has(target) && roomOf(target) !== roomOf(name))
        .filter(({ target }) => (floorOf.get(roomOf(target)) ?? 99) >= (floorOf.get(roomOf(name)) ?? 0))
        .map(({ target }) => `${name} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('an aggregate of the domain calls commands of earlier ones only, and none but run knows runs', () => {
    const aggregateOf = (name: string) => AGGREGATES.indexOf(/^src\/domain\/([a-z]+)\//.exec(name)?.[1] ?? '');
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter(({ target }) => aggregateOf(name) >= 0 && aggregateOf(target) > aggregateOf(name))
        .filter(({ target }) => target.startsWith('src/domain/run/') || !SHAPES.test(target))
        .map(({ target }) => `${name} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('in run only start, what is of sprints and the followers import commands of other aggregates', () => {
    const knowing = /^src\/domain\/run\/(start|sprint(-[a-z-]+)?|followers\/[a-z-]+)\.ts$/;
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter(({ types }) => name.startsWith('src/domain/run/') && !knowing.test(name) && !types)
        .filter(({ target }) => /^src\/domain\/[a-z]+\//.test(target) && !target.startsWith('src/domain/run/'))
        .filter(({ target }) => !SHAPES.test(target))
        .map(({ target }) => `${name} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only the list of followers names one, and only transition.ts writes records of nodes', () => {
    const run = sources.filter(({ name }) => name.startsWith('src/domain/run/'));
    const named = run.flatMap(({ name, imports }) =>
      imports
        .filter(({ target }) => /\/run\/followers\/(?!index|follower\.)/.test(target))
        .map(({ target }) => `${name} → ${target}`),
    );
    expect(named.filter((arrow) => !arrow.startsWith('src/domain/run/followers/index.ts'))).toEqual([]);
    const writers = run.filter(({ text }) => /nodePointer\(|\/nodes\/|\/counters\//.test(text)).map(({ name }) => name);
    expect(writers.sort()).toEqual(['src/domain/run/document.ts', 'src/domain/run/transition.ts']);
  });

  test('folders beside each other do not import each other in both directions', () => {
    const arrows = new Map<string, string>();
    for (const { name, imports } of sources) {
      for (const { target } of imports) {
        const [from, to] = [name.split('/'), target.split('/')];
        const parted = from.findIndex((part, at) => part !== to[at]);
        const areFolders = parted > 1 && parted < from.length - 1 && parted < to.length - 1;
        const key = (one: string[]) => one.slice(0, parted + 1).join('/');
        if (areFolders && parted < 4) arrows.set(`${key(from)} → ${key(to)}`, `${name} → ${target}`);
      }
    }
    const both = [...arrows].filter(([arrow]) => arrows.has(arrow.split(' → ').reverse().join(' → ')));
    // Shapes of the domain know each other; which commands may be called is held above.
    expect(both.filter(([arrow]) => !arrow.startsWith('src/domain/')).map(([, example]) => example)).toEqual([]);
  });

  test('domain, graph, json, path and failure do no input or output', () => {
    const wrong = sources
      .filter(({ name }) => /^src\/(domain|graph|json|path|failure)\//.test(name))
      .flatMap(({ name, imports }) =>
        imports
          .filter(({ target }) => target.startsWith('node:') && !PURE.includes(target))
          .map(({ target }) => `${name} → ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('what a hook loads is free of schemas, protocol and logging', () => {
    const wrong = sources
      .filter(({ name }) => LIGHT_ROOMS.includes(roomOf(name)))
      .flatMap(({ name, imports }) =>
        imports
          .filter(({ target, types }) => !types && HEAVY.test(target) && LOADERS[name] !== target)
          .map(({ target }) => `${name} → ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test.each([
    ['statusline', ['mutative', 'picocolors', 'string-width', 'uuid']],
    ['hook', ['mutative', 'uuid']],
  ])('what the verb %s loads is free of them all the way down', (verb, light) => {
    const seen = new Set([`src/cli/verbs/${verb}.ts`]);
    const packages = new Set<string>();
    for (const name of seen) {
      for (const { target, types, lazy } of byName.get(name)?.imports ?? []) {
        if (types || lazy) continue;
        if (byName.has(target)) seen.add(target);
        else if (!/^(node:|src\/generated\/)/.test(target)) packages.add(target);
      }
    }
    expect([...packages].sort()).toEqual(light);
    expect([...packages].filter((name) => HEAVY.test(name))).toEqual([]);
  });

  test('main.ts loads nothing but config before it knows the verb', () => {
    const main = byName.get('src/main.ts');
    const eager = main?.imports.filter(({ lazy, types }) => !lazy && !types).map(({ target }) => target);
    expect(eager?.filter((target) => !target.startsWith('node:'))).toEqual(['src/config/config.ts']);
  });

  test('there are no import cycles', () => {
    const cycles: string[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const visit = (name: string, trail: string[]): void => {
      if (state.get(name) === 'done') return;
      if (state.get(name) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(name)), name].join(' → '));
        return;
      }
      state.set(name, 'open');
      for (const { target, types } of byName.get(name)?.imports ?? [])
        if (!types && byName.has(target)) visit(target, [...trail, name]);
      state.set(name, 'done');
    };
    for (const { name } of sources) visit(name, []);
    expect(cycles).toEqual([]);
  });
});

/** Functions and methods with their length in lines, by the indentation that the formatter guarantees. */
function functionLengths(source: SourceFile): { at: string; length: number }[] {
  const found: { at: string; length: number }[] = [];
  for (const [index, line] of source.lines.entries()) {
    const match =
      /^(\s*)(?:export )?(?:default )?(?:private |protected |static |override )*(?:async )?(?:function\*? \w+|(?:\*|get |set )?#?\w+(?:<[^>]*>)?\([^)]*\)?.*\{$|constructor\()/.exec(
        line,
      );
    if (match === null || /^\s*(?:if|for|while|switch|catch|return|describe|test|else)\b/.test(line)) continue;
    const indent = match[1] ?? '';
    const end = source.lines.findIndex(
      (later, at) => at > index && (later === `${indent}}` || later === `${indent}};` || later === `${indent}},`),
    );
    if (end > 0) found.push({ at: `${source.name}:${index + 1}`, length: end - index + 1 });
  }
  return found;
}

describe('sizes', () => {
  test('no file is longer than 400 lines, no test file longer than 600', () => {
    const long = [
      ...sources.filter(({ lines }) => lines.length > 401),
      ...tests.filter(({ lines }) => lines.length > 601),
    ];
    expect(long.map(({ name, lines }) => `${name} (${lines.length})`)).toEqual([]);
  });

  test('the median file has at most 120 lines', () => {
    const lengths = sources.map(({ lines }) => lines.length).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(120);
  });

  test('no function is longer than 70 lines', () => {
    expect(
      sources
        .flatMap(functionLengths)
        .filter(({ length }) => length > 70)
        .map(({ at, length }) => `${at} (${length})`),
    ).toEqual([]);
  });
});

describe('names and edges', () => {
  test('the file of a tool is the tool name with hyphens', () => {
    for (const { name } of tools) {
      const source = byName.get(`src/tools/${name.replaceAll('_', '-')}.ts`);
      expect(source?.text, name).toContain(`name: '${name}'`);
    }
  });

  test('files are kebab-case and open with what they are for', () => {
    for (const { name, lines } of [...sources, ...tests]) {
      expect(path.posix.basename(name), name).toMatch(/^[a-z0-9]+([.-][a-z0-9]+)*\.ts$/);
      expect(lines[0], name).toMatch(/^\/\/ \S/);
    }
  });

  test('every type of event is in the table of event types', () => {
    const made = sources.flatMap(({ text }) =>
      [...text.matchAll(/type: '([a-z]+\.[a-z_]+)'/g)].map(([, type]) => type),
    );
    expect([...new Set(made)].filter((type) => type !== undefined && !Object.hasOwn(eventTypes, type))).toEqual([]);
  });

  test('only config.ts reads the environment', () => {
    expect(
      sources
        .filter(({ text, name }) => /process\.env\b/.test(text) && name !== 'src/config/config.ts')
        .map(({ name }) => name),
    ).toEqual([]);
  });

  test('only main.ts ends the process, and only the command line writes to stdout', () => {
    expect(
      sources
        .filter(({ text, name }) => /process\.exit\(/.test(text) && name !== 'src/main.ts')
        .map(({ name }) => name),
    ).toEqual([]);
    const speaking = sources.filter(({ text }) => /process\.stdout|console\./.test(text)).map(({ name }) => name);
    expect(speaking.filter((name) => name !== 'src/main.ts' && !name.startsWith('src/cli/'))).toEqual([]);
  });

  test('no module holds mutable state', () => {
    const wrong = sources.flatMap(({ name, lines }) =>
      lines.flatMap((line, index) => (/^(?:export )?let /.test(line) ? [`${name}:${index + 1}`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  test('what is committed names no machine and no registry', () => {
    for (const { name, text } of sources) expect(text, name).not.toMatch(/\/(?:home|root)\/\w+\/|:\/\/registry\./);
  });
});
