// What is left of a critical path: only nodes that somebody is still to do.

import { expect, test } from 'vitest';
import { type ControlInput, controlRun } from '../../src/domain/run/control.ts';
import { criticalPathLeft } from '../../src/views/run/runs.ts';
import { okOf, RunRig, work } from '../run-rig.ts';

const NODES = [work('a'), work('b', ['a']), work('c', ['b']), work('d'), work('e', ['d'])];
const left = (rig: RunRig): string[] => criticalPathLeft(rig.document(), rig.graph);

async function failedFirst(on_failure: 'continue' | 'fail_fast', more: object[] = []): Promise<RunRig> {
  const rig = new RunRig([...NODES, ...(more as typeof NODES)], { on_failure });
  await rig.start();
  await rig.report(await rig.claimed({ node: 'a' }), 'failed', { errorKind: 'terminal' });
  return rig;
}

test('given a node failed, then neither it nor what cannot start after it is left', async () => {
  const rig = await failedFirst('continue');
  expect(left(rig)).toEqual(['d', 'e']);
});

test('given the run has failed, then nothing is left until a retry', async () => {
  const rig = await failedFirst('fail_fast');
  expect(rig.document().status).toBe('failed');
  expect(left(rig)).toEqual([]);
  const retry: ControlInput = { run: rig.run, action: 'retry_node', node: 'a' };
  okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, retry)));
  expect(left(rig)).toEqual(['a', 'b', 'c']);
});

test('given the run was cancelled, then nothing is left; given it waits for a decision, that is', async () => {
  const rig = new RunRig([work('a', [], { effect: 'once' }), work('b', ['a'])]);
  await rig.start();
  await rig.report(await rig.claimed(), 'interrupted');
  expect(left(rig)).toEqual(['a', 'b']);
  okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action: 'cancel' })));
  expect(left(rig)).toEqual([]);
});

test('given a node starts by a failure, then it is left, and what is dead is not', async () => {
  const rig = await failedFirst('continue', [work('mend', ['a'], { trigger: 'any_failed', priority: 1 })]);
  await rig.report(await rig.claimed({ node: 'd' }), 'done');
  await rig.report(await rig.claimed({ node: 'e' }), 'done');
  expect(left(rig)).toEqual(['mend']);
});
