// Runs of sprints: given a sprint, when nodes are claimed, reported and decided, then its tasks stand as the nodes do.

import { beforeEach, describe, expect, test } from 'vitest';
import { sprintDefinition } from '../../../src/domain/run/sprint.ts';
import { PROJECT } from '../plan/plan-rig.ts';
import { SprintRig } from './sprint-rig.ts';

const HOUR = 3_600_000;

let rig: SprintRig;
beforeEach(() => {
  rig = new SprintRig();
});

describe('starting', () => {
  test('unfinished tasks are the nodes; done ones are left out, and so is what cannot be finished', async () => {
    await rig.given({ a: '', b: 'a', c: '', d: 'c' });
    await rig.set(rig.id('a'), { status: 'done' });
    await rig.set(rig.id('c'), { status: 'blocked', blocked_reason: 'no key' });
    const { graph, leftOut } = await rig.define();
    expect(graph.nodes).toEqual([
      { id: rig.node('b'), kind: 'agent', title: 'do b', task: 'do b', needs: [], priority: 3 },
    ]);
    expect(leftOut).toEqual([rig.node('c'), rig.node('d')]);
    expect(await rig.begin()).toMatchObject({ nodes: 1, ready: [rig.node('b')], status: 'running' });
    expect(await rig.document()).toMatchObject({ sprint: rig.sprintId.toLowerCase() });
  });

  test('a sprint that changed after its definition was made is not started by it', async () => {
    await rig.given({ a: '', b: 'a' });
    await rig.define();
    const added = await rig.task({ sprint: rig.sprintId, title: 'more' });
    expect(await rig.refuseStart()).toMatchObject({ code: 'contended' });
    await rig.define();
    expect((await rig.begin()).ready).toContain(added.toLowerCase());
  });

  test('a sprint with nothing to do, and one that is not there', async () => {
    await rig.given({ a: '' });
    await rig.set(rig.id('a'), { status: 'done' });
    const refused = await rig.refused((tx) => sprintDefinition(tx, PROJECT, rig.sprintId));
    expect(refused).toMatchObject({ code: 'not-allowed', why: 'no task is left to do' });
    expect(await rig.refused((tx) => sprintDefinition(tx, PROJECT, 'SPR-99'))).toMatchObject({ code: 'unknown-item' });
  });
});

