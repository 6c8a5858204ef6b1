// Decisions: each rule by example, and random votes in random orders against an independent count.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissentOf, type Rule, tallyOf, type Voter } from '../../../src/domain/team/decision.ts';
import type { OpenInput } from '../../../src/domain/team/decision-commands.ts';
import { DAY_MS, Poll } from './poll-rig.ts';

describe('rules', () => {
  test('majority: given weights 3, 2 and 1, when more than half of all is reached, then that vote closes it', async () => {
    const poll = await new Poll().open();
    expect((await poll.vote('boss', 'left')).decision).toMatchObject({ status: 'open' });
    const { decision } = await poll.vote('dev', 'left', 'shorter');
    expect(decision).toMatchObject({ status: 'passed', outcome: 'left', why: '4 of 6 weighed votes' });
    expect(await poll.refused('lead', 'right')).toMatchObject({ code: 'illegal-transition', from: 'passed' });
  });

  test('majority: given a tie when all have voted, then it is rejected', async () => {
    const poll = await new Poll().open();
    await poll.vote('boss', 'left');
    await poll.vote('lead', 'right');
    expect((await poll.vote('dev', 'right')).decision).toMatchObject({
      status: 'rejected',
      why: 'no option had what the rule asks for',
    });
  });

  test('given a voter called like a member of every object, then it has not voted', async () => {
    const voters = ['constructor', 'boss'].map((name): Voter => ({ name, weight: 1, tier: 'worker' }));
    const poll = await new Poll().open({ voters, quorum: 2 });
    const { decision } = await poll.vote('boss', 'left');
    expect(decision.status).toBe('open');
    expect(tallyOf(decision)).toMatchObject({ cast: 1, abstained: 0, missing: ['constructor'] });
  });

  test('k of n: given k heads, weights do not count', async () => {
    const poll = await new Poll().open({ rule: 'k_of_n', k: 2 });
    expect((await poll.vote('boss', 'left')).decision.status).toBe('open');
    await poll.vote('lead', 'right');
    expect((await poll.vote('dev', 'right')).decision).toMatchObject({ status: 'passed', outcome: 'right' });
  });

  test('consensus: given one who chose otherwise, then it is rejected; given abstentions, it passes', async () => {
    const split = await new Poll().open({ rule: 'consensus' });
    await split.vote('boss', 'left');
    await split.vote('lead', 'left');
    expect((await split.vote('dev', 'right')).decision.status).toBe('rejected');
    const agreed = await new Poll().open({ rule: 'consensus' });
    await agreed.vote('boss', 'left');
    await agreed.vote('lead', 'abstain');
    expect((await agreed.vote('dev', 'left')).decision).toMatchObject({ status: 'passed', outcome: 'left' });
  });

  test('quorum: given too few votes at the deadline, then the first call after it closes and rejects it', async () => {
    const poll = await new Poll().open({ quorum: 2 });
    await poll.vote('boss', 'left');
    poll.rig.now += DAY_MS;
    const { decision, late, changed } = await poll.vote('lead', 'left');
    expect(decision).toMatchObject({ status: 'rejected', why: '1 of 2 needed votes were cast' });
    expect([late, changed, Object.keys(decision.votes)]).toEqual([true, true, ['boss']]);
  });

  test('deadline: given a quorum, when it passes, then a look closes it by what was cast', async () => {
    const poll = await new Poll().open({ quorum: 2 });
    await poll.vote('lead', 'right');
    await poll.vote('dev', 'abstain');
    poll.rig.now += DAY_MS;
    const { decision, late, changed } = await poll.vote('anybody', undefined);
    expect(decision).toMatchObject({ status: 'passed', outcome: 'right', why: '2 of 2 weighed votes' });
    expect([late, changed]).toEqual([false, true]);
    expect((await poll.vote('anybody', undefined)).changed).toBe(false);
  });

  test('veto: the owner alone, and it ends at once', async () => {
    const poll = await new Poll().open();
    expect(await poll.refused('boss', 'veto')).toMatchObject({ code: 'not-allowed' });
    const { decision } = await poll.vote('owner', 'veto', 'too soon');
    expect(decision).toMatchObject({ status: 'rejected', why: 'vetoed by ses-owner: too soon' });
  });

  test('a vote may be changed while it is open, and counts once', async () => {
    const poll = await new Poll().open({ quorum: 3 });
    await poll.vote('boss', 'left');
    const { decision } = await poll.vote('boss', 'right');
    expect(tallyOf(decision)).toMatchObject({ cast: 1, options: [{ votes: 0 }, { votes: 1, weight: 3 }] });
  });

  test('dissent stays on the record with its reason', async () => {
    const poll = await new Poll().open({ quorum: 3 });
    await poll.vote('dev', 'right', 'left is a dead end');
    await poll.vote('lead', 'left');
    const { decision } = await poll.vote('boss', 'left');
    expect(dissentOf(decision)).toEqual([{ voter: 'dev', option: 'right', reason: 'left is a dead end' }]);
  });

  test('who was not named does not vote, and an option that is none is refused', async () => {
    const poll = await new Poll().open();
    expect(await poll.refused('eve', 'left')).toMatchObject({ code: 'not-allowed' });
    expect(await poll.refused('dev', 'up')).toMatchObject({ code: 'invalid-input' });
    poll.id = 'dec-none';
    expect(await poll.refused('dev', 'left')).toMatchObject({ code: 'not-found' });
  });
});

