// Gates: work that was reported done counts only once everything that judges it has passed.

import { expect, test } from 'vitest';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import type { GateSpec } from '../../../src/graph/graph.ts';
import type { Author } from '../../../src/store/commit.ts';
import { BY, failureOf, okOf, RunRig, work } from '../../run-rig.ts';

const TESTS = { id: 'tests', kind: 'command', command: ['npm', 'test'] };
const LINT = { id: 'lint', kind: 'command', command: ['npm', 'run', 'lint'] };
const REVIEW = { id: 'review', kind: 'review', ask: 'Is it right?' };
const COVERED = { id: 'covered', kind: 'threshold', when: '@.output.coverage >= 0.8' };

function other(name: string) {
  return { agent: `ses-one.${name}`, agentName: name };
}

async function begun(gates: object[], more: object = {}, graph: object = {}): Promise<RunRig> {
  const rig = new RunRig([work('build', [], { gates: gates as GateSpec[], ...more }), work('ship', ['build'])], graph);
  await rig.start();
  return rig;
}

async function done(rig: RunRig, output: object = { tag: 'v1' }) {
  return okOf(await rig.report(await rig.claimed({ node: 'build' }), 'done', { output: { ...output } }));
}

/** Reports for a program that a server ran. */
async function ran(rig: RunRig, node: string, exit_code: number | undefined, errorKind = 'retryable' as const) {
  const claim = await rig.claimed({ node, performer: 'server', agent: 'server.1', agentName: 'server-1' });
  const output = { ...(exit_code !== undefined && { exit_code }), stdout: '' };
  const status = exit_code === 0 ? 'done' : 'failed';
  return okOf(await rig.report(claim, status, { output, errorKind, summary: `exit code ${exit_code}` }));
}

async function reviewed(rig: RunRig, node: string, name: string, verdict: 'pass' | 'fail', findings?: string) {
  const claim = await rig.claimed({ node, ...other(name) });
  return okOf(await rig.report(claim, 'done', { output: { verdict, ...(findings !== undefined && { findings }) } }));
}

function control(rig: RunRig, input: Omit<ControlInput, 'run'>, by: Author = { ...BY, agent: 'boss' }) {
  return rig.documents.change((tx, ctx) => controlRun(tx, ctx, { run: rig.run, ...input }), { by });
}

function verdicts(rig: RunRig): string[] {
  return (rig.node('build')?.verdicts ?? []).map(({ gate, status, grade }) => `${gate} ${status} ${grade}`);
}

test('pure gates judge in the commit of the report, and all that failed is in the next brief', async () => {
  const shape = { id: 'shape', kind: 'schema', schema: { type: 'object', required: ['tag'] } };
  const rig = await begun([shape, COVERED]);
  expect(await done(rig, { coverage: 0.5 })).toMatchObject({ status: 'retrying', newly_ready: [] });
  expect(verdicts(rig)).toEqual(['shape failed server', 'covered failed server']);
  rig.clock.now += 2_000;
  const claim = await rig.claimed({ node: 'build' });
  expect(rig.brief('build')).toMatchObject({
    attempt: 2,
    last_error: { kind: 'gate', message: expect.stringContaining('covered: ') },
    findings: [{ gate: 'shape' }, { gate: 'covered', findings: '"@.output.coverage >= 0.8" does not hold' }],
  });
  const good = await rig.report(claim, 'done', { output: { tag: 'v1', coverage: 0.9 } });
  expect(okOf(good)).toMatchObject({ status: 'finished', newly_ready: ['ship'] });
  expect(rig.node('build')?.findings).toBeUndefined();
});

test('a node with gates has three tries, unless its retry says otherwise', async () => {
  const rig = await begun([COVERED]);
  for (const expected of ['retrying', 'retrying', 'failed']) {
    expect(await done(rig, { coverage: 0, n: expected })).toMatchObject({ status: expected });
    rig.clock.now += 60_000;
  }
  const once = await begun([COVERED], { retry: { max_attempts: 1 } });
  expect(await done(once, {})).toMatchObject({ status: 'failed', run_status: 'failed' });
});