describe('one run of a sprint at a time', () => {
  test('given one goes on, then another is refused, naming it and what to call; given it is over, it begins', async () => {
    await rig.start({ a: '' });
    const refused = {
      code: 'not-allowed',
      what: 'A second run of SPR-1',
      why: `its run ${rig.run} is running`,
      how: `work on that one: run_claim {run: "${rig.run}"}, or end it: run_control {run: "${rig.run}", action: "cancel"}`,
    };
    expect(await rig.refuseStart()).toEqual(refused);
    await rig.control('pause');
    expect(await rig.refuseStart()).toMatchObject({ why: `its run ${rig.run} is paused` });
    await rig.control('cancel');
    expect(await rig.begin()).toMatchObject({ status: 'running' });
    expect(await rig.sprintDoc(rig.sprintId)).toMatchObject({ run: rig.run });
  });

  test('given two processes start one at once, then one wins, whoever it is', async () => {
    await rig.given({ a: '', b: '' });
    await rig.define();
    const starts = [rig.documents, rig.process(), rig.process()].map((at) => rig.tryStart(at));
    const ended = await Promise.all(starts);
    const [winner, ...others] = ended.flatMap((one) => (one.ok ? one.value.value.run : []));
    expect([winner, others]).toEqual([expect.stringMatching(/^run-/), []]);
    for (const one of ended.filter(({ ok }) => !ok))
      expect(one).toMatchObject({ failure: { code: 'not-allowed', why: `its run ${winner} is running` } });
  });

  test('given one that failed and another since, then the failed one does not go on beside it', async () => {
    await rig.start({ a: '', b: '' });
    const [first, node] = [rig.run, rig.node('a')];
    await rig.report(await rig.claim('ann'), 'failed', { errorKind: 'terminal', summary: 'no host' });
    expect((await rig.document()).status).toBe('failed');
    await rig.set(rig.id('a'), { status: 'todo' });
    await rig.define();
    await rig.begin();
    const second = rig.run;
    rig.run = first;
    const refused = await rig.refuseControl('retry_node', node);
    expect(refused).toMatchObject({ what: `Going on with ${first}`, why: `its run ${second} is running` });
    rig.run = second;
    await rig.control('cancel');
    rig.run = first;
    await rig.control('retry_node', { node });
    expect(await rig.document()).toMatchObject({ status: 'running' });
    expect(await rig.refuseStart()).toMatchObject({ why: `its run ${first} is running` });
  });

  test('given it goes on, then the sprint cannot end; given the sprint has ended, then no failed run of it goes on', async () => {
    await rig.start({ a: '', b: '' });
    const closed = { status: 'completed' } as const;
    for (const fields of [closed, { status: 'cancelled' } as const, { archived: true }]) {
      expect(await rig.refuseSprint(rig.sprintId, fields, { carryTo: 'backlog', force: true })).toMatchObject({
        code: 'not-allowed',
        why: `its run ${rig.run} is running`,
        how: `let it finish, or end it first: run_control {run: "${rig.run}", action: "cancel"}`,
      });
    }
    await rig.report(await rig.claim('ann'), 'failed', { errorKind: 'terminal' });
    await rig.setSprint(rig.sprintId, closed, { carryTo: 'backlog' });
    expect(await rig.refuseControl('retry_node', rig.node('a'))).toMatchObject({ why: 'SPR-1 is completed' });
  });
});

describe('a task follows its node, in the same commit', () => {
  test('claimed: active and assigned; done: done, and what needs it is ready', async () => {
    await rig.start({ a: '', b: 'a' });
    const before = rig.documents.store.seq();
    const a = await rig.claim('ann');
    expect(rig.documents.store.seq()).toBe(before + 1);
    expect(await rig.picture()).toBe('a active/ann, b todo');
    const told = await rig.report(a, 'done');
    expect(told).toEqual({
      run: rig.run,
      node: rig.node('a'),
      status: 'finished',
      newly_ready: [rig.node('b')],
      run_status: 'running',
    });
    expect(rig.documents.store.seq()).toBe(before + 2);
    expect(await rig.report(await rig.claim('bob'), 'done')).toMatchObject({ run_status: 'finished' });
    expect(await rig.picture()).toBe('a done/ann, b done/bob');
  });

  test('released or tried again: todo without an assignee; failed for good: blocked with the reason', async () => {
    await rig.start({ a: '' });
    await rig.report(await rig.claim('ann'), 'released');
    expect(await rig.picture()).toBe('a todo');
    await rig.report(await rig.claim('ann'), 'failed', { errorKind: 'needs_other_agent', summary: 'no Go' });
    expect(await rig.picture()).toBe('a todo');
    await rig.report(await rig.claim('bob'), 'failed', { errorKind: 'terminal', summary: 'no such host' });
    expect(await rig.of('a')).toMatchObject({ status: 'blocked', blocked_reason: 'no such host', assignee: 'bob' });
    await rig.control('retry_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a todo');
    await rig.report(await rig.claim('cat'), 'done');
    expect(await rig.picture()).toBe('a done/cat');
  });

  test('an ended lease: the next agent has the task', async () => {
    await rig.start({ a: '' });
    await rig.claim('ann');
    rig.now += HOUR;
    await rig.claim('bob');
    expect(await rig.picture()).toBe('a active/bob');
  });

  test('skipped: cancelled, so that nobody waits for it; brought back by retry_node', async () => {
    await rig.start({ a: '', b: 'a' });
    await rig.control('skip_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a cancelled, b todo');
    await rig.control('retry_node', { node: rig.node('a') });
    expect(await rig.picture()).toBe('a todo, b todo');
  });

  test('a run that is cancelled gives its tasks back', async () => {
    await rig.start({ a: '', b: '' });
    await rig.claim('ann');
    await rig.control('cancel');
    expect(await rig.picture()).toBe('a todo, b todo');
  });
});

