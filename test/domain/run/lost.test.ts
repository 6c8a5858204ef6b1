// Claims that are lost, and nobody asks for work meanwhile: what somebody decides of them holds all the same.

import { expect, test } from 'vitest';
import { controlRun } from '../../../src/domain/run/control.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

const HOUR = 3_600_000;

test.each(['done', 'retry', 'failed', 'skip'] as const)(
  'given a claim that must not be repeated lapsed, then it can be decided (%s) without a claim in between',
  async (decision) => {
    const rig = new RunRig([work('a', [], { effect: 'once' }), work('b', ['a'])]);
    await rig.start();
    await rig.claimed();
    rig.clock.now += HOUR;
    const decide = { run: rig.run, action: 'decide' as const, node: 'a', decision };
    const status = { done: 'finished', retry: 'retrying', failed: 'failed', skip: 'skipped' }[decision];
    expect(okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, decide)))).toMatchObject({ node_status: status });
    expect(rig.node('a')).toMatchObject({ status });
  },
);

test('given such a claim lapsed, then a pause of its run finds the run stuck', async () => {
  const rig = new RunRig([work('a', [], { effect: 'once' })]);
  await rig.start();
  await rig.claimed();
  rig.clock.now += HOUR;
  for (const action of ['pause', 'resume'] as const)
    okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action })));
  expect(rig.document()).toMatchObject({ status: 'stuck', nodes: { a: { status: 'needs_decision' } } });
});
