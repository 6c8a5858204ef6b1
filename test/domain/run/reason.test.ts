// What somebody says with run_control reaches those whom it concerns.

import { expect, test } from 'vitest';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

async function begun(): Promise<RunRig> {
  const rig = new RunRig([work('a', [], { effect: 'once' })]);
  await rig.start();
  return rig;
}

async function control(rig: RunRig, action: ControlInput['action'], more: Partial<ControlInput> = {}) {
  return okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action, ...more })));
}

const brief = (rig: RunRig) => rig.brief('a');

test('given a reason with a retry, then the next briefs have it beside the last error, until there is a result', async () => {
  const rig = await begun();
  await rig.report(await rig.claimed(), 'failed', { errorKind: 'terminal', summary: 'no host' });
  await control(rig, 'retry_node', { node: 'a', reason: 'the host is db2' });
  const told = { last_error: { kind: 'terminal', message: 'no host' }, retry_reason: 'the host is db2' };
  const claim = await rig.claimed();
  expect(brief(rig)).toMatchObject(told);
  await rig.report(claim, 'released');
  const again = await rig.claimed();
  expect(brief(rig)).toMatchObject(told);
  await rig.report(again, 'interrupted');
  await control(rig, 'decide', { node: 'a', decision: 'retry', reason: 'it had not begun' });
  const last = await rig.claimed();
  expect(brief(rig)).toMatchObject({ retry_reason: 'it had not begun' });
  await rig.report(last, 'done');
  expect(rig.node('a')).not.toHaveProperty('retry_reason');
});

test('given a reason with a pause or a cancel, then whoever asks for work is told, until the run goes on', async () => {
  const rig = await begun();
  await control(rig, 'pause', { reason: 'the host is down' });
  expect(okOf(await rig.claim())).toMatchObject({ none: 'paused', why: expect.stringContaining('the host is down') });
  expect(failureOf(await rig.claim({ node: 'a' }))).toMatchObject({ why: 'the run is paused: the host is down' });
  await control(rig, 'resume');
  expect(rig.document()).not.toHaveProperty('reason');
  await control(rig, 'cancel', { reason: 'not wanted' });
  expect(okOf(await rig.claim())).toMatchObject({ none: 'finished', why: 'the run is cancelled: not wanted' });
});
