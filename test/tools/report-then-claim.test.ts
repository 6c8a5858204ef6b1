// run_report {then: "claim"}: the report and the next claim in one call, once however often it is repeated.

import { beforeEach, expect, test } from 'vitest';
import { type Answer, TeamRig, type Window } from '../team-rig.ts';

let rig: TeamRig;
let window: Window;

beforeEach(async () => {
  rig = new TeamRig();
  window = await rig.window('one');
});

const agent = (id: string, needs: string[] = [], more: object = {}) => ({
  id,
  kind: 'agent',
  task: `Do ${id}.`,
  needs,
  ...more,
});

async function begin(nodes: object[]): Promise<string> {
  const { hash } = await window.call('graph_check', { nodes });
  return String((await window.call('run_start', { graph: hash }))['run']);
}

/** A report with `then`: spelt out, it would make a test's object look like a promise. */
const onward = (report: object): object => ({ ...report, ['then' as string]: 'claim' });
const next = (answer: Answer): Answer => answer['next'] as Answer;

async function claims(run: string): Promise<Answer> {
  return (await window.call('run_status', { run }))['counts'] as Answer;
}

test('one call ends a node and gives the one that it made ready, as run_claim would', async () => {
  const run = await begin([agent('a'), agent('b', ['a'], { priority: 1 }), agent('c')]);
  const { claim } = await window.call('run_claim', { run, node: 'a' });
  const report = onward({ claim, status: 'done', output: { n: 1 } });
  const answer = await window.call('run_report', report);
  expect(answer).toMatchObject({ node: 'a', status: 'finished', newly_ready: ['b'] });
  expect(next(answer)).toMatchObject({ run, node: 'b', goal: 'Do b.', inputs: { a: { n: 1 } }, attempt: 1 });
  expect(next(answer)['lease_ends']).toEqual(expect.any(String));
  expect(await window.call('run_claim', { run })).toMatchObject({ claim: next(answer)['claim'] });
  // The answer was lost: the repeat reports nothing anew, and gives the claim that is held.
  const again = await window.call('run_report', report);
  expect(next(again)['claim']).toBe(next(answer)['claim']);
  expect(await claims(run)).toEqual({ finished: 1, claimed: 1, ready: 1 });
});

test('under a request_id a repeat answers the same, in the same run and in another one', async () => {
  const run = await begin([agent('a'), agent('b')]);
  const { claim } = await window.call('run_claim', { run });
  const report = onward({ claim, status: 'done', request_id: 'r1' });
  const first = await window.call('run_report', report);
  const second = await window.call('run_report', report);
  expect(second).toMatchObject({ replayed: true, seq: first['seq'] });
  expect(next(second)).toMatchObject({ replayed: true, claim: next(first)['claim'], node: 'b' });
  const other = await begin([agent('x'), agent('y')]);
  const last = onward({ claim: next(first)['claim'], status: 'done', request_id: 'r2' });
  const elsewhere = await window.call('run_report', last);
  expect(next(elsewhere)).toMatchObject({ run: other, node: 'x' });
  expect(next(await window.call('run_report', last))).toMatchObject({ claim: next(elsewhere)['claim'] });
  expect(await claims(other)).toEqual({ claimed: 1, ready: 1 });
});

test('the next node is asked for with the skills and the size of the last one', async () => {
  const run = await begin([agent('a', [], { skills: ['rust'] }), agent('b', ['a'], { skills: ['rust'] })]);
  const { claim } = await window.call('run_claim', { run, agent: 'ann', skills: ['rust'], max_tokens: 150 });
  const answer = await window.call('run_report', onward({ claim, status: 'done', output: 'x'.repeat(3_000) }));
  expect(next(answer)).toMatchObject({ node: 'b', inputs: { a: { cut: true } } });
  const rows = (await window.call('run_status', { run }))['nodes'] as Answer[];
  expect(rows.find(({ node }) => node === 'b')).toMatchObject({ agent: 'ann' });
});

test('without work it says why, and what was given back is not given again', async () => {
  const run = await begin([agent('a')]);
  const { claim } = await window.call('run_claim', { run });
  const released = await window.call('run_report', onward({ claim, status: 'released' }));
  expect(released).toMatchObject({ status: 'released' });
  expect(next(released)).toMatchObject({ none: 'all_blocked', why: '1 ready, but you have just given it back' });
  expect(await window.call('run_claim', { run })).toMatchObject({ node: 'a' });
});

test('a report that is refused claims nothing, and neither does progress', async () => {
  const run = await begin([agent('a'), agent('b')]);
  const { claim } = await window.call('run_claim', { run });
  const refused = await window.run('run_report', onward({ claim, status: 'progress' }));
  expect(refused).toMatchObject({ ok: false, failure: { code: 'invalid-input', issues: [{ at: 'then' }] } });
  const unknown = await window.run('run_report', onward({ claim: `${run}.a.9.abcdef`, status: 'done' }));
  expect(unknown).toMatchObject({ ok: false, failure: { code: 'unknown-claim' } });
  expect(await claims(run)).toEqual({ claimed: 1, ready: 1 });
});

test('a policy that denies run_claim denies it here too', async () => {
  const run = await begin([agent('a'), agent('b')]);
  const { claim } = await window.call('run_claim', { run });
  await window.call('project_save', { config: { policies: [{ tool: 'run_claim', decision: 'deny' }] } });
  const refused = await window.run('run_report', onward({ claim, status: 'done' }));
  expect(refused).toMatchObject({ ok: false, failure: { code: 'not-allowed' } });
  expect(await claims(run)).toEqual({ claimed: 1, ready: 1 });
  expect(await window.call('run_report', { claim, status: 'done' })).toMatchObject({ status: 'finished' });
});
