// The policy that matches a call: by tool names and patterns, mode, tier, agent and arguments; the first one decides.

import { describe, expect, test } from 'vitest';
import {
  type CallFacts,
  checkPolicies,
  fitsPattern,
  type Policy,
  policyFor,
} from '../../../src/domain/project/policy.ts';
import type { InputIssue } from '../../../src/failure/failure.ts';
import type { Json } from '../../../src/json/json.ts';

const call: CallFacts = { tool: 'state_set', input: {}, mode: 'development', tier: 'worker', agent: 'main' };
const fits = (policy: Partial<Policy>, more: Partial<CallFacts> = {}) =>
  policyFor([{ tool: 'state_set', decision: 'deny', ...policy }], { ...call, ...more }) !== undefined;

describe('a policy', () => {
  test('fits by the name of a tool', () => {
    expect(fits({})).toBe(true);
    expect(fits({ tool: 'state_*' })).toBe(true);
    expect(fits({ tool: '*_set' })).toBe(true);
    expect(fits({ tool: '*' })).toBe(true);
    expect(fits({ tool: 'state_get' })).toBe(false);
    expect(fits({ tool: 'state' })).toBe(false);
    expect(fits({ tool: '*_save' })).toBe(false);
  });

  test('fits by the mode of the session and by who calls: one of a list will do, all conditions must hold', () => {
    expect(fits({ when: { mode: 'development' } })).toBe(true);
    expect(fits({ when: { mode: ['config', 'development'], tier: 'worker' } })).toBe(true);
    expect(fits({ when: { mode: 'development', tier: 'orchestrator' } })).toBe(false);
    expect(fits({ when: { agent: 'rev*' } }, { agent: 'reviewer-2' })).toBe(true);
    expect(fits({ when: { agent: ['coder', 'rev'] } }, { agent: 'reviewer' })).toBe(false);
  });

  test('fits by what is given, as it is given', () => {
    const input = {
      path: 'secrets.key',
      limit: 5,
      dry: true,
      none: null,
      operations: [{ path: 'a' }, { path: "$['secrets']" }],
    };
    const args = (when: Record<string, never[] | unknown>) => fits({ when: { args: when as never } }, { input });
    expect(args({ limit: 5 })).toBe(true);
    expect(args({ limit: [1, 5] })).toBe(true);
    expect(args({ limit: '5' })).toBe(false);
    expect(args({ dry: true, none: null })).toBe(true);
    expect(args({ absent: null })).toBe(false);
    expect(args({ 'limit.x': 5 })).toBe(false);
    expect(args({ toString: '*' })).toBe(false);
    expect(args({ path: '$.secrets*' })).toBe(true);
    expect(args({ path: '$.secret' })).toBe(false);
    expect(args({ 'operations.*.path': '$.secrets' })).toBe(true);
    expect(args({ 'operations.0.path': '$.secrets' })).toBe(false);
    for (const path of ['$ .secrets .key', "$.['secrets']['key']", '$\n[secrets].key', "$['secrets','secrets']"])
      expect(fits({ when: { args: { path: '$.secrets*' } } }, { input: { path } }), path).toBe(true);
    for (const hostile of [null, 3, 'x', [], { path: {} }, { path: ['$.secrets'] }])
      expect(fits({ when: { args: { path: '$.secrets' } } }, { input: hostile })).toBe(false);
  });

  test('that comes first decides', () => {
    const policies: Policy[] = [
      { tool: 'state_set', decision: 'allow', when: { agent: 'boss' } },
      { tool: 'state_*', decision: 'deny' },
      { tool: '*', decision: 'allow' },
    ];
    expect(policyFor(policies, { ...call, agent: 'boss' })?.decision).toBe('allow');
    expect(policyFor(policies, call)).toBe(policies[1]);
    expect(policyFor(policies, { ...call, tool: 'run_claim' })).toBe(policies[2]);
    expect(policyFor([], call)).toBeUndefined();
  });

  test.each([
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abc', true],
    ['a*a', 'a', false],
    ['**', '', true],
    ['*a', 'ba', true],
    ['', '', true],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(fitsPattern(pattern, text)).toBe(expected);
  });

  test('is matched at once, whatever it is', () => {
    const startedAt = performance.now();
    expect(fitsPattern(`${'a*'.repeat(200)}b`, 'a'.repeat(20_000))).toBe(false);
    // Some 20 ms; an exponential match would not end at all.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

test('every fault of a list of policies is named', () => {
  const faults = (value: Json) => {
    const issues: InputIssue[] = [];
    checkPolicies(value, '/config/policies', issues);
    return issues.map(({ at, why }) => `${at} ${why}`);
  };
  expect(faults([{ tool: 'state_*', decision: 'deny', when: { args: { path: '$.a*' } }, reason: 'no' }])).toEqual([]);
  expect(
    faults([
      { tool: 'State', decision: 'forbid' },
      { decision: 'ask', tool: 'run_start' },
      {
        name: 'a',
        tool: '*',
        decision: 'deny',
        when: { mode: 'night', tier: [], who: 'x', args: { 'a b': 1, path: {} } },
      },
      { name: 'a', tool: '*', decision: 'allow', when: { args: { path: [] } } },
    ]),
  ).toEqual([
    '/config/policies/0/tool expected the name of a tool; * stands for any characters, as in state_*',
    '/config/policies/0/decision expected one of allow, deny, ask',
    '/config/policies/2/when/mode expected one of development, leadership, sprint, config, emergency',
    '/config/policies/2/when/tier expected a list of 1 to 20',
    '/config/policies/2/when/who unknown key, use mode, tier, agent, args',
    '/config/policies/2/when/args "a b" is no place: write it as path or operations.*.path',
    '/config/policies/2/when/args/path expected text, a number, true, false or null, or a list of such',
    '/config/policies/3/when/args/path expected a list of 1 to 20',
    '/config/policies/1/name required with ask: an approval names it',
    '/config/policies/3/name is the name of another policy',
  ]);
});
