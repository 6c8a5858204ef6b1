// The contract of every executor, and that each kind which servers perform has one.

import { expect, test } from 'vitest';
import { nodeKinds } from '../../src/graph/kinds/index.ts';
import { executors, mayPerform, performsAny } from '../../src/runner/executors/index.ts';

const none = { allowCommands: [] };

test('a kind has an executor if and only if servers perform it', () => {
  const performed = [...nodeKinds.values()].filter(({ performer }) => performer === 'server').map(({ kind }) => kind);
  expect([...executors.keys()].sort()).toEqual(performed.sort());
});

test.each([...executors.values()].map((executor) => [executor.kind, executor] as const))('%s', (kind, executor) => {
  expect(executor.flag).toMatch(/^--[a-z-]+$/);
  const example = nodeKinds.get(kind)?.example;
  // Started with nothing, a server performs nothing, and says why.
  expect(executor.enabled(none)).toBe(false);
  expect(executor.refusal(example as never, none)).toMatch(/\S/);
});

test('a server performs what its executors admit, and nothing that is for others', () => {
  const settings = { allowCommands: ['npm'] };
  expect(performsAny(none)).toBe(false);
  expect(performsAny(settings)).toBe(true);
  expect(mayPerform({ id: 'a', kind: 'command', command: ['npm', 'test'] }, settings)).toBe(true);
  expect(mayPerform({ id: 'a', kind: 'command', command: ['rm'] }, settings)).toBe(false);
  expect(mayPerform({ id: 'a', kind: 'agent', task: 'x' }, settings)).toBe(false);
});
