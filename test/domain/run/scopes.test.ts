// Scopes inside a run: sub-graphs, maps, waits and approvals, as one scheduler drives them.

import { expect, test } from 'vitest';
import type { Decide } from '../../../src/domain/command.ts';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import { type StartRunAnswer, saveGraph, startRun } from '../../../src/domain/run/start.ts';
import type { AnyNode } from '../../../src/graph/kinds/index.ts';
import { nodeRows } from '../../../src/views/run/runs.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

const TERMINAL = { errorKind: 'terminal', summary: 'no' } as const;

function control(rig: RunRig, input: Omit<ControlInput, 'run'>) {
  return rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, ...input }));
}

function rows(rig: RunRig): Record<string, string> {
  return Object.fromEntries(nodeRows(rig.tree(), rig.clock.now).map(({ node, status }) => [node, status]));
}

async function end(rig: RunRig, node: string, more: object | undefined = undefined) {
  const claim = await rig.claimed({ node });
  return okOf(await rig.report(claim, more === undefined || !('errorKind' in more) ? 'done' : 'failed', more ?? {}));
}

async function begun(nodes: AnyNode[], inner: Record<string, AnyNode[]> = {}, more: object = {}): Promise<RunRig> {
  const rig = new RunRig(nodes, more);
  for (const [name, of] of Object.entries(inner)) {
    const { hash } = rig.graphs.put({ name, nodes: of });
    okOf(await rig.do((tx, ctx) => saveGraph(tx, ctx, { name, hash })));
  }
  await rig.start();
  return rig;
}

function startOf(rig: RunRig): Decide<StartRunAnswer> {
  const base = { project: 'prj', workspace: 'wsp', session: 'ses-one', inputs: {} };
  return (tx, ctx) => startRun(tx, ctx, { graph: rig.graph.hash, ...base });
}

const deploy: AnyNode = { id: 'deploy', kind: 'graph', graph: 'release', needs: ['build'] };

test('a sub-graph runs inside, under the id of its node, and its output is that of its last nodes', async () => {
  const inner = { release: [work('pack'), work('push', ['pack'])] };
  const rig = await begun([work('build'), deploy, work('tell', ['deploy'])], inner);
  await end(rig, 'build');
  expect(rows(rig)).toEqual({
    build: 'finished',
    deploy: 'open',
    'deploy/pack': 'ready',
    'deploy/push': 'waiting',
    tell: 'waiting',
  });
  await end(rig, 'deploy/pack');
  expect(await end(rig, 'deploy/push', { output: { tag: 'v1' } })).toMatchObject({ newly_ready: ['tell'] });
  expect(rig.node('deploy')).toMatchObject({ status: 'finished', summary: '2 of 2 nodes finished' });
  expect(rig.brief('tell')).toMatchObject({ inputs: { deploy: { push: { tag: 'v1' } } } });
  expect(await end(rig, 'tell')).toMatchObject({ run_status: 'finished' });
});

test('a sub-graph sees the inputs that its node gives it, and nothing else', async () => {
  const given: AnyNode = { ...deploy, inputs: { tag: { $from: '$.needs.build.output.tag' }, fast: true } } as AnyNode;
  const rig = await begun([work('build'), given], { release: [work('push')] });
  await end(rig, 'build', { output: { tag: 'v2' } });
  expect(rig.brief('deploy/push')).toMatchObject({ run_inputs: { tag: 'v2', fast: true } });
});

test('a failure inside fails the node, says which, and is tried again inside', async () => {
  const inner = { release: [work('pack'), work('push', ['pack'])] };
  const rig = await begun([work('build'), deploy, work('tell', ['deploy'])], inner);
  await end(rig, 'build');
  expect(await end(rig, 'deploy/pack', TERMINAL)).toMatchObject({ run_status: 'failed' });
  expect(rig.node('deploy')).toMatchObject({ status: 'failed', error: { kind: 'inside', message: 'pack failed: no' } });
  okOf(await control(rig, { action: 'retry_node', node: 'deploy/pack' }));
  expect(rows(rig)).toMatchObject({ deploy: 'open', 'deploy/pack': 'retrying', tell: 'waiting' });
  await end(rig, 'deploy/pack', TERMINAL);
  okOf(await control(rig, { action: 'retry_node', node: 'deploy' }));
  await end(rig, 'deploy/pack');
  await end(rig, 'deploy/push');
  expect(await end(rig, 'tell')).toMatchObject({ run_status: 'finished' });
  const refused = failureOf(await control(rig, { action: 'retry_node', node: 'deploy/push' }));
  expect(refused).toMatchObject({ code: 'illegal-transition' });
});

