// Rate limits in a row: the pause grows with each, whatever the policy, and after a bounded number somebody decides.

import { expect, test } from 'vitest';
import { memoryDocuments, okOf, RunRig, work } from '../../run-rig.ts';

const LIMITED = { errorKind: 'rate_limited' } as const;

function rigWith(random: number, retry: object): RunRig {
  const clock = { now: 1_000_000_000_000 };
  const rig = new RunRig(
    [work('a', [], { retry }), work('b', ['a'])],
    {},
    memoryDocuments({ clock, random: () => random }),
  );
  Object.assign(rig, { clock });
  return rig;
}

/** Meets rate limits until the node is not tried again; the pauses in seconds. */
async function pauses(rig: RunRig, more: object = {}): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < 30; i++) {
    okOf(await rig.report(await rig.claimed(), 'failed', { ...LIMITED, ...more }));
    const { status, not_before = 0 } = rig.node('a') ?? {};
    if (status !== 'retrying') return seen;
    seen.push((not_before - rig.clock.now) / 1_000);
    rig.clock.now = not_before;
  }
  throw new Error('it is tried for ever');
}

test.each<[string, number, object, number[]]>([
  ['by default', 1, {}, [1, 2, 4, 8, 16, 32, 60, 60, 60]],
  ['with the least jitter', 0, {}, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]],
  ['up to max_backoff_s', 1, { max_attempts: 2, backoff_s: 2, max_backoff_s: 10 }, [2, 4, 8, 10, 10, 10, 10, 10, 10]],
  ['though the policy would not', 1, { backoff_s: 0, factor: 1 }, [1, 2, 4, 8, 16, 32, 60, 60, 60]],
])('the pause grows %s, then somebody decides', async (_name, random, retry, expected) => {
  const rig = rigWith(random, retry);
  await rig.start();
  expect(await pauses(rig)).toEqual(expected);
  expect(rig.document().status).toBe('stuck');
  expect(rig.node('a')).toMatchObject({ status: 'needs_decision', rate_limits: 10, error: { kind: 'rate_limited' } });
});

test('a pause that the service asks for is kept to, and counts', async () => {
  const rig = rigWith(0, {});
  await rig.start();
  expect(await pauses(rig, { retryAfterS: 7 })).toEqual(Array(9).fill(7));
});

test('only limits in a row count', async () => {
  const rig = rigWith(1, { max_attempts: 3, backoff_s: 0 });
  await rig.start();
  const limited = async (): Promise<unknown> => {
    okOf(await rig.report(await rig.claimed(), 'failed', LIMITED));
    rig.clock.now = rig.node('a')?.not_before ?? 0;
    return rig.node('a')?.rate_limits;
  };
  expect([await limited(), await limited()]).toEqual([1, 2]);
  // Given back: nothing was asked of the service.
  okOf(await rig.report(await rig.claimed(), 'released'));
  expect(await limited()).toBe(3);
  okOf(await rig.report(await rig.claimed(), 'failed', { errorKind: 'retryable' }));
  expect(rig.node('a')).not.toHaveProperty('rate_limits');
  expect(await limited()).toBe(1);
});

test('after the decision to go on the count begins anew', async () => {
  const rig = rigWith(1, {});
  await rig.start();
  await pauses(rig);
  const { controlRun } = await import('../../../src/domain/run/control.ts');
  const input = { run: rig.run, action: 'decide', node: 'a', decision: 'retry' } as const;
  okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, input)));
  okOf(await rig.report(await rig.claimed(), 'failed', LIMITED));
  expect(rig.node('a')).toMatchObject({ status: 'retrying', rate_limits: 1 });
});
