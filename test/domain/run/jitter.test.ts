// Retries of nodes that fail together: given the random number of the context, then each waits for its part of the
// backoff.

import { expect, test } from 'vitest';
import { memoryDocuments, okOf, RunRig, work } from '../../run-rig.ts';

test.each([
  [0, 5_000],
  [0.5, 7_500],
  [0.9, 9_500],
])('random %d: the next try is due after %d ms', async (random, delayMs) => {
  const clock = { now: 1_000_000_000_000 };
  const nodes = [work('a', [], { retry: { max_attempts: 2, backoff_s: 10, factor: 1 } })];
  const rig = new RunRig(nodes, {}, memoryDocuments({ clock, random: () => random }));
  await rig.start();
  okOf(await rig.report(await rig.claimed(), 'failed', { errorKind: 'retryable' }));
  expect(rig.node('a')).toMatchObject({ status: 'retrying', not_before: clock.now + delayMs });
});
