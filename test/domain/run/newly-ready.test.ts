// The nodes that a report or a decision calls newly ready may be claimed: none in a run that starts nothing any more.

import { expect, test } from 'vitest';
import { controlRun, type RunAction } from '../../../src/domain/run/control.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

async function at(nodes = [work('a'), work('b'), work('c', ['a'])]): Promise<{ rig: RunRig; a: string; b: string }> {
  const rig = new RunRig(nodes);
  await rig.start();
  return { rig, a: await rig.claimed(), b: await rig.claimed({ agent: 'ses-one.two', agentName: 'two' }) };
}

function control(rig: RunRig, action: RunAction, node?: string): Promise<{ newly_ready: string[] }> {
  return rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action, node })).then(okOf);
}

test('while the run goes on', async () => {
  const { rig, a } = await at();
  expect(okOf(await rig.report(a, 'done'))).toMatchObject({ newly_ready: ['c'] });
});

test('not in a paused run', async () => {
  const { rig, a } = await at();
  await control(rig, 'pause');
  expect(okOf(await rig.report(a, 'done'))).toMatchObject({ newly_ready: [], run_status: 'paused' });
  const { rig: other } = await at();
  await control(other, 'pause');
  expect(await control(other, 'skip_node', 'a')).toMatchObject({ newly_ready: [] });
});

test('not in a halted run', async () => {
  const { rig, a, b } = await at();
  okOf(await rig.report(b, 'failed', { errorKind: 'terminal' }));
  expect(okOf(await rig.report(a, 'done'))).toMatchObject({ newly_ready: [], run_status: 'failed' });
});

test('not in a cancelled run', async () => {
  const { rig, a } = await at();
  await control(rig, 'cancel');
  expect(okOf(await rig.report(a, 'done'))).toMatchObject({ newly_ready: [], run_status: 'cancelled' });
});
