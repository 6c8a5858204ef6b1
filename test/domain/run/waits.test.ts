// A claim that finds nothing names what the run waits for, with who can clear it.

import { expect, test } from 'vitest';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

async function waits(rig: RunRig, agent = 'ses-one.idle') {
  const answer = okOf(await rig.claim({ agent, agentName: agent.slice(8) }));
  if (answer.kind !== 'none') throw new Error(`claimed ${answer.node}`);
  return { none: answer.none, waits: answer.waits };
}

async function begun(nodes: AnyNode[], more: object = {}): Promise<RunRig> {
  const rig = new RunRig(nodes, more);
  await rig.start();
  return rig;
}

test('another agent, by its report, and when its claim ends', async () => {
  const rig = await begun([work('a'), work('b', ['a'])]);
  await rig.claimed();
  const clears = 'main, by its report before 2001-09-09T01:56:40.000Z';
  expect(await waits(rig)).toEqual({ none: 'all_claimed', waits: [{ node: 'a', clears }] });
});

test('whom a ready node is for: an agent, skills, or a server by its option', async () => {
  const command: AnyNode = { id: 'c', kind: 'command', command: ['npm', 'test'] };
  const rig = await begun([work('a', [], { agent: 'ann' }), work('b', [], { skills: ['rust'] }), command]);
  expect(await waits(rig)).toEqual({
    none: 'all_blocked',
    waits: [
      { node: 'a', clears: 'it is for the agent "ann"' },
      { node: 'b', clears: 'it takes the skills rust' },
      { node: 'c', clears: 'a server of its workspace that was started with --allow-commands npm' },
    ],
  });
});

test('an answer, a signal and a time, each by its call', async () => {
  const ask: AnyNode = { id: 'ask', kind: 'approval', ask: 'Ship?' };
  const sign: AnyNode = { id: 'sign', kind: 'wait', signal: 'go' };
  const pause: AnyNode = { id: 'pause', kind: 'wait', for_s: 60 };
  const rig = await begun([ask, sign, pause]);
  const { run } = rig;
  const question = rig.node('ask')?.question?.id;
  const { waits: found } = await waits(rig);
  expect(found).toEqual([
    { node: 'ask', clears: `an answer: run_control {run: "${run}", action: "answer", question: "${question}"}` },
    { node: 'sign', clears: `a signal: run_control {run: "${run}", action: "signal", signal: "go"}` },
    { node: 'pause', clears: 'time: until 2001-09-09T01:47:40.000Z' },
  ]);
});

test('what somebody can decide now stands before what ends by itself', async () => {
  const rig = await begun([work('held'), work('once', [], { effect: 'once', timeouts: { lease_s: 60 } })]);
  await rig.claimed({ node: 'held', agent: 'ses-one.two' });
  await rig.claimed({ node: 'once' });
  rig.clock.now += 61_000;
  const { waits: found = [] } = await waits(rig);
  expect(found.map(({ node }) => node)).toEqual(['once', 'held']);
  expect(found[0]?.clears).toContain('action: "decide"');
});

test('no more than five are named, and none in a run that is over', async () => {
  const rig = await begun(Array.from({ length: 9 }, (_, i) => work(`n${i}`, [], { agent: 'ann' })));
  expect((await waits(rig)).waits).toHaveLength(5);
  const over = await begun([work('a')]);
  okOf(await over.report(await over.claimed(), 'done'));
  expect(await waits(over)).toEqual({ none: 'finished', waits: undefined });
});