describe('tasks finished by hand while somebody holds the node', () => {
  test('done: the node is finished in the same commit, the claim takes no place, what needs it is ready', async () => {
    await rig.start({ a: '', b: 'a' });
    const claim = await rig.claim('ann');
    expect(await rig.held()).toHaveLength(1);
    const before = rig.documents.store.seq();
    expect(await rig.byHand('a', { status: 'done' })).toMatchObject({ unblocked: [rig.id('b')] });
    expect(rig.documents.store.seq()).toBe(before + 1);
    expect(await rig.held()).toEqual([]);
    const { nodes, counters } = await rig.document();
    expect(nodes[rig.node('a')]).toMatchObject({ status: 'finished', outside: true, claim, agent_name: 'ann' });
    expect(nodes[rig.node('a')]).not.toHaveProperty('lease_until');
    expect(counters).toMatchObject({ claimed: 0, finished: 1 });
    expect(await rig.take('bob')).toMatchObject({ kind: 'claimed', node: rig.node('b') });
  });

  test('the holder that reports done afterwards is taken up once, with its output; failed is late', async () => {
    await rig.start({ a: '', b: '' });
    const [a, b] = [await rig.claim('ann'), await rig.claim('bob')];
    await rig.byHand('a', { status: 'done' });
    await rig.byHand('b', { status: 'done' });
    expect((await rig.document()).status).toBe('finished');
    expect(await rig.report(a, 'done', { output: 1, tokens: 5 })).toMatchObject({ status: 'finished' });
    expect(await rig.report(a, 'done', { output: 2 })).toMatchObject({ status: 'finished' });
    expect(await rig.report(b, 'failed', { summary: 'no' })).toMatchObject({ status: 'late' });
    const { nodes, tokens, status, counters } = await rig.document();
    expect(nodes[rig.node('a')]).toMatchObject({ status: 'finished', output: 1 });
    expect(nodes[rig.node('b')]).toMatchObject({ status: 'finished', late: [{ status: 'failed', summary: 'no' }] });
    expect([tokens, status, counters.finished]).toEqual([5, 'finished', 2]);
    expect(await rig.picture()).toBe('a done/ann, b done/bob');
  });

  test('cancelled or archived: the node is skipped, and what its holder brings is late', async () => {
    for (const fields of [{ status: 'cancelled' } as const, { archived: true }]) {
      rig = new SprintRig();
      await rig.start({ a: '', b: 'a' });
      const claim = await rig.claim('ann');
      await rig.byHand('a', fields);
      expect((await rig.document()).nodes[rig.node('a')]).toMatchObject({ status: 'skipped', outside: true });
      expect(await rig.held()).toEqual([]);
      expect(await rig.report(claim, 'done', { output: 1 })).toMatchObject({ status: 'late' });
      expect(await rig.take('bob')).toMatchObject({ node: rig.node('b') });
    }
  });

  test('a node that nobody holds ends with its task too, and the run with the last of them', async () => {
    await rig.start({ a: '', b: 'a' });
    await rig.byHand('b', { status: 'cancelled' });
    await rig.byHand('a', { status: 'done' });
    const { status, counters } = await rig.document();
    expect([status, counters.finished, counters.skipped]).toEqual(['finished', 1, 1]);
    await rig.byHand('a', { status: 'todo' });
    await rig.byHand('a', { status: 'done' });
    expect((await rig.document()).counters).toMatchObject({ finished: 1, skipped: 1 });
  });

  test('a task of no run, of a run that is over, or outside the run is saved as any other', async () => {
    await rig.given({ a: '' });
    expect(await rig.byHand('a', { status: 'done' })).toMatchObject({ created: false });
    await rig.byHand('a', { status: 'todo' });
    await rig.define();
    await rig.begin();
    await rig.control('cancel');
    await rig.byHand('a', { status: 'done' });
    expect((await rig.document()).nodes).toEqual({});
  });
});

