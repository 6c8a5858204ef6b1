// Outcomes of decisions, given/when/then; and random votes, changed votes, vetoes and deadlines: each decision ends
// once, its outcome is told once to each, and dissent is kept.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Address, channelId, type SegmentDocument, segmentStream } from '../../../src/domain/team/channel.ts';
import { dissentOf, type Voter } from '../../../src/domain/team/decision.ts';
import { DAY_MS, Poll, three } from './poll-rig.ts';

const project = 'prj-1';
const inbox = (name: string): Address => ({ kind: 'session', project, name });
const all: Address = { kind: 'all', project };

/** What was sent to an address, in order. */
async function mail(poll: Poll, to: Address) {
  const segment = await poll.rig.doc<SegmentDocument>(segmentStream(channelId(to), 1));
  return segment?.messages ?? [];
}

describe('the outcome', () => {
  test('given voters asked one by one, when a vote closes it, then the others and who opened it are told in that commit', async () => {
    const announceTo = ['boss', 'lead', 'dev'].map((name) => inbox(`ses-${name}`));
    const poll = await new Poll().open({ announceTo });
    await poll.vote('boss', 'left');
    expect(await mail(poll, inbox('ses-dev'))).toHaveLength(1);
    const seq = poll.rig.documents.store.seq();
    await poll.vote('dev', 'left');
    expect(poll.rig.documents.store.seq()).toBe(seq + 1);
    const text = [
      `Decision ${poll.id}: Which way?`,
      'It is passed: left (4 of 6 weighed votes).',
      `decision_vote {decision: "${poll.id}"} shows the tally and who dissented.`,
    ].join('\n');
    const [asked, told] = await mail(poll, inbox('ses-boss'));
    expect(asked).toMatchObject({ kind: 'decision', from: 'ses-owner', expires_at: '2026-01-02T00:00:00.000Z' });
    // By the rules, not by whoever closed it; in the conversation that asked.
    expect(told).toMatchObject({ kind: 'decision', from: 'baton', text, thread: 'ses-boss.1', priority: 2 });
    expect(await mail(poll, inbox('ses-lead'))).toHaveLength(2);
    expect(await mail(poll, inbox('ses-owner'))).toMatchObject([{ text, thread: 'ses-boss.1' }]);
    expect(await mail(poll, inbox('ses-dev'))).toHaveLength(1);
  });

  test('given everybody was asked at once, then everybody is told by one message', async () => {
    const poll = await new Poll().open({ announceTo: [all] });
    await poll.vote('boss', 'left');
    await poll.vote('lead', 'left');
    expect((await mail(poll, all)).map(({ from }) => from)).toEqual(['ses-owner', 'baton']);
    expect(await mail(poll, inbox('ses-owner'))).toEqual([]);
  });

  test('given the owner vetoes, then the voters are told why, and the owner is not', async () => {
    const poll = await new Poll().open({ announceTo: [inbox('ses-dev')] });
    await poll.vote('owner', 'veto', 'too soon');
    const [, told] = await mail(poll, inbox('ses-dev'));
    expect(told?.text).toContain('It is rejected (vetoed by ses-owner: too soon).');
    expect(await mail(poll, inbox('ses-owner'))).toEqual([]);
  });

  test('given the deadline passes, then the first call after it tells how it stood; nothing is told before or twice', async () => {
    const poll = await new Poll().open({ announceTo: [inbox('ses-dev')], quorum: 1 });
    await poll.vote('lead', 'right');
    poll.rig.now += DAY_MS - 1;
    await poll.vote('anybody', undefined);
    expect(await mail(poll, inbox('ses-dev'))).toHaveLength(1);
    poll.rig.now += 1;
    for (const _ of [1, 2]) await poll.vote('anybody', undefined);
    const told = await mail(poll, inbox('ses-dev'));
    expect(told.slice(1).map(({ text }) => text.split('\n')[1])).toEqual([
      'It is passed: right (2 of 2 weighed votes).',
    ]);
  });

  test('given a passed allocation does not fit any more, then that is told too', async () => {
    const allocations = { left: { pools: { coder: { max: 2 } } } };
    const announceTo = [inbox('ses-dev')];
    const poll = await new Poll().open({ kind: 'allocation', allocations, quorum: 1, announceTo });
    await poll.rig.do((tx) => {
      const value = { pools: { coder: { max: 9, min: 5 } } };
      tx.patch('project/prj-1', { type: 'project.updated' }, [{ op: 'add', path: '/config', value }]);
      return { ok: true, value: undefined };
    });
    await poll.vote('boss', 'left');
    await poll.vote('lead', 'left');
    expect((await mail(poll, inbox('ses-dev'))).at(-1)?.text).toContain('Its allocation was not applied: ');
  });

  test('given the longest and worst texts, then it can still be told', async () => {
    const bad = '\u0000'.repeat(500);
    const options = Array.from({ length: 10 }, (_, at) => `${at}${'\u0000'.repeat(79)}`);
    const poll = await new Poll().open({ announceTo: [inbox('ses-dev')], title: bad, options });
    await poll.vote('owner', 'veto', bad);
    expect(await mail(poll, inbox('ses-dev'))).toHaveLength(2);
  });
});

