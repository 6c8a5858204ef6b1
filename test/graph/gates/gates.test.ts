// The kinds of gates: their examples pass, and faults say where and what to do.

import { describe, expect, test } from 'vitest';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { gateKinds } from '../../../src/graph/gates/index.ts';
import type { GateSpec } from '../../../src/graph/graph.ts';
import { type AnyNode, nodeKinds } from '../../../src/graph/kinds/index.ts';

function checked(gates: object[], more: object = {}) {
  const node = { id: 'a', kind: 'agent', task: 'do it', gates: gates as GateSpec[], ...more } as AnyNode;
  return checkGraph({ name: 'g', nodes: [node] }, nodeKinds);
}

describe.each([...gateKinds.values()].map((kind) => [kind.kind, kind] as const))('%s', (name, kind) => {
  test('its example passes', () => {
    expect(checked([kind.example])).toMatchObject({ ok: true, warnings: [] });
  });

  test('a bare gate is refused, and so is a field of another kind', () => {
    const { errors } = checked([{ id: 'x', kind: name }]);
    expect(errors[0]).toMatchObject({ at: expect.stringMatching(/^\/nodes\/0\/gates\/0\//) });
    const strange = checked([{ ...kind.example, colour: 'red' }]);
    expect(strange.errors).toMatchObject([{ at: '/nodes/0/gates/0/colour', code: 'bad-gate' }]);
  });
});

test('names, kinds and places of gates are checked', () => {
  const tests = { id: 'tests', kind: 'command', command: ['npm', 'test'] };
  expect(checked([tests, tests]).errors).toMatchObject([{ at: '/nodes/0/gates/1/id' }]);
  expect(checked([{ id: 'x', kind: 'reviw' }]).errors).toMatchObject([{ hint: 'did you mean review?' }]);
  expect(checked([7 as unknown as object]).errors).toMatchObject([{ at: '/nodes/0/gates/0' }]);
  expect(checked([{ id: 'r', kind: 'review', ask: 'ok?', k: 2 }]).errors).toMatchObject([{ at: '/nodes/0/gates/0/k' }]);
  const wait = { id: 'a', kind: 'wait', for_s: 1, gates: [tests] } as AnyNode;
  expect(checkGraph({ name: 'g', nodes: [wait] }, nodeKinds).errors).toMatchObject([{ at: '/nodes/0/gates' }]);
});

test('a review for which there can be no reviewer is warned of', () => {
  const gates = [{ id: 'r', kind: 'review', ask: 'ok?', who: ['bo'] }];
  expect(checked(gates, { agent: 'bo' }).warnings).toMatchObject([{ code: 'no-reviewer', at: '/nodes/0/gates/0/who' }]);
  expect(checked(gates, { agent: 'al' }).warnings).toEqual([]);
});