test('a failure that is caught inside does not fail the node; one above halts what waits inside', async () => {
  const inner = [work('try'), work('else', ['try'], { trigger: 'any_failed', handles: true }), work('x', ['else'])];
  const rig = await begun([work('build'), deploy, work('side')], { release: inner });
  await end(rig, 'build');
  await end(rig, 'deploy/try', TERMINAL);
  expect(rows(rig)).toMatchObject({ deploy: 'open', 'deploy/else': 'ready' });
  const held = await rig.claimed({ node: 'deploy/else' });
  await end(rig, 'side', TERMINAL);
  expect(rows(rig)).toMatchObject({ deploy: 'open', 'deploy/else': 'claimed', 'deploy/x': 'dead' });
  okOf(await rig.report(held, 'done'));
  expect(rig.document().status).toBe('failed');
  expect(rig.node('deploy')).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('halted with the run') },
  });
});

test('cancelling reaches every depth, and skipping an open node closes what is below', async () => {
  const rig = await begun([work('build'), deploy, work('tell', ['deploy'])], { release: [work('pack')] });
  await end(rig, 'build');
  const claim = await rig.claimed({ node: 'deploy/pack' });
  okOf(await control(rig, { action: 'skip_node', node: 'deploy', reason: 'not today' }));
  expect(rows(rig)).toMatchObject({ deploy: 'skipped', 'deploy/pack': 'cancelled', tell: 'ready' });
  expect(okOf(await rig.report(claim, 'progress'))).toMatchObject({ cancel_requested: true });
  okOf(await control(rig, { action: 'cancel' }));
  expect(rig.document().status).toBe('cancelled');
});

test('a graph that would run inside itself is refused, and so is one that is nowhere', async () => {
  const rig = new RunRig([{ id: 'a', kind: 'graph', graph: 'loop' }]);
  expect(failureOf(await rig.do(startOf(rig)))).toMatchObject({ code: 'unknown-graph' });
  const { hash } = rig.graphs.put({ name: 'loop', nodes: [{ id: 'b', kind: 'graph', graph: 'loop' }] });
  okOf(await rig.do((tx, ctx) => saveGraph(tx, ctx, { name: 'loop', hash })));
  const failure = failureOf(await rig.do(startOf(rig)));
  expect(failure).toMatchObject({ code: 'not-allowed', why: expect.stringContaining('inside itself') });
});

test('a map makes an item of each element, and its results are in the order of the list', async () => {
  const map = { over: '$.needs.list.output.files', partial: 'collect' };
  const rig = await begun([work('list'), work('test', ['list'], { map }), work('sum', ['test'])]);
  await end(rig, 'list', { output: { files: ['a.ts', 'b.ts', 'c d'] } });
  const [, , , third = ''] = Object.keys(rows(rig)).filter((id) => id.startsWith('test'));
  expect(third).toMatch(/^test@c-d\.[0-9a-f]{8}$/);
  expect(rig.brief('test@a.ts')).toMatchObject({
    key: 'a.ts',
    item: 'a.ts',
    inputs: { list: { files: ['a.ts', 'b.ts', 'c d'] } },
  });
  await end(rig, third, { output: 3 });
  await end(rig, 'test@b.ts', TERMINAL);
  await end(rig, 'test@a.ts', { output: 1 });
  expect(rig.node('test')).toMatchObject({ status: 'finished', summary: '2 of 3 items finished' });
  expect(rig.brief('sum')).toMatchObject({
    inputs: {
      test: [
        { key: 'a.ts', status: 'finished', output: 1 },
        { key: 'b.ts', status: 'failed' },
        { key: third.slice(5), status: 'finished', output: 3 },
      ],
    },
  });
  expect(await end(rig, 'sum')).toMatchObject({ run_status: 'finished' });
});

test.each([
  ['all', 'failed', ['c']],
  ['collect', 'finished', []],
  [{ at_least: 2 }, 'finished', []],
  [{ at_least: 3 }, 'failed', ['c']],
] as const)('a map that asks for %j of three items, one of which fails, is %s', async (partial, status, dead) => {
  const rig = await begun([work('m', [], { map: { over: ['a', 'b', 'c'], partial } })], {}, { on_failure: 'continue' });
  await end(rig, 'm@a');
  await end(rig, 'm@b', TERMINAL);
  for (const id of dead)
    expect(failureOf(await rig.claim({ node: `m@${id}` }))).toMatchObject({ code: 'node-not-ready' });
  if (dead.length === 0) await end(rig, 'm@c');
  expect(rig.node('m')).toMatchObject({ status });
  expect(rig.document().status).toBe(status);
});

