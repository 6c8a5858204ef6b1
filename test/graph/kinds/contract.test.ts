// The contract of node kinds, run against each kind in the list.

import { describe, expect, test } from 'vitest';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { SHARED_FIELDS } from '../../../src/graph/graph.ts';
import { nodeKinds } from '../../../src/graph/kinds/index.ts';

const facts = {
  inputs: { plan: { files: ['a.ts'] } },
  attempt: 2,
  last_error: { kind: 'retryable', message: 'flaky' },
};

test('kinds that share the name of a field give it one type, because one schema takes the nodes of all', () => {
  const types = new Map<string, string>();
  for (const { fields } of nodeKinds.values()) {
    for (const [name, { about: _, listed: __, unlisted: ___, ...type }] of Object.entries(fields)) {
      const text = JSON.stringify(type);
      expect(types.get(name) ?? text, name).toBe(text);
      types.set(name, text);
    }
  }
  expect(types.size).toBeGreaterThan(0);
});

describe.each([...nodeKinds.values()].map((kind) => [kind.kind, kind] as const))('%s', (_name, kind) => {
  test('is described', () => {
    expect(kind.kind).toMatch(/^[a-z]+$/);
    expect(kind.summary.length).toBeGreaterThan(20);
    expect(['pure', 'idempotent', 'once']).toContain(kind.defaultEffect);
    expect(['agent', 'server', 'person', 'engine']).toContain(kind.performer);
    expect(Object.keys(kind.fields).filter((field) => Object.hasOwn(SHARED_FIELDS, field))).toEqual([]);
    for (const field of Object.values(kind.fields)) expect(field.about.length).toBeGreaterThan(10);
  });

  test('its example passes', () => {
    expect(kind.example.kind).toBe(kind.kind);
    expect(kind.check(kind.example, '/nodes/0')).toEqual([]);
    expect(checkGraph({ name: 'example', nodes: [kind.example] }, nodeKinds)).toMatchObject({ ok: true, warnings: [] });
  });

  test('a bare node is refused, and each fault says where and what to do', () => {
    const faults = kind.check({ id: 'a', kind: kind.kind }, '/nodes/7');
    expect(faults).not.toEqual([]);
    for (const fault of faults) {
      expect(fault.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(fault.at).toMatch(/^\/nodes\/7\//);
      expect(fault.message.length * fault.hint.length).toBeGreaterThan(0);
    }
  });

  test('it is refused without what it requires', () => {
    expect(kind.requires).not.toEqual([]);
    for (const name of kind.requires) {
      const { [name]: _, ...rest } = Object.fromEntries(Object.entries(kind.example));
      const node = { id: 'a', kind: kind.kind, ...rest };
      expect(kind.check(node, '').map(({ at }) => at)).toContain(`/${name}`);
    }
  });

  test('values of any other type are faults, and never make its check throw', () => {
    for (const value of [null, 0.5, 'x'.repeat(50_000), [1, {}], { a: 1 }, { a: ['b'] }]) {
      for (const name of Object.keys(kind.fields)) {
        const node = { ...kind.example, [name]: value };
        expect(() => checkGraph({ name: 'odd', nodes: [node] }, nodeKinds)).not.toThrow();
      }
    }
  });

  test('its brief is JSON, says it all, and leaves the node as it was', () => {
    const before = JSON.stringify(kind.example);
    const brief = kind.brief(kind.example, facts);
    expect(JSON.parse(JSON.stringify(brief))).toEqual(brief);
    expect(brief).toMatchObject({ kind: kind.kind, title: kind.example.id, ...facts });
    expect(brief.goal).toBeTypeOf('string');
    expect(JSON.stringify(kind.example)).toBe(before);
  });
});
