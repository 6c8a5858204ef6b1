// What graph_check says of triggers: faults, warnings, and the right name for what other programs call them.

import { expect, test } from 'vitest';
import { checkGraph } from '../../../src/graph/check/check.ts';
import { canonicalGraph } from '../../../src/graph/graph.ts';
import { graph, node, plainKinds } from '../random-graph.ts';

const two = [node('a'), node('b')];

function said(more: object, on_failure: 'fail_fast' | 'continue' = 'continue', needs = ['a', 'b']): string[] {
  const { errors, warnings } = checkGraph(graph([...two, node('c', needs, more)], { on_failure }), plainKinds);
  return [...errors.map(({ code, at }) => `${code} ${at}`), ...warnings.map(({ code }) => `warns ${code}`)];
}

test.each<[string, object, string[]]>([
  ['all_done', { trigger: 'all_done' }, []],
  ['n_of', { trigger: 'n_of', n: 2 }, []],
  ['n above the number of needs', { trigger: 'n_of', n: 3 }, ['n-too-high /nodes/2/n']],
  ['n_of without n', { trigger: 'n_of' }, ['n-missing /nodes/2/n']],
  ['n without n_of', { n: 1 }, ['n-unused /nodes/2/n']],
  ['no trigger at all', { trigger: 'always' }, ['bad-value /nodes/2/trigger']],
  ['handles what it never starts after', { handles: true }, ['warns handles-nothing']],
  ['handles', { trigger: 'any_failed', handles: true }, []],
])('%s', (_name, more, expected) => {
  expect(said(more)).toEqual(expected);
});

test('a trigger without needs is a fault', () => {
  expect(said({ trigger: 'any_success' }, 'continue', [])).toEqual(['trigger-without-needs /nodes/2/needs']);
});

test.each(['any_success', 'n_of', 'all_failed'])('under fail_fast %s warns unless it handles', (trigger) => {
  const more = trigger === 'n_of' ? { trigger, n: 1 } : { trigger };
  expect(said(more, 'fail_fast')).toEqual(['warns trigger-halted']);
  expect(said({ ...more, handles: true }, 'fail_fast')).toEqual([]);
  expect(said(more, 'continue')).toEqual([]);
});

test('needs are not called redundant where a node between may end another way', () => {
  const nodes = [node('a'), node('b', ['a'], { trigger: 'all_done' }), node('c', ['a', 'b'])];
  expect(checkGraph(graph(nodes), plainKinds).warnings).toEqual([]);
});

test.each([
  ['trigger_rule', /trigger, such as "all_done"/],
  ['if', /when/],
  ['always', /"all_done"/],
  ['run_when', /trigger/],
  ['continue_on_error', /handles/],
  ['depends_on', /did you mean needs/],
  ['triger', /did you mean trigger/],
])('%s is told its name here', (field, hint) => {
  const { errors } = checkGraph(graph([node('a', [], { [field]: 'all_done' })]), plainKinds);
  expect(errors).toMatchObject([{ code: 'unknown-field', hint: expect.stringMatching(hint) }]);
});

test('a graph without triggers has the text, and so the hash, that it had', () => {
  expect(canonicalGraph(graph(two))).toBe(
    '{"name":"test","nodes":[{"id":"a","kind":"work","needs":[]},{"id":"b","kind":"work","needs":[]}]}',
  );
});
