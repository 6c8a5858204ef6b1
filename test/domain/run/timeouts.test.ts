// The four timeouts, the deadline of a run, and what a pause does to them.

import { expect, test } from 'vitest';
import { controlRun, type RunAction } from '../../../src/domain/run/control.ts';
import { expireRun } from '../../../src/domain/run/due.ts';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

async function begun(nodes: AnyNode[], more: object = {}): Promise<RunRig> {
  const rig = new RunRig(nodes, more);
  await rig.start();
  return rig;
}

const control = (rig: RunRig, action: RunAction, node?: string) =>
  rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action, node }));

/** Lets so many seconds go by, and what is due happen. */
async function after(rig: RunRig, seconds: number): Promise<void> {
  rig.clock.now += seconds * 1_000;
  okOf(await rig.do((tx, ctx) => expireRun(tx, ctx, { run: rig.run })));
}

test('a try beyond run_s fails, and is tried again while tries are left; its late result still counts', async () => {
  const timeouts = { run_s: 60, lease_s: 3_600 };
  const rig = await begun([work('a', [], { timeouts, retry: { max_attempts: 2, backoff_s: 0 } })]);
  const first = await rig.claimed();
  await after(rig, 59);
  expect(rig.node('a')).toMatchObject({ status: 'claimed' });
  await after(rig, 1);
  expect(rig.node('a')).toMatchObject({ status: 'retrying', error: { kind: 'timeout' } });
  expect(failureOf(await rig.report(first, 'progress'))).toMatchObject({ code: 'stale-claim' });
  const second = await rig.claimed();
  await after(rig, 60);
  expect(rig.node('a')).toMatchObject({ status: 'failed', error: { kind: 'timeout' } });
  expect(okOf(await rig.report(second, 'done'))).toMatchObject({ status: 'late' });
});

test('a node that must not be repeated waits for a decision when its time is up', async () => {
  const rig = await begun([work('a', [], { timeouts: { run_s: 5 }, effect: 'once' })]);
  await rig.claimed();
  await after(rig, 5);
  expect(rig.node('a')).toMatchObject({ status: 'needs_decision', error: { kind: 'timeout' } });
  expect(rig.document().status).toBe('stuck');
});

test('all tries together may take total_s, whatever tries are left', async () => {
  const timeouts = { total_s: 100, lease_s: 3_600 };
  const rig = await begun([work('a', [], { timeouts, retry: { max_attempts: 9, backoff_s: 0 } })]);
  const claim = await rig.claimed();
  rig.clock.now += 50_000;
  await rig.report(claim, 'failed');
  await rig.claimed();
  await after(rig, 50);
  expect(rig.node('a')).toMatchObject({ status: 'failed', error: { kind: 'timeout' }, attempt: 2 });
});

test('what nobody takes within wait_s is open to its fallback, and fails after the same span again', async () => {
  const rig = await begun(
    [
      work('a', [], { agent: 'ann', fallback: 'main', timeouts: { wait_s: 60 } }),
      work('b', [], { agent: 'bob', timeouts: { wait_s: 60 } }),
    ],
    { on_failure: 'continue' },
  );
  expect(failureOf(await rig.claim({ node: 'a' }))).toMatchObject({ code: 'node-not-ready' });
  await after(rig, 60);
  expect(rig.node('b')).toMatchObject({ status: 'failed', error: { kind: 'timeout' } });
  expect(okOf(await rig.claim({ node: 'a' }))).toMatchObject({ kind: 'claimed' });
  const other = await begun([work('a', [], { agent: 'ann', fallback: 'main', timeouts: { wait_s: 60 } })]);
  await after(other, 120);
  expect(other.document().status).toBe('failed');
});

test('a run beyond its deadline starts nothing any more, and what is claimed goes on', async () => {
  const rig = await begun([work('a'), work('b', ['a']), { id: 'ask', kind: 'approval', ask: 'ok?' }], { wall_s: 60 });
  const claim = await rig.claimed({ node: 'a' });
  await after(rig, 60);
  expect(rig.document()).toMatchObject({ status: 'running', overdue: true });
  expect(rig.node('ask')).toMatchObject({ status: 'cancelled' });
  expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ newly_ready: [], run_status: 'failed' });
});

test('durations stand still while a run is paused, points in time do not', async () => {
  const until = new Date(1_000_000_000_000 + 90_000).toISOString();
  const rig = await begun(
    [
      { id: 'span', kind: 'wait', for_s: 60 },
      { id: 'point', kind: 'wait', until },
    ],
    { wall_s: 1_000 },
  );
  rig.clock.now += 30_000;
  okOf(await control(rig, 'pause'));
  rig.clock.now += 60_000;
  okOf(await control(rig, 'resume'));
  expect(rig.node('point')).toMatchObject({ status: 'finished' });
  expect(rig.node('span')).toMatchObject({ status: 'awaiting' });
  expect(rig.document().deadline).toBe(1_000_000_000_000 + 1_060_000);
  await after(rig, 30);
  expect(rig.document().status).toBe('finished');
});

test('the same error from three agents in a row asks for a decision, whatever differs in its words', async () => {
  const rig = await begun([work('a', [], { retry: { max_attempts: 9, backoff_s: 0 } })]);
  for (const [i, agent] of ['ann', 'bob', 'cy'].entries()) {
    const claim = await rig.claimed({ agent: `ses.${agent}`, agentName: agent });
    await rig.report(claim, 'failed', { summary: `no file /tmp/x${i}/y at 0xdeadbee${i}, line ${i}` });
  }
  expect(rig.node('a')).toMatchObject({ status: 'needs_decision' });
});
