// The cost of tools/list for a model, and its bytes on the wire, with the default tools: bounds of the design.

import { expect, test } from 'vitest';
import listings from '../../src/generated/tools.json' with { type: 'json' };

/** Characters of JSON for one token. */
const CHARS = 4;
const usual = listings.filter(({ optIn }) => !optIn).map(({ tool }) => tool);

test('a model reads at most 6,000 tokens of names, descriptions and arguments', () => {
  const seen = usual.map(({ description, inputSchema }) => description.length + JSON.stringify(inputSchema).length);
  expect(seen.reduce((sum, chars) => sum + chars, 0) / CHARS).toBeLessThanOrEqual(6_000);
});

test('the whole list is at most 12,000 tokens on the wire', () => {
  expect(JSON.stringify({ tools: usual }).length / CHARS).toBeLessThanOrEqual(12_000);
});

test('every tool says all four hints, a title and when to use it', () => {
  for (const { name, title, description, annotations } of listings.map(({ tool }) => tool)) {
    expect(title, name).not.toBe('');
    expect(description, name).toMatch(/^(Use |Call )/);
    expect(Object.values(annotations), name).toHaveLength(4);
  }
});