describe('allocation', () => {
  const allocations = { left: { pools: { coder: { max: 4 } }, teams: { core: { members: ['dev'] } } } };

  test('given it passes, then the project changes in the same commit', async () => {
    const poll = await new Poll().open({ kind: 'allocation', allocations, quorum: 1 });
    await poll.vote('boss', 'left');
    const before = poll.rig.documents.store.seq();
    expect((await poll.vote('lead', 'left')).decision).toMatchObject({ status: 'passed' });
    expect(poll.rig.documents.store.seq() - before).toBe(1);
    expect(await poll.rig.doc('project/prj-1')).toMatchObject({ config: allocations.left });
  });

  test('given another option passes, then nothing changes', async () => {
    const poll = await new Poll().open({ kind: 'allocation', allocations, quorum: 1 });
    await poll.vote('boss', 'right');
    await poll.vote('lead', 'right');
    expect(await poll.rig.doc('project/prj-1')).not.toHaveProperty('config');
  });

  test('given what no project may have, then it is refused when it opens, with the place', async () => {
    const rig = new Poll();
    const open = (bad: object) =>
      rig.open({ kind: 'allocation', allocations: { left: bad } as OpenInput['allocations'] });
    await expect(open({ pools: { coder: { max: -1 } } })).rejects.toThrow('allocations/left/pools/coder/max');
    await expect(open({ budget: 1 })).rejects.toThrow('only pools and teams');
    await expect(rig.open({ kind: 'allocation' })).rejects.toThrow('required with kind allocation');
    await expect(rig.open({ allocations })).rejects.toThrow('only with kind allocation');
  });

  test('given a project that has changed so that it no longer fits, then it passes, and says what was not applied', async () => {
    const poll = await new Poll().open({
      kind: 'allocation',
      allocations: { left: { pools: { coder: { max: 2 } } } },
      quorum: 1,
    });
    await poll.rig.do((tx) => {
      const value = { pools: { coder: { max: 9, min: 5 } } };
      tx.patch('project/prj-1', { type: 'project.updated' }, [{ op: 'add', path: '/config', value }]);
      return { ok: true, value: undefined };
    });
    await poll.vote('boss', 'left');
    const { decision } = await poll.vote('lead', 'left');
    expect(decision).toMatchObject({ status: 'passed', outcome: 'left' });
    expect(decision.not_applied).toContain('pools/coder/min');
    expect(await poll.rig.doc('project/prj-1')).toMatchObject({ config: { pools: { coder: { max: 9 } } } });
  });
});