describe('tasks changed by hand meanwhile', () => {
  test.each(['done', 'cancelled'] as const)('%s: the report counts, and the task stays as it is', async (status) => {
    await rig.start({ a: '', b: 'a' });
    const a = await rig.claim('ann');
    await rig.set(rig.id('a'), { status });
    expect(await rig.report(a, 'done')).toMatchObject({ status: 'finished', newly_ready: [rig.node('b')] });
    expect(await rig.picture()).toBe(`a ${status}/ann, b todo`);
  });

  test('done, then failed, released or cancelled in the run: still done', async () => {
    await rig.start({ a: '', b: '' });
    const [a, b] = [await rig.claim('ann'), await rig.claim('bob')];
    for (const key of ['a', 'b']) await rig.set(rig.id(key), { status: 'done' });
    await rig.report(a, 'failed', { errorKind: 'terminal' });
    await rig.report(b, 'released');
    await rig.control('cancel');
    expect(await rig.picture()).toBe('a done/ann, b done/bob');
  });

  test('blocked by hand while somebody works on it: done all the same', async () => {
    await rig.start({ a: '' });
    const a = await rig.claim('ann');
    await rig.set(rig.id('a'), { status: 'blocked', blocked_reason: 'wait' });
    await rig.report(a, 'done');
    expect(await rig.picture()).toBe('a done/ann');
  });

  test('a new need that is open: the report counts, and the task waits for it', async () => {
    await rig.start({ a: '' });
    const a = await rig.claim('ann');
    await rig.set(rig.id('a'), { needs: [await rig.task({})] });
    expect(await rig.report(a, 'done')).toMatchObject({ status: 'finished', run_status: 'finished' });
    expect(await rig.picture()).toBe('a active/ann');
  });

  test('what is done or dropped before it was claimed is given to nobody', async () => {
    await rig.start({ a: '', b: '', c: 'a b' });
    await rig.set(rig.id('a'), { status: 'done' });
    await rig.set(rig.id('b'), { status: 'cancelled' });
    expect(await rig.take('ann')).toMatchObject({ kind: 'claimed', node: rig.node('c') });
    const { nodes, counters } = await rig.document();
    expect(nodes).toMatchObject({ [rig.node('a')]: { status: 'finished' }, [rig.node('b')]: { status: 'skipped' } });
    expect(counters).toMatchObject({ finished: 1, skipped: 1, claimed: 1 });
    expect(await rig.picture()).toBe('a done, b cancelled, c active/ann');
  });

  test('a run whose last task is done by hand ends when somebody asks for work', async () => {
    await rig.start({ a: '' });
    await rig.set(rig.id('a'), { status: 'done' });
    expect(await rig.take('ann')).toMatchObject({ kind: 'none', none: 'finished' });
    expect((await rig.document()).status).toBe('finished');
  });

  test('blocked before it was claimed: not given, with the reason, hint or no hint', async () => {
    await rig.start({ a: '' });
    await rig.set(rig.id('a'), { status: 'blocked', blocked_reason: 'no key' });
    const none = await rig.take('ann', { hint: () => rig.node('a') });
    expect(none).toMatchObject({ none: 'all_blocked', why: expect.stringContaining('its task is blocked: no key') });
    await rig.set(rig.id('a'), { status: 'todo', needs: [await rig.task({})] });
    expect(await rig.take('ann')).toMatchObject({ why: expect.stringContaining('its task needs TSK-2') });
  });
});