test('stages follow each other, and what needs the node starts after the last', async () => {
  const approval = { id: 'ok', kind: 'approval', ask: 'Ship it?', who: ['person'] };
  const rig = await begun([approval, REVIEW, TESTS]);
  expect(await done(rig)).toMatchObject({ status: 'gating', newly_ready: ['build!tests'], run_status: 'running' });
  expect(failureOf(await rig.claim({ node: 'build!review@1', ...other('rev') })).code).toBe('unknown-node');
  expect(await ran(rig, 'build!tests', 0)).toMatchObject({ newly_ready: ['build!review@1'] });
  expect(await reviewed(rig, 'build!review@1', 'rev', 'pass')).toMatchObject({ newly_ready: [] });
  expect(rig.node('build!ok')?.status).toBe('awaiting');
  const question = rig.node('build!ok')?.question?.id;
  const person: Author = { user: 'kim', tool: 'test', grade: 'person' };
  okOf(await control(rig, { action: 'answer', question, option: 'approve' }, person));
  expect(rig.node('build')).toMatchObject({ status: 'finished', output: { tag: 'v1' } });
  expect(verdicts(rig)).toEqual(['tests passed server', 'review passed claimed', 'ok passed person']);
  expect(await rig.claimed({ node: 'ship' })).toContain('ship');
});

test('a stage is finished before the try fails, and the next try is judged anew with fences above', async () => {
  const rig = await begun([TESTS, LINT, REVIEW]);
  await done(rig);
  await ran(rig, 'build!tests', 1);
  expect(rig.node('build')?.status).toBe('gating');
  await ran(rig, 'build!lint', 2);
  expect(rig.node('build')).toMatchObject({
    status: 'retrying',
    findings: [
      { gate: 'tests', findings: 'exit code 1' },
      { gate: 'lint', findings: 'exit code 2' },
    ],
  });
  rig.clock.now += 2_000;
  await done(rig);
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build!tests')).toMatchObject({ status: 'finished', fence: 2 });
});

test('an exit code that is expected passes, whatever it is', async () => {
  const rig = await begun([{ ...TESTS, expect_exit: 3 }]);
  await done(rig);
  await ran(rig, 'build!tests', 3);
  expect(rig.node('build')).toMatchObject({ status: 'finished', verdicts: [{ exit_code: 3, attempt: 1, fence: 1 }] });
});

test('an error is no verdict: tried again by the policy of the gate, then somebody decides', async () => {
  const rig = await begun([{ ...TESTS, retry: { max_attempts: 2 } }]);
  await done(rig);
  await ran(rig, 'build!tests', undefined);
  expect(rig.node('build!tests')?.status).toBe('retrying');
  rig.clock.now += 2_000;
  expect(await ran(rig, 'build!tests', undefined)).toMatchObject({ status: 'needs_decision', run_status: 'stuck' });
  expect(rig.node('build')).toMatchObject({ status: 'gating', attempt: 1 });
  expect(verdicts(rig)).toEqual(['tests error server']);
  const refused = await control(rig, { action: 'decide', node: 'build!tests', decision: 'done' });
  expect(failureOf(refused).code).toBe('not-allowed');
  okOf(await control(rig, { action: 'decide', node: 'build!tests', decision: 'retry' }));
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build')?.status).toBe('finished');
});

test('no author of any try reviews, nor one agent twice, nor the same session where the gate says so', async () => {
  const rig = await begun([{ ...REVIEW, reviewers: 2 }]);
  okOf(await rig.report(await rig.claimed({ node: 'build', ...other('first') }), 'failed', { summary: 'no' }));
  rig.clock.now += 2_000;
  await done(rig);
  for (const name of ['first', 'main'])
    expect(failureOf(await rig.claim({ node: 'build!review@1', ...other(name) }))).toMatchObject({
      why: 'it reviews what this agent did',
    });
  await reviewed(rig, 'build!review@1', 'rev', 'pass');
  expect(failureOf(await rig.claim({ node: 'build!review@2', ...other('rev') }))).toMatchObject({
    why: 'this agent reviews it already',
  });
  const far = await begun([{ ...REVIEW, reviewer: 'session' }]);
  await done(far);
  expect((await far.claim({ node: 'build!review@1', ...other('rev') })).ok).toBe(false);
  const next = { node: 'build!review@1', agent: 'ses-two.main', session: 'ses-two' };
  expect(await far.claimed(next)).toContain('review@1');
});