test('the first success of a map fences the others in the same commit', async () => {
  const rig = await begun([work('m', [], { map: { over: ['a', 'b'], partial: 'first_success' } }), work('n', ['m'])]);
  const loser = await rig.claimed({ node: 'm@b' });
  await end(rig, 'm@a', { output: 'won' });
  expect(rows(rig)).toMatchObject({ m: 'finished', 'm@b': 'cancelled', n: 'ready' });
  expect(okOf(await rig.report(loser, 'done'))).toMatchObject({ status: 'late', cancel_requested: true });
});

test('an empty list finishes its map, and what is no list fails it by name', async () => {
  const map = { over: '$.inputs.none' };
  const rig = await begun(
    [work('m', [], { map: { over: [] } }), work('k', [], { map })],
    {},
    { on_failure: 'continue' },
  );
  expect(rig.node('m')).toMatchObject({ status: 'finished' });
  expect(rig.node('k')).toMatchObject({ status: 'failed', error: { kind: 'over' } });
});

test('a map limits its items at work, of agents and of sub-graphs alike', async () => {
  const limited = work('m', [], { map: { over: ['a', 'b', 'c'], max_parallel: 1 } });
  const graphs = { id: 'g', kind: 'graph', graph: 'inner', map: { over: ['x', 'y'], max_parallel: 1 } } as AnyNode;
  const rig = await begun([limited, graphs], { inner: [work('one')] });
  expect(rows(rig)).toMatchObject({ 'g@x': 'open', 'g@x/one': 'ready', 'g@y': 'waiting' });
  await rig.claimed({ node: 'm@a' });
  expect(failureOf(await rig.claim({ node: 'm@b', agent: 'ses-two.x' }))).toMatchObject({ code: 'node-not-ready' });
  await end(rig, 'g@x/one');
  expect(rows(rig)).toMatchObject({ 'g@x': 'finished', 'g@y/one': 'ready' });
});

test('a wait ends by its time, and a signal ends all waits of its name or is kept for the next', async () => {
  const nodes: AnyNode[] = [
    { id: 'cool', kind: 'wait', for_s: 60 },
    { id: 'go', kind: 'wait', signal: 'go' },
    { id: 'again', kind: 'wait', signal: 'go', needs: ['cool'] },
    work('end', ['again', 'go']),
  ];
  const rig = await begun(nodes);
  expect(rows(rig)).toMatchObject({ cool: 'awaiting', go: 'awaiting', again: 'waiting' });
  okOf(await control(rig, { action: 'signal', signal: 'go', output: { by: 'ci' } }));
  expect(rig.node('go')).toMatchObject({ status: 'finished', output: { by: 'ci' } });
  expect(okOf(await control(rig, { action: 'signal', signal: 'go', output: 2 }))).toMatchObject({
    note: expect.stringContaining('next wait'),
  });
  rig.clock.now += 59_000;
  expect(okOf(await rig.claim())).toMatchObject({ kind: 'none', until: expect.any(Number) });
  rig.clock.now += 1_000;
  expect(okOf(await rig.claim())).toMatchObject({ kind: 'claimed', node: 'end' });
  expect(rig.node('again')).toMatchObject({ status: 'finished', output: 2 });
  expect(rig.document().signals).toEqual({});
});

test('an approval is answered by its question, by somebody else than the author, and once', async () => {
  const ask: AnyNode = { id: 'ok', kind: 'approval', ask: 'Ship it?', needs: ['build'] };
  const rig = await begun([work('build'), ask, work('ship', ['ok'])]);
  await end(rig, 'build', { output: 1 });
  const question = rig.node('ok')?.question?.id ?? '';
  expect(failureOf(await control(rig, { action: 'answer', question, option: 'approve' }))).toMatchObject({
    code: 'not-allowed',
    why: expect.stringContaining('you did build'),
  });
  expect(failureOf(await control(rig, { action: 'answer', question, option: 'maybe' }))).toMatchObject({
    code: 'invalid-input',
  });
  const other = (option: string) =>
    rig.documents.change((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action: 'answer', question, option }), {
      by: { user: 'test', session: 'ses-two', tool: 'test' },
    });
  const answered = await other('approve');
  expect(answered.ok && answered.value.value).toMatchObject({ node_status: 'finished', newly_ready: ['ship'] });
  expect(failureOf(await other('reject'))).toMatchObject({ code: 'not-allowed', why: 'ok is finished' });
  expect(rig.node('ok')).toMatchObject({ output: { option: 'approve', by: 'ses-two.main' } });
});

