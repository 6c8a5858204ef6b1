// Saved graphs can be listed, and the hint of unknown-graph leads there; the end of a sprint is its last day.

import { expect, test } from 'vitest';
import { describeFailure } from '../../src/failure/describe.ts';
import { planWindow } from './plan-window.ts';

test('a graph that is not there leads to the list of those that are', async () => {
  const window = await planWindow();
  const nodes = [{ id: 'a', kind: 'agent', task: 'do it' }];
  const { hash } = await window.call('graph_check', { nodes, save_as: 'release' });
  await window.call('graph_check', { nodes: [{ id: 'b', kind: 'agent', task: 'do it' }], save_as: 'hotfix' });
  const failed = await window.fail('run_start', { graph: 'deploy' });
  expect(JSON.stringify(describeFailure(failed))).toContain('plan_list {kind: \\"graph\\"}');
  const { rows, total } = await window.call('plan_list', { kind: 'graph' });
  expect(total).toBe(2);
  expect(rows).toContainEqual({ id: 'release', hash, saved_at: expect.stringMatching(/^\d{4}-.*Z$/) });
  const found = await window.call('plan_list', { kind: 'graph', text: 'rel', detail: 'ids' });
  expect(found).toMatchObject({ rows: [{ id: 'release' }], total: 1 });
});

test('a sprint may end on the day on which it starts, and not before', async () => {
  const window = await planWindow();
  const dates = { starts_at: '2026-01-31T10:00:00Z', ends_at: '2026-01-31' };
  expect(await window.call('sprint_save', { title: 'a day', ...dates })).toMatchObject({ id: 'SPR-1' });
  expect(await window.fail('sprint_save', { title: 'x', ...dates, ends_at: '2026-01-30' })).toMatchObject({
    issues: [{ at: 'ends_at' }],
  });
});