test('a reviewer is given the work and has to bring a verdict', async () => {
  const rig = await begun([REVIEW]);
  await done(rig);
  const claim = await rig.claimed({ node: 'build!review@1', ...other('rev') });
  expect(rig.brief('build!review@1')).toMatchObject({
    goal: 'Is it right?',
    work: { node: 'build', goal: 'do build', output: { tag: 'v1' } },
  });
  expect(failureOf(await rig.report(claim, 'done', { output: 'fine' })).code).toBe('invalid-input');
  expect(okOf(await rig.report(claim, 'done', { output: { verdict: 'pass' } })).status).toBe('finished');
});

test('k of n pass; out of reach they fail, and the rest is withdrawn', async () => {
  const rig = await begun([{ ...REVIEW, reviewers: 3, k: 2 }]);
  await done(rig);
  await reviewed(rig, 'build!review@1', 'a', 'pass');
  await reviewed(rig, 'build!review@2', 'b', 'pass');
  expect(rig.node('build')?.status).toBe('finished');
  expect(rig.node('build!review@3')?.status).toBe('cancelled');
  const bad = await begun([{ ...REVIEW, reviewers: 3, k: 2 }]);
  await done(bad);
  const late = await bad.claimed({ node: 'build!review@3', ...other('c') });
  await reviewed(bad, 'build!review@1', 'a', 'fail', 'a race');
  await reviewed(bad, 'build!review@2', 'b', 'fail', 'a leak');
  expect(bad.node('build')).toMatchObject({ status: 'retrying', findings: [{ gate: 'review' }] });
  expect(bad.node('build')?.findings?.[0]?.findings).toContain('a race');
  expect(okOf(await bad.report(late, 'done', { output: { verdict: 'pass' } }))).toMatchObject({ status: 'late' });
});

test('a waivable gate is waived with a reason, by others than the authors, graded by who did', async () => {
  const rig = await begun([{ ...TESTS, waivable: true }, LINT], { retry: { max_attempts: 1 } });
  await done(rig);
  await ran(rig, 'build!lint', 0);
  await ran(rig, 'build!tests', 1);
  expect(rig.node('build')?.status).toBe('failed');
  const wave = { action: 'waive' as const, node: 'build!tests', reason: 'known to be flaky' };
  expect(failureOf(await control(rig, { ...wave, node: 'build!lint' })).code).toBe('not-allowed');
  expect(failureOf(await control(rig, { action: 'waive', node: 'build!tests' })).code).toBe('invalid-input');
  expect(failureOf(await control(rig, wave, BY)).code).toBe('not-allowed');
  okOf(await control(rig, wave, { user: 'kim', tool: 'test', grade: 'person' }));
  expect(rig.node('build')?.status).toBe('finished');
  expect(rig.node('build')?.verdicts).toContainEqual(
    expect.objectContaining({ gate: 'tests', status: 'waived', grade: 'person', by: 'kim', findings: wave.reason }),
  );
  expect(rig.document().status).toBe('running');
});

test('a failed gate is tried again inside the failed node', async () => {
  const rig = await begun([TESTS], { retry: { max_attempts: 1 } });
  await done(rig);
  await ran(rig, 'build!tests', 1);
  okOf(await control(rig, { action: 'retry_node', node: 'build!tests' }));
  expect(rig.node('build')?.status).toBe('gating');
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build')?.status).toBe('finished');
});

test('a decision and work that comes late pass through the gates like a report', async () => {
  const rig = await begun([COVERED], { effect: 'once' });
  const claim = await rig.claimed({ node: 'build' });
  rig.clock.now += 3_600_000;
  okOf(await rig.claim({ ...other('x') }));
  expect(rig.node('build')?.status).toBe('needs_decision');
  const said = { action: 'decide' as const, node: 'build', decision: 'done' as const, output: { coverage: 0.1 } };
  okOf(await control(rig, said));
  expect(rig.node('build')).toMatchObject({ status: 'retrying', error: { kind: 'gate' } });
  expect(okOf(await rig.report(claim, 'done', { output: { coverage: 0.2 } })).status).not.toBe('finished');
  expect(okOf(await rig.report(claim, 'done', { output: { coverage: 0.9 } })).status).toBe('finished');
});