test('given many are open, then the agenda has a bound, and what closes makes room', async () => {
  const poll = new Poll();
  for (let index = 0; index < 500; index += 1) await poll.open();
  await expect(poll.open()).rejects.toThrow('the agenda, in open decisions');
  await poll.vote('owner', 'veto');
  await poll.open();
});

test('random votes, changed votes, vetoes and deadlines: it ends once, is told once to each, and dissent is kept', async () => {
  const step = fc.record({
    who: fc.constantFrom('boss', 'lead', 'dev', 'eve', 'owner'),
    what: fc.constantFrom('left', 'right', 'left', 'right', 'abstain', 'veto', 'look', 'later'),
  });
  const scenario = fc.record({
    steps: fc.array(step, { maxLength: 20 }),
    rule: fc.constantFrom('majority' as const, 'consensus' as const, 'k_of_n' as const),
    quorum: fc.integer({ min: 1, max: 3 }),
  });
  const readers = [inbox('ses-boss'), inbox('ses-lead'), inbox('ses-dev')];
  await fc.assert(
    fc.asyncProperty(scenario, async ({ steps, rule, quorum }) => {
      const voters: Voter[] = three;
      const poll = await new Poll().open({
        voters,
        rule,
        quorum,
        announceTo: readers,
        ...(rule === 'k_of_n' ? { k: 2 } : {}),
      });
      const last = new Map<string, string>();
      let ended: string | undefined;
      let by: string | undefined;
      for (const { who, what } of [...steps, { who: 'eve', what: 'later' }]) {
        if (what === 'later') poll.rig.now += DAY_MS;
        const option = what === 'look' || what === 'later' ? undefined : what;
        const before = JSON.stringify(await poll.doc());
        const answer = await poll.vote(who, option).catch(() => undefined);
        const after = await poll.doc();
        if (ended !== undefined || answer === undefined) expect(JSON.stringify(after)).toBe(before);
        else if (option !== undefined && option !== 'veto' && !answer.late) last.set(who, option);
        if (ended === undefined && after?.status !== 'open') [ended, by] = [after?.status, option && who];
      }
      const decision = await poll.doc();
      if (decision === undefined) throw new Error('no decision');
      expect(decision.status).toBe(ended);
      expect(
        Object.fromEntries(Object.entries(decision.votes).map(([name, { option = 'abstain' }]) => [name, option])),
      ).toEqual(Object.fromEntries(last));
      const otherwise = [...last].filter(([, option]) => option !== 'abstain' && option !== decision.outcome);
      expect(
        dissentOf(decision)
          .map(({ voter }) => voter)
          .sort(),
      ).toEqual(otherwise.map(([name]) => name).sort());
      for (const [at, name] of ['boss', 'lead', 'dev', 'owner'].entries()) {
        const got = await mail(poll, readers[at] ?? inbox('ses-owner'));
        const outcomes = got.filter(({ text }) => text.includes('\nIt is '));
        expect(outcomes, name).toHaveLength(name === by ? 0 : 1);
      }
      expect(await poll.rig.doc('agenda/prj-1')).toMatchObject({ open: {} });
    }),
    { numRuns: 150 },
  );
});
