// Every fault of an input is told at once: no unknown key, wrong type or fault of a policy hides what stands beside it.

import { expect, test } from 'vitest';
import { TeamRig } from '../team-rig.ts';

async function faultsOf(tool: string, args: object): Promise<string[]> {
  const rig = new TeamRig();
  const window = await rig.window('one');
  const { code, issues } = (await window.fail(tool, args)) as { code: string; issues: { at: string; why: string }[] };
  expect(code).toBe('invalid-input');
  return issues.map(({ at }) => at).sort();
}

test('graph_check: unknown keys, and what is wrong with the graph without them', async () => {
  const nodes = [
    { id: 'a', kind: 'agent', task: 'a', needs: ['b'], colour: 'red' },
    { id: 'b', kind: 'agent', task: 'b', needs: ['a', 'nobody'] },
    { id: 'b', kind: 'agent', task: 'again' },
  ];
  const found = await faultsOf('graph_check', { nodes, shape: 'round' });
  expect(found).toEqual(expect.arrayContaining(['shape', '/nodes/0/colour', '/nodes/1/needs/1', '/nodes/2/id']));
});

test('graph_check: wrong types, alone and beside unknown keys, and what is wrong with the rest of the graph', async () => {
  const nodes = [
    { id: 'a', kind: 'agent', task: 'a', needs: ['b'], skills: 7 },
    { id: 'b', kind: 'agent', task: 'b', needs: ['a', 'nobody'], timeouts: 'long' },
    { id: 'c', kind: 'command', command: { program: 'ls' } },
  ];
  const found = ['/nodes/0/skills', '/nodes/1/needs/1', '/nodes/1/timeouts', '/nodes/2/command'];
  expect(await faultsOf('graph_check', { nodes })).toEqual(expect.arrayContaining(found));
  expect(await faultsOf('graph_check', { nodes, shape: 'round' })).toEqual(expect.arrayContaining([...found, 'shape']));
  // Once each: that nothing is there where a wrong value stood is no fault of its own.
  expect((await faultsOf('graph_check', { nodes })).filter((at) => at === '/nodes/2/command')).toHaveLength(1);
  expect(await faultsOf('graph_check', { graph: [5] })).toEqual(['graph']);
});

test('graph_check: rules between arguments are judged without the unknown ones', async () => {
  expect(await faultsOf('graph_check', { shape: 'round', save_as: 'A b' })).toEqual(['nodes', 'save_as', 'shape']);
});

const policies = [
  { tool: 'state_sett', decision: 'deny' },
  { tool: 'state_set', decision: 'maybe' },
];
const config = { policies, alerts: { idle_hours: 0 }, resources: { gpu: { description: 'fast' } } };

test('project_save: faults of policies and of all else', async () => {
  expect(await faultsOf('project_save', { config })).toEqual([
    '/config/alerts/idle_hours',
    '/config/policies/0/tool',
    '/config/policies/1/decision',
    '/config/resources/gpu/capacity',
  ]);
});

test('project_save: beside an unknown key what a part of the configuration cannot mend', async () => {
  expect(await faultsOf('project_save', { config, nmae: 'x' })).toEqual([
    '/config/alerts/idle_hours',
    '/config/policies/0/tool',
    '/config/policies/1/decision',
    'nmae',
  ]);
});
