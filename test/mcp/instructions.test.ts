// The instructions name listed tools only, explain what tools/list leaves out, and are not cut by clients.

import { describe, expect, test } from 'vitest';
import { type ToolChoice, toolsetNames } from '../../src/config/config.ts';
import generated from '../../src/generated/tools.json' with { type: 'json' };
import { instructionsFor } from '../../src/mcp/instructions.ts';
import { listedTools } from '../../src/mcp/server.ts';
import type { Listing } from '../../src/tools/describe.ts';
import { SHARED_ARGUMENTS } from '../../src/tools/shared/shared-arguments.ts';

const listings = generated as unknown as Listing[];
const names = listings.map(({ tool }) => tool.name);

/** Every combination of toolsets, every tool alone, and all. */
const choices: ToolChoice[] = [
  ...Array.from({ length: 2 ** toolsetNames.length }, (_, bits) => ({
    sets: toolsetNames.filter((_name, index) => (bits & (1 << index)) !== 0),
    tools: [],
    all: false,
  })),
  ...names.map((name) => ({ sets: [], tools: [name], all: false })),
  { sets: [], tools: [], all: true },
];
const cases = choices.flatMap((choice) => [false, true].map((readOnly) => ({ choice, readOnly })));

const named = (text: string): string[] => names.filter((name) => new RegExp(`\\b${name}\\b`).test(text));

/** What stands before each explanation: "a and b (words)". */
function explained(text: string): string[] {
  const [, list = ''] = /Arguments all tools share: (.*)\. Any answer/.exec(text) ?? [];
  return [...list.matchAll(/([a-z_ ]+) \([^)]*\)/g)].flatMap(([, given = '']) => given.trim().split(' and '));
}

describe('whatever tools are listed', () => {
  test.each(cases.map((one) => [JSON.stringify(one), one] as const))('%s', (_, { choice, readOnly }) => {
    const listed = listedTools(listings, choice, readOnly);
    const text = instructionsFor(listed);
    const known = listed.map(({ name }) => name);
    expect(named(text).filter((name) => !known.includes(name))).toEqual([]);
    expect(text.length).toBeLessThanOrEqual(2048);
    expect(text).not.toMatch(/\n\n\n|- *\n|undefined/);
    const taken = new Set(listed.flatMap(({ inputSchema }) => Object.keys(inputSchema.properties)));
    const shared = SHARED_ARGUMENTS.flatMap((one) => one.names).filter((name) => taken.has(name));
    expect(explained(text)).toEqual(shared);
  });
});

test('all tools together: every sentence is said', () => {
  const text = instructionsFor(listedTools(listings, { sets: [...toolsetNames], tools: [], all: false }, false));
  expect(text).toMatchSnapshot();
});

test('a description is left out of the listing only if the instructions explain the argument', () => {
  const without = (name: string) =>
    listings.some(({ tool }) => tool.inputSchema.properties[name] !== undefined) &&
    listings.every(({ tool }) => tool.inputSchema.properties[name]?.description === undefined);
  for (const { names: some } of SHARED_ARGUMENTS) for (const name of some) expect(without(name), name).toBe(true);
});
