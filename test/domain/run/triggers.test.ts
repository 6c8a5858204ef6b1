// Triggers in runs: clean-up whatever happened, failures that are answered for, skips with their cause and their end.

import { expect, test } from 'vitest';
import { controlRun, type RunAction } from '../../../src/domain/run/control.ts';
import { nodeRows } from '../../../src/views/run/runs.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

const TERMINAL = { errorKind: 'terminal' } as const;

async function rigOf(...given: ConstructorParameters<typeof RunRig>): Promise<RunRig> {
  const rig = new RunRig(...given);
  await rig.start();
  return rig;
}

async function end(rig: RunRig, node: string, status: 'done' | 'failed' = 'done', more: object = {}) {
  return okOf(
    await rig.report(await rig.claimed({ node }), status, status === 'failed' ? { ...TERMINAL, ...more } : more),
  );
}

function control(rig: RunRig, action: RunAction, node?: string) {
  return rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action, node }));
}

function rows(rig: RunRig): Record<string, string> {
  const seen = nodeRows(rig.tree(), rig.clock.now);
  return Object.fromEntries(seen.map(({ node, status }) => [node, status]));
}

test('a report that must be written is, whatever became of its needs, and the run still fails', async () => {
  const rig = await rigOf([
    work('test'),
    work('deploy', ['test']),
    work('report', ['test', 'deploy'], { trigger: 'all_done' }),
  ]);
  const failed = await end(rig, 'test', 'failed', { summary: '3 tests failed', output: { failures: 3 } });
  expect(failed).toMatchObject({ status: 'failed', newly_ready: ['report'], run_status: 'running' });
  expect(rows(rig)).toEqual({ test: 'failed', deploy: 'dead', report: 'ready' });
  expect(failureOf(await rig.claim({ node: 'deploy' }))).toMatchObject({ code: 'node-not-ready' });
  const claim = await rig.claimed();
  expect(rig.brief('report')).toMatchObject({
    inputs: { test: { failures: 3 }, deploy: null },
    needs: { test: { status: 'failed', error: { message: '3 tests failed' } }, deploy: { status: 'dead' } },
  });
  expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ run_status: 'failed' });
});

test('a failure that a node handles neither halts the run nor fails it', async () => {
  const nodes = [
    work('try'),
    work('fall-back', ['try'], { trigger: 'any_failed', handles: true }),
    work('other'),
    work('after', ['other']),
  ];
  const rig = await rigOf(nodes);
  expect(await end(rig, 'try', 'failed')).toMatchObject({ run_status: 'running', newly_ready: ['fall-back'] });
  await end(rig, 'other');
  await end(rig, 'after');
  expect(rig.document().status).toBe('running');
  expect(await end(rig, 'fall-back')).toMatchObject({ run_status: 'finished' });

  const worse = await rigOf(nodes);
  await end(worse, 'try', 'failed');
  await end(worse, 'fall-back', 'failed');
  // Nothing answers for it any more: what has not begun does not begin.
  expect(worse.document().status).toBe('failed');
  expect(rows(worse)).toMatchObject({ other: 'dead', after: 'dead' });
});

test('what was only for a failure is skipped without one, and tells the cause', async () => {
  const rig = await rigOf([
    work('build'),
    work('undo', ['build'], { trigger: 'any_failed' }),
    work('tell', ['undo']),
    work('last', ['tell', 'build'], { trigger: 'none_failed' }),
  ]);
  expect(await end(rig, 'build')).toMatchObject({ newly_ready: ['last'] });
  expect(rig.node('undo')).toMatchObject({ status: 'skipped', why: 'upstream', cause: 'build' });
  expect(rig.node('tell')).toMatchObject({ status: 'skipped', why: 'upstream', cause: 'undo' });
  expect(rig.document().counters).toMatchObject({ skipped: 2 });
  const events = rig.documents.store.read(`run/${rig.run}`, 1).map(({ type }) => type);
  expect(events.filter((type) => type === 'nodes.skipped')).toHaveLength(1);
  expect(await end(rig, 'last')).toMatchObject({ run_status: 'finished' });
});

