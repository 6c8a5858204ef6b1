// The contract of every executor, and that each kind which servers perform has one.

import { expect, test } from 'vitest';
import { nodeKinds } from '../../src/graph/kinds/index.ts';
import { executors, mayPerform, performsAny } from '../../src/runner/executors/index.ts';
import { executorSettings } from '../../src/runner/executors/settings.ts';

const none = executorSettings({ allowCommands: [], allowEnv: [], childEnv: {} }, '/nowhere');

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
  const childEnv = { PATH: process.env['PATH'] ?? '' };
  const settings = executorSettings({ allowCommands: ['node'], allowEnv: ['APP_*'], childEnv }, '/nowhere');
  expect(performsAny(none)).toBe(false);
  expect(performsAny(settings)).toBe(true);
  expect(mayPerform({ id: 'a', kind: 'command', command: ['node', 'x'] }, settings)).toBe(true);
  expect(mayPerform({ id: 'a', kind: 'command', command: ['rm'] }, settings)).toBe(false);
  for (const [env, admitted] of [
    [{ CI: '1', LC_ALL: 'C', APP_X: '/a' }, true],
    [{ OTHER: '1' }, false],
  ] as const)
    expect(mayPerform({ id: 'a', kind: 'command', command: ['node'], env }, settings)).toBe(admitted);
  expect(mayPerform({ id: 'a', kind: 'agent', task: 'x' }, settings)).toBe(false);
});