test('a node is done again with its last output until its condition holds, by claims above those before', async () => {
  const rig = await begun([work('fix', [], { repeat: { until: '@.output.open == 0', max: 5 } }), work('end', ['fix'])]);
  const first = await rig.claimed({ node: 'fix' });
  expect(okOf(await rig.report(first, 'done', { output: { open: 2 } }))).toMatchObject({ status: 'retrying' });
  expect(rig.brief('fix')).toMatchObject({ iteration: 2, last_output: { open: 2 } });
  const second = await rig.claimed({ node: 'fix' });
  expect(rig.brief('fix')).toMatchObject({ iteration: 2, last_output: { open: 2 }, attempt: 1 });
  expect(okOf(await rig.report(second, 'failed'))).toMatchObject({ status: 'failed' });
  okOf(await control(rig, { action: 'retry_node', node: 'fix' }));
  expect(await end(rig, 'fix', { output: { open: 0 } })).toMatchObject({ newly_ready: ['end'] });
  expect(rig.node('fix')).toMatchObject({ status: 'finished', iteration: 2, fence: 3 });
});

test('a node that does not get there fails by name, and one that brings the same thrice sooner', async () => {
  const repeat = { until: '@.output == 9', max: 4 };
  const rig = await begun([work('a', [], { repeat }), work('b', [], { repeat })], {}, { on_failure: 'continue' });
  for (const output of [1, 2, 3, 4]) await end(rig, 'a', { output });
  for (const output of [1, 5, 5, 5].slice(0, 4))
    if (rig.node('b')?.status !== 'failed') await end(rig, 'b', { output });
  expect(rig.node('a')).toMatchObject({ status: 'failed', error: { kind: 'not_converged' } });
  expect(rig.node('b')).toMatchObject({ status: 'failed', error: { kind: 'no_progress' } });
});

test('the items of a map are done again, each by itself, and the map once', async () => {
  const map = { over: ['x', 'y'] };
  const rig = await begun([work('m', [], { map, repeat: { until: '@.output == 2', max: 3 } })]);
  await end(rig, 'm@x', { output: 2 });
  await end(rig, 'm@y', { output: 1 });
  expect(rows(rig)).toMatchObject({ m: 'open', 'm@x': 'finished', 'm@y': 'ready' });
  expect(await end(rig, 'm@y', { output: 2 })).toMatchObject({ run_status: 'finished' });
});

test('a hundred iterations are not a hundred lost claims', async () => {
  const rig = await begun([work('a', [], { repeat: { until: '@.iteration == 40', max: 100 } })]);
  for (let i = 1; i <= 40; i++) await end(rig, 'a', { output: i });
  expect(rig.node('a')).toMatchObject({ status: 'finished', iteration: 40 });
});

test('a sub-graph that is done again begins anew, and claims inside go on above those before', async () => {
  const node = { ...deploy, needs: [], repeat: { until: '@.output.push == 2', max: 3, delay_s: 60 } } as AnyNode;
  const rig = await begun([node], { release: [work('push')] });
  const old = await rig.claimed({ node: 'deploy/push' });
  okOf(await rig.report(old, 'done', { output: 1 }));
  expect(rows(rig)).toEqual({ deploy: 'retrying' });
  rig.clock.now += 60_000;
  const claim = await rig.claimed();
  expect(rig.node('deploy/push')).toMatchObject({ fence: 2, attempt: 1 });
  expect(okOf(await rig.report(old, 'done', { output: 7 }))).toMatchObject({ status: 'late' });
  expect(okOf(await rig.report(claim, 'done', { output: 2 }))).toMatchObject({ run_status: 'finished' });
});