test('a node skipped by hand counts as good, and says so', async () => {
  const rig = await rigOf([work('a'), work('b', ['a']), work('c', ['a'], { trigger: 'any_failed' })]);
  expect(okOf(await control(rig, 'skip_node', 'a'))).toMatchObject({ newly_ready: ['b'] });
  expect(rig.node('a')).toMatchObject({ status: 'skipped', why: 'by_hand' });
  // The skip that followed is taken back with it.
  expect(rig.node('c')).toMatchObject({ why: 'upstream' });
  okOf(await control(rig, 'retry_node', 'a'));
  expect(rig.node('c')).toBeUndefined();
  expect(rig.document().counters).toMatchObject({ skipped: 0 });
  expect(await end(rig, 'a', 'failed')).toMatchObject({ newly_ready: ['c'] });
});

test('a halt makes what is to be tried again dead too, until it is lifted', async () => {
  const retry = { max_attempts: 3, backoff_s: 60 };
  const rig = await rigOf([work('a'), work('b', [], { retry }), work('end', ['b'], { trigger: 'all_done' })]);
  okOf(await rig.report(await rig.claimed({ node: 'b' }), 'failed'));
  expect(await end(rig, 'a', 'failed')).toMatchObject({ newly_ready: ['end'], run_status: 'running' });
  okOf(await control(rig, 'skip_node', 'a'));
  expect(rows(rig)).toMatchObject({ b: 'retrying', end: 'waiting' });
});

test('a clean-up that failed is tried again in a halted run', async () => {
  const rig = await rigOf([work('a'), work('clean', ['a'], { trigger: 'all_done' })]);
  await end(rig, 'a', 'failed');
  await end(rig, 'clean', 'failed');
  okOf(await control(rig, 'retry_node', 'clean'));
  expect(rig.document().status).toBe('running');
  expect(await end(rig, 'clean')).toMatchObject({ run_status: 'failed' });
});

test('a paused run skips nothing by itself; resume settles it', async () => {
  const rig = await rigOf([work('a'), work('b', ['a'], { trigger: 'any_failed' }), work('c', ['a'])]);
  const claim = await rig.claimed();
  okOf(await control(rig, 'pause'));
  expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ newly_ready: [], run_status: 'paused' });
  expect(rig.node('b')).toBeUndefined();
  okOf(await control(rig, 'resume'));
  expect(rig.node('b')).toMatchObject({ status: 'skipped' });
  expect(await end(rig, 'c')).toMatchObject({ run_status: 'finished' });
});

test('a run with decisions left is stuck, not failed, and its clean-up waits for them', async () => {
  const rig = await rigOf([
    work('a'),
    work('b', [], { effect: 'once' }),
    work('end', ['a', 'b'], { trigger: 'all_done' }),
  ]);
  const b = await rig.claimed({ node: 'b' });
  await end(rig, 'a', 'failed');
  okOf(await rig.report(b, 'interrupted'));
  expect(rig.document().status).toBe('stuck');
  const decided = { run: rig.run, action: 'decide', node: 'b', decision: 'failed' } as const;
  expect(okOf(await rig.do((tx, ctx) => controlRun(tx, ctx, decided)))).toMatchObject({ newly_ready: ['end'] });
});

test('n_of starts early, and takes no notice of what ends later', async () => {
  const rig = await rigOf([work('a'), work('b'), work('c'), work('two', ['a', 'b', 'c'], { trigger: 'n_of', n: 2 })], {
    on_failure: 'continue',
  });
  await end(rig, 'a');
  expect(await end(rig, 'b')).toMatchObject({ newly_ready: ['two'] });
  await end(rig, 'two');
  expect(await end(rig, 'c', 'failed')).toMatchObject({ run_status: 'failed' });
});