test('what cannot be a decision is refused when it opens', async () => {
  const open = (more: Partial<OpenInput>) => new Poll().open(more);
  await expect(open({ voters: [] })).rejects.toThrow('nobody may vote');
  await expect(open({ options: ['a', 'a'] })).rejects.toThrow('twice');
  await expect(open({ rule: 'k_of_n' })).rejects.toThrow('required with rule k_of_n');
  await expect(open({ rule: 'k_of_n', k: 4 })).rejects.toThrow('only 3 may vote');
  await expect(open({ quorum: 4 })).rejects.toThrow('only 3 may vote');
});

test('random votes in random orders, with two processes racing, close as the rule says, whatever the order', async () => {
  const OPTIONS = ['a', 'b', 'c'];
  const ballots = fc.array(
    fc.record({ weight: fc.integer({ min: 1, max: 3 }), vote: fc.constantFrom(...OPTIONS, 'abstain', 'none') }),
    {
      minLength: 1,
      maxLength: 7,
    },
  );
  const scenario = fc.record({
    ballots,
    rule: fc.constantFrom<Rule>('majority', 'consensus', 'k_of_n'),
    k: fc.integer({ min: 1, max: 7 }),
    quorum: fc.integer({ min: 1, max: 7 }),
    order: fc.array(fc.nat(100), { minLength: 7, maxLength: 7 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ ballots: cast, rule, k, quorum, order }) => {
      const voters = cast.map(({ weight }, index): Voter => ({ name: `v${index}`, tier: 'worker', weight }));
      const n = voters.length;
      const limits = { quorum: Math.min(quorum, n), ...(rule === 'k_of_n' ? { k: Math.min(k, n) } : {}) };
      const poll = await new Poll().open({ voters, options: OPTIONS, rule, ...limits });
      const queue = cast.map(({ vote }, index) => ({ name: `v${index}`, vote })).filter(({ vote }) => vote !== 'none');
      queue.sort((a, b) => (order[Number(a.name.slice(1))] ?? 0) - (order[Number(b.name.slice(1))] ?? 0));
      const counted: { name: string; vote: string }[] = [];
      for (const one of queue) {
        if ((await poll.doc())?.status !== 'open') break;
        await poll.vote(one.name, one.vote);
        counted.push(one);
      }
      poll.rig.now += DAY_MS;
      const { decision } = await poll.vote('anybody', undefined);
      expect(Object.keys(decision.votes).sort()).toEqual(counted.map(({ name }) => name).sort());
      const heads = OPTIONS.map((option) => counted.filter(({ vote }) => vote === option).length);
      const weighed = OPTIONS.map((option) =>
        counted
          .filter(({ vote }) => vote === option)
          .reduce((sum, { name }) => sum + (voters.find((one) => one.name === name)?.weight ?? 0), 0),
      );
      const total = weighed.reduce((sum, weight) => sum + weight, 0);
      const legal = OPTIONS.filter((_, index) => {
        if (counted.length < limits.quorum) return false;
        if (rule === 'k_of_n') return (heads[index] ?? 0) >= (limits.k ?? n);
        if (rule === 'consensus') return (heads[index] ?? 0) > 0 && heads.filter((head) => head > 0).length === 1;
        return (weighed[index] ?? 0) * 2 > total;
      });
      expect(legal.length).toBeLessThanOrEqual(1 + (rule === 'k_of_n' ? 2 : 0));
      if (legal.length === 0) expect(decision.status).toBe('rejected');
      else {
        expect(decision.status).toBe('passed');
        expect(legal).toContain(decision.outcome);
        // Closed early only where the votes that were not cast any more could not have changed it.
        if (rule === 'majority' && counted.length < queue.length) {
          const rest = voters
            .filter(({ name }) => !counted.some((one) => one.name === name))
            .reduce((sum, { weight }) => sum + weight, 0);
          expect((weighed[OPTIONS.indexOf(decision.outcome ?? '')] ?? 0) * 2).toBeGreaterThan(total + rest);
        }
      }
    }),
    { numRuns: 300 },
  );
});
