// The limits of agents that views show are the figures by which claims are decided.

import { expect, test } from 'vitest';
import { dashboardViews } from '../../../src/dashboard/index.ts';
import { rowsOf } from '../../dashboard/looking.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

const agent = (name: string) => ({ agent: `ses-one.${name}`, agentName: name });

test('claims in all, of each pool as large as it is now, and tokens of runs that spent some', async () => {
  const nodes = [
    ...['a', 'b', 'c', 'd', 'e'].map((id) => work(id)),
    work('f', ['a']),
    work('g', [], { agent: 'critic' }),
  ];
  const rig = new RunRig(nodes);
  await rig.configure({
    global_settings: { max_concurrent_agents: 4, token_budget: 1_000 },
    pools: { coder: { max: 5, policy: 'demand', nodes_per_agent: 2 }, critic: 1 },
  });
  const limits = () => rowsOf(rig, dashboardViews.resources).get('limits');
  expect(limits()).toMatchObject([
    { limit: 'all agents', used: 0, allowed: 4, use_percent: 0 },
    { limit: 'pool coder', used: 0, allowed: 0, policy: 'demand' },
    { limit: 'pool critic', used: 0, allowed: 1, policy: 'fixed' },
  ]);
  await rig.start();
  const claim = await rig.claimed(agent('coder-1'));
  await rig.claimed(agent('critic'));
  okOf(await rig.report(claim, 'progress', { tokens: 250 }));
  expect(limits()).toMatchObject([
    // The fullest first.
    { limit: 'pool critic', used: 1, allowed: 1, use_percent: 100 },
    { limit: 'all agents', used: 2, allowed: 4, use_percent: 50 },
    // One held and three ready, since the critic took a node too: two nodes for each coder.
    { limit: 'pool coder', used: 1, allowed: 2 },
    { limit: `tokens of ${rig.run}`, used: 250, allowed: 1_000, use_percent: 25 },
  ]);
});