test('what was reported is judged in a halted run too', async () => {
  const nodes = [work('build', [], { gates: [TESTS] as GateSpec[] }), work('bad')];
  const rig = new RunRig(nodes);
  await rig.start();
  await done(rig);
  okOf(await rig.report(await rig.claimed({ node: 'bad' }), 'failed', { errorKind: 'terminal' }));
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build')?.status).toBe('finished');
  expect(rig.document().status).toBe('failed');
});

test('an iteration ends once its gates have passed, and the next is judged anew', async () => {
  const rig = await begun([TESTS], { repeat: { until: '@.output.open == 0', max: 5 } });
  await done(rig, { open: 1 });
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build')).toMatchObject({ status: 'retrying', iteration: 2 });
  await done(rig, { open: 0 });
  await ran(rig, 'build!tests', 0);
  expect(rig.node('build')?.status).toBe('finished');
});

test('items of a map have the gates, each of its own', async () => {
  const map = { over: ['x', 'y'] };
  const rig = await begun([TESTS], { map });
  okOf(await rig.report(await rig.claimed({ node: 'build@x' }), 'done'));
  expect(rig.node('build@x')?.status).toBe('gating');
  await ran(rig, 'build@x!tests', 0);
  okOf(await rig.report(await rig.claimed({ node: 'build@y' }), 'done'));
  await ran(rig, 'build@y!tests', 0);
  expect(rig.node('build')?.status).toBe('finished');
});

test('a reviewer that fails is an error: never a failed try, and somebody decides', async () => {
  const rig = await begun([REVIEW]);
  await done(rig);
  const claim = await rig.claimed({ node: 'build!review@1', ...other('rev') });
  const failed = okOf(await rig.report(claim, 'failed', { errorKind: 'terminal', summary: 'no access' }));
  expect(failed).toMatchObject({ status: 'needs_decision', run_status: 'stuck' });
  expect(verdicts(rig)).toEqual(['review error claimed']);
  okOf(await control(rig, { action: 'decide', node: 'build!review@1', decision: 'failed', reason: 'too big' }));
  expect(rig.node('build')).toMatchObject({ status: 'retrying', findings: [{ gate: 'review', findings: 'too big' }] });
});

test('an author does not answer for the work, and a rejection sends it back', async () => {
  const rig = await begun([{ id: 'ok', kind: 'approval', ask: 'Ship it?' }]);
  await done(rig);
  const question = rig.node('build!ok')?.question?.id;
  const answer = { action: 'answer' as const, question, option: 'reject' };
  expect(failureOf(await control(rig, answer, BY))).toMatchObject({ code: 'not-allowed', why: 'you did the work' });
  okOf(await control(rig, answer));
  expect(rig.node('build')).toMatchObject({ status: 'retrying', error: { kind: 'gate' } });
});

test('gates of an earlier try are not taken up again once a later one has failed otherwise', async () => {
  const rig = await begun([{ ...TESTS, waivable: true }]);
  await done(rig);
  await ran(rig, 'build!tests', 1);
  rig.clock.now += 2_000;
  okOf(await rig.report(await rig.claimed({ node: 'build' }), 'failed', { errorKind: 'terminal' }));
  const wave = await control(rig, { action: 'waive', node: 'build!tests', reason: 'flaky' });
  expect(failureOf(wave).code).toBe('illegal-transition');
  expect(rig.node('build')?.status).toBe('failed');
});

test('skipping a node closes its gates', async () => {
  const rig = await begun([REVIEW]);
  await done(rig);
  const claim = await rig.claimed({ node: 'build!review@1', ...other('rev') });
  okOf(await control(rig, { action: 'skip_node', node: 'build', reason: 'not needed' }));
  expect(rig.node('build!review@1')?.status).toBe('cancelled');
  expect(okOf(await rig.report(claim, 'done', { output: { verdict: 'pass' } })).status).toBe('late');
  expect(rig.node('build')?.status).toBe('skipped');
});
