// One claimed node with an executor that the test controls: the report when the work ends, and when the server closes.

import { expect, test } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import type { Effect, Timeouts } from '../../src/graph/graph.ts';
import type { Assignment, Ended, Executor } from '../../src/runner/executors/define.ts';
import { executorSettings } from '../../src/runner/executors/settings.ts';
import { Job } from '../../src/runner/job.ts';
import { BY, RunRig } from '../run-rig.ts';

const server = { host: 'here', boot: 'b', pid: 1, start: '1' };

/** A run with one node, claimed and at work: `perform` is the executor's. */
async function atWork(
  perform: (work: Assignment) => Promise<Ended>,
  { effect = 'once' as Effect, timeouts = {} as Timeouts } = {},
): Promise<{ rig: RunRig; job: Job }> {
  const rig = new RunRig([{ id: 'a', kind: 'command', command: ['x'], effect }], { defaults: { timeouts } });
  await rig.start();
  const agent = 'server-1';
  const claim = await rig.claimed({ performer: 'server', agent, agentName: agent, session: undefined, server });
  const executor: Executor = {
    kind: 'command',
    flag: '--x',
    enabled: () => true,
    options: () => [],
    refusal: () => undefined,
    perform,
  };
  const [node] = rig.graph.prepared.graph.nodes;
  if (node === undefined) throw new Error('the graph has no node');
  const runMs = timeouts.run_s === undefined ? {} : { runMs: timeouts.run_s * 1_000 };
  const settings = executorSettings({ allowCommands: [], allowEnv: [], childEnv: {} }, '/');
  const parts = { documents: rig.documents, log: createLog({ logLevel: 'silent' }), by: BY };
  const job = new Job(
    { claim, run: rig.run, id: node.id, node, leaseMs: 600_000, ...runMs },
    { ...parts, executor, workspaceRoot: '/', settings },
  );
  return { rig, job };
}

/** Ends as soon as it is told to. */
function untilAborted({ signal }: Assignment): Promise<Ended> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 'failed' })));
}

test('what the executor says is the report, and the process it named is on the record meanwhile', async () => {
  const { rig, job } = await atWork(
    async ({ begun, runMs }) => {
      begun({ pid: 7, start: 's' });
      return { status: 'done', output: { runMs } };
    },
    { timeouts: { run_s: 5 } },
  );
  await job.done;
  expect(rig.node('a')).toMatchObject({ status: 'finished', output: { runMs: 5_000 } });
  const types = rig.documents.store.read(`run/${rig.run}`, 1).map(({ type }) => type);
  expect(types).toContain('node.spawned');
  expect(types.indexOf('node.spawned')).toBeLessThan(types.indexOf('node.finished'));
});

test.each<[string, Effect, boolean, object]>([
  ['not begun: given back untried', 'once', false, { status: 'retrying', attempt: 0 }],
  ['begun, and it may have taken effect: somebody decides', 'once', true, { status: 'needs_decision' }],
  ['begun, and it may be repeated', 'pure', true, { status: 'retrying' }],
])('a server that closes, %s', async (_what, effect, begins, expected) => {
  const { rig, job } = await atWork(
    (work) => {
      if (begins) work.begun();
      return untilAborted(work);
    },
    { effect },
  );
  await job.close();
  await job.done;
  expect(rig.node('a')).toMatchObject(expected);
});

test('a claim that is lost is not reported, and an executor that throws leaves its claim as it is', async () => {
  const lost = await atWork(untilAborted);
  lost.job.lose();
  await lost.job.done;
  expect(lost.rig.node('a')).toMatchObject({ status: 'claimed' });
  const thrown = await atWork(() => Promise.reject(new Error('broken')));
  await thrown.job.done;
  expect(thrown.rig.node('a')).toMatchObject({ status: 'claimed' });
});