test('a rejection runs the named nodes and what follows them again, and asks anew', async () => {
  const ask: AnyNode = { id: 'ok', kind: 'approval', ask: 'Good?', needs: ['check'], on_reject: ['check'] };
  const nodes = [work('write'), work('check', ['write']), ask, work('ship', ['ok'])];
  nodes[2] = { ...ask, on_reject: ['check'] } as AnyNode;
  const rig = await begun(nodes);
  await end(rig, 'write');
  await end(rig, 'check', { output: 1 });
  const first = rig.node('ok')?.question?.id ?? '';
  const answer = (question: string, option: string) =>
    rig.documents.change((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action: 'answer', question, option }), {
      by: { user: 'p', tool: 'test', grade: 'person' },
    });
  expect((await answer(first, 'reject')).ok).toBe(true);
  expect(rows(rig)).toMatchObject({ write: 'finished', check: 'ready', ok: 'waiting', ship: 'waiting' });
  await end(rig, 'check', { output: 2 });
  const second = rig.node('ok')?.question?.id ?? '';
  expect(second).not.toBe(first);
  expect((await answer(first, 'approve')).ok).toBe(false);
  expect((await answer(second, 'approve')).ok).toBe(true);
  expect(await end(rig, 'ship')).toMatchObject({ run_status: 'finished' });
  expect(rig.node('ok')).toMatchObject({ output: { option: 'approve', by: 'p' } });
});

test('conditions are asked once, of what the node needs, and asked anew after a retry', async () => {
  const when = '@.needs.test.output.passed == true && @.inputs.ship != false';
  const rig = await begun([work('test'), work('ship', ['test'], { when }), work('note', ['ship'])]);
  await end(rig, 'test', { output: { passed: false } });
  expect(rows(rig)).toEqual({ test: 'finished', ship: 'skipped', note: 'skipped' });
  expect(rig.document().status).toBe('finished');
  expect(rig.node('ship')).toMatchObject({ why: 'condition', summary: expect.stringContaining('did not hold') });
  expect(rig.node('note')).toMatchObject({ why: 'upstream', cause: 'ship' });
});

test('what has waited long goes before what is more urgent and came later, in every scope', async () => {
  const inner = { release: [work('late', [], { priority: 1 }), work('later', ['late'], { priority: 1 })] };
  const rig = await begun([work('low', [], { priority: 4 }), work('build', [], { priority: 1 }), deploy], inner);
  const build = await rig.claimed();
  rig.clock.now += 25 * 60_000;
  okOf(await rig.report(build, 'done'));
  // Ready after 25 minutes: priority 1 counts as 3, and still goes before 4.
  const late = okOf(await rig.claim({ agent: 'b' }));
  expect(late).toMatchObject({ node: 'deploy/late' });
  rig.clock.now += 10 * 60_000;
  okOf(await rig.report(late.kind === 'claimed' ? late.claim : '', 'done'));
  expect(okOf(await rig.claim({ agent: 'c' }))).toMatchObject({ node: 'low' });
});

test('an approval that asks anyone may be answered by anyone', async () => {
  const ask: AnyNode = { id: 'ok', kind: 'approval', ask: 'Good?', who: ['anyone'], needs: ['build'] };
  const rig = await begun([work('build'), ask]);
  const claim = await rig.claimed({ session: 'ses-two', agent: 'ses-two.main' });
  okOf(await rig.report(claim, 'done'));
  const question = rig.node('ok')?.question?.id;
  okOf(await control(rig, { action: 'answer', question, option: 'approve' }));
  expect(rig.document().status).toBe('finished');
});

test('an approval is skipped where what it asks about was, whatever its trigger', async () => {
  const nodes: AnyNode[] = [
    work('build'),
    work('test', ['build'], { when: '@.needs.build.output.test == true' }),
    { id: 'ok', kind: 'approval', ask: 'Ship it?', needs: ['build', 'test'], trigger: 'none_failed' },
    work('ship', ['ok']),
  ];
  const rig = await begun(nodes);
  await end(rig, 'build', { output: { test: false } });
  expect(rows(rig)).toEqual({ build: 'finished', test: 'skipped', ok: 'skipped', ship: 'skipped' });
  expect(rig.node('ok')).toMatchObject({ why: 'upstream', cause: 'test' });
});

test('what a halt cancelled is awaited anew once the halt is lifted', async () => {
  const rig = await begun([work('a'), { id: 'ok', kind: 'approval', ask: 'Go?' }, work('b', ['ok'])]);
  const first = rig.node('ok')?.question?.id;
  await end(rig, 'a', TERMINAL);
  expect(rows(rig)).toMatchObject({ ok: 'cancelled', b: 'dead' });
  okOf(await control(rig, { action: 'skip_node', node: 'a' }));
  expect(rows(rig)).toMatchObject({ ok: 'awaiting', b: 'waiting' });
  expect(rig.node('ok')?.question?.id).not.toBe(first);
  expect(rig.document().status).toBe('running');
});

test('an empty list finishes its map, whatever it asks for', async () => {
  const rig = await begun([work('m', [], { map: { over: [], partial: { at_least: 2 } } })]);
  expect(rig.document().status).toBe('finished');
});
