// Decisions through the tools: who is asked, who may vote with what weight, and what is shown.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { rows, TeamRig } from '../team-rig.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('decisions', () => {
  test('given three windows, when one opens a decision, then all are told with one write and vote by their tier', async () => {
    const rig = new TeamRig();
    const boss = await rig.window('boss', { boss: 'orchestrator' });
    const [dev, other] = [await rig.window('dev'), await rig.window('other')];
    const before = rig.lines;
    const opened = await boss.call('decision_open', { title: 'Ship today?', options: ['yes', 'no'] });
    expect(rig.lines - before).toBe(1);
    expect(opened).toMatchObject({ status: 'open', voters: 3, quorum: 2 });
    expect(await dev.read()).toEqual([expect.stringContaining('Ship today?')]);
    const { decision } = opened;
    await dev.call('decision_vote', { decision, option: 'no' });
    expect(await other.call('decision_vote', {})).toMatchObject({ total: 1, decisions: [{ decision, voted: 1 }] });
    const closed = await boss.call('decision_vote', { decision, option: 'yes' });
    expect(closed).toMatchObject({
      status: 'passed',
      outcome: 'yes',
      tally: [
        { option: 'yes', votes: 1, weight: 3 },
        { option: 'no', votes: 1, weight: 1 },
      ],
      dissent: [{ voter: dev.session, option: 'no' }],
    });
    expect(await other.fail('decision_vote', { decision, option: 'no' })).toMatchObject({ code: 'illegal-transition' });
    expect(await other.call('decision_vote', {})).toMatchObject({ total: 0 });
  });

  test('given named voters, then agents vote through their sessions, and registered tiers and project weights count', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann', { reviewer: 'worker' }), await rig.window('bob')];
    await ann.call('registry_save', { kind: 'agent', id: 'reviewer', tier: 'coordinator' });
    await bob.call('project_save', { config: { vote_weights: { coordinator: 7 } } });
    const { decision } = await bob.call('decision_open', {
      title: 'x',
      options: ['a', 'b'],
      voters: ['reviewer', bob.session],
      quorum: 1,
    });
    expect(await ann.read()).toHaveLength(1);
    const eve = await rig.window('eve');
    expect(await eve.fail('decision_vote', { decision, option: 'a' })).toMatchObject({ code: 'not-allowed' });
    const voted = await ann.call('decision_vote', { decision, option: 'a' });
    expect(voted).toMatchObject({ status: 'passed', why: '7 of 8 weighed votes' });
  });

  test('given a deadline that passed, then listing closes what is due, and a late vote is told that it does not count', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    const open = async () =>
      String((await ann.call('decision_open', { title: 'x', options: ['a', 'b'], deadline_s: 60 })).decision);
    const [first, second] = [await open(), await open()];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    const late = await ann.call('decision_vote', { decision: first, option: 'a' });
    expect(late).toMatchObject({ status: 'rejected', voted: 0, note: expect.stringContaining('does not count') });
    expect(await ann.call('decision_vote', {})).toMatchObject({ total: 0 });
    expect(await ann.call('decision_vote', { decision: second })).toMatchObject({ status: 'rejected' });
  });

  test('given a deadline that passes while nobody votes, then who reads mail, or waits for it, learns how it ended', async () => {
    const rig = new TeamRig();
    const [ann, bob] = [await rig.window('ann'), await rig.window('bob')];
    const { decision } = await ann.call('decision_open', { title: 'Ship?', options: ['a', 'b'], deadline_s: 1 });
    expect(await bob.read()).toEqual([expect.stringContaining('Ship?')]);
    await bob.call('decision_vote', { decision, option: 'b' });
    // Nobody else calls: the waiting reader closes it when its time is over.
    const waited = rows(await ann.call('message_read', { wait_s: 20 }), 'messages');
    expect(waited).toMatchObject([{ kind: 'decision', text: expect.stringContaining('It is passed: b') }]);
    expect(await ann.call('decision_vote', { decision })).toMatchObject({ status: 'passed', outcome: 'b' });
    await ann.call('decision_open', { title: 'Next?', options: ['a', 'b'], deadline_s: 60 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    const read = rows(await bob.call('message_read'), 'messages').map(({ text }) => String(text).split('\n')[1]);
    expect(read).toEqual([
      'It is passed: b (1 of 1 weighed votes).',
      'It is rejected (0 of 1 needed votes were cast).',
    ]);
    expect(await bob.call('message_read')).toMatchObject({ messages: [] });
  });

  test('given windows that were left, then only those who are there are asked; given one is gone, then its successor votes', async () => {
    const rig = new TeamRig();
    const [ann, bob, eve] = [await rig.window('ann'), await rig.window('bob'), await rig.window('eve')];
    eve.services.sessions.close();
    const open = async () => await ann.call('decision_open', { title: 'x', options: ['a', 'b'], quorum: 2 });
    expect(await open()).toMatchObject({ voters: 3 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
    const { decision, voters } = await open();
    expect(voters).toBe(2);
    const { handoff } = await bob.call('session_handoff', { summary: 'over to you' });
    const kim = await rig.window('kim');
    expect(await kim.fail('decision_vote', { decision, option: 'a' })).toMatchObject({ code: 'not-allowed' });
    await kim.call('session_start', { handoff });
    await ann.call('decision_vote', { decision, option: 'a' });
    expect(await kim.call('decision_vote', { decision, option: 'a' })).toMatchObject({ status: 'passed' });
  });

  test('given an allocation with an option that changes nothing, when that one passes, then nothing has changed', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    await ann.call('project_save', { config: { pools: { coder: 2 } } });
    const allocations = { more: { pools: { coder: 5 } }, same: {} };
    const open = { title: 'x', options: ['more', 'same'], kind: 'allocation', allocations };
    const { decision } = await ann.call('decision_open', open);
    const before = ann.doc('project/prj-1');
    const passed = await ann.call('decision_vote', { decision, option: 'same' });
    expect(passed).toMatchObject({ status: 'passed', outcome: 'same' });
    expect(passed.not_applied).toBeUndefined();
    expect(before).toMatchObject({ config: { pools: { coder: 2 } } });
    expect(ann.doc('project/prj-1')).toEqual(before);
  });

  test('given contradictory or unknown input, then it is refused', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    expect(await ann.fail('decision_open', { title: 'x', options: ['a'] })).toMatchObject({ code: 'invalid-input' });
    expect(await ann.fail('decision_open', { title: 'x', options: ['a', 'b'], voters: ['nobody'] })).toMatchObject({
      code: 'not-found',
      what: 'voter',
    });
    for (const nobody of ['all', 'channel:dev', 'channel:No Such'])
      expect(await ann.fail('decision_open', { title: 'x', options: ['a', 'b'], voters: [nobody] })).toMatchObject({
        issues: [{ at: 'voters' }],
      });
    const { decision } = await ann.call('decision_open', { title: 'x', options: ['a', 'b'] });
    expect(await ann.fail('decision_vote', { decision, option: 'a', abstain: true })).toMatchObject({
      code: 'invalid-input',
    });
    expect(await ann.fail('decision_vote', { decision: '../x', option: 'a' })).toMatchObject({ code: 'not-found' });
    // A vote on nothing must not look as if it had been counted.
    for (const vote of [{ option: 'a' }, { abstain: true }, { veto: true }])
      expect(await ann.fail('decision_vote', vote)).toMatchObject({ issues: [{ at: 'decision' }] });
    const mistyped = `${String(decision).slice(0, -1)}x`;
    expect(await ann.fail('decision_vote', { decision: mistyped })).toMatchObject({ near: [decision] });
  });

  test('given many decisions, then lists page and stay small', async () => {
    const rig = new TeamRig();
    const ann = await rig.window('ann');
    for (let index = 0; index < 60; index += 1) {
      await ann.call('decision_open', { title: `${index} ${'x'.repeat(480)}`, options: ['a', 'b'] });
    }
    const page = await ann.call('decision_vote', { limit: 50 });
    expect(JSON.stringify(page).length).toBeLessThan(16_000);
    expect(page).toMatchObject({ total: 60 });
    const next = await ann.call('decision_vote', { limit: 50, cursor: page.next_cursor });
    expect(rows(next, 'decisions').length).toBeGreaterThan(0);
  });
});
