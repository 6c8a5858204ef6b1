// Commands on runs: given a run, when somebody claims, reports or controls, then what. On the memory backend.

import { describe, expect, test } from 'vitest';
import { type ControlInput, controlRun } from '../../../src/domain/run/control.ts';
import { parseClaim, type RunDocument } from '../../../src/domain/run/document.ts';
import { moveClaims } from '../../../src/domain/run/handoff.ts';
import { renewClaim, spawnedNode } from '../../../src/domain/run/hold.ts';
import { abandonClaim, reapExpired } from '../../../src/domain/run/sweep.ts';
import { agentKey } from '../../../src/domain/session/presence-key.ts';
import { ok } from '../../../src/failure/failure.ts';
import { countNodes } from '../../../src/graph/ready/outcome.ts';
import { claimsOf, runsWithClaims } from '../../../src/views/session/claims.ts';
import { failureOf, okOf, RunRig, work } from '../../run-rig.ts';

const HOUR = 3_600_000;
const diamond = [work('a'), work('b', ['a']), work('c', ['a']), work('d', ['b', 'c'])];

function control(rig: RunRig, more: Partial<ControlInput> & { action: ControlInput['action'] }) {
  return rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, ...more }));
}

async function started(nodes = diamond, more = {}): Promise<RunRig> {
  const rig = new RunRig(nodes, more);
  await rig.start();
  return rig;
}

describe('claiming', () => {
  test('a diamond is done in order, by whoever asks', async () => {
    const rig = await started();
    const a = await rig.claimed();
    expect(okOf(await rig.claim({ agent: 'ses-one.two' }))).toMatchObject({
      kind: 'none',
      none: 'all_claimed',
      left: 4,
    });
    expect(okOf(await rig.report(a, 'done', { output: { n: 1 } }))).toMatchObject({
      status: 'finished',
      newly_ready: ['b', 'c'],
      run_status: 'running',
    });
    const b = await rig.claimed();
    const c = await rig.claimed({ agent: 'ses-one.two' });
    await rig.report(b, 'done');
    await rig.report(c, 'done');
    const d = await rig.claimed();
    expect(okOf(await rig.report(d, 'done'))).toMatchObject({ status: 'finished', run_status: 'finished' });
    expect(okOf(await rig.claim())).toMatchObject({ kind: 'none', none: 'finished', left: 0 });
    expect(rig.document().ended_at).toBeDefined();
    expect(rig.document().counters).toEqual(countNodes(rig.document().nodes));
  });

  test('asked again, the same agent gets the claim that it holds; another one does not', async () => {
    const rig = await started([work('a'), work('b')]);
    const first = await rig.claimed({ again: true });
    expect(okOf(await rig.claim({ again: true }))).toMatchObject({ claim: first, again: true });
    expect(await rig.claimed({ again: true, agent: 'ses-one.two' })).not.toBe(first);
    expect(rig.picture()).toBe('a claimed 1/1, b claimed 1/1');
  });

  test('max_parallel holds, and says so', async () => {
    const rig = new RunRig([work('a'), work('b')]);
    await rig.start({ maxParallel: 1 });
    await rig.claimed();
    const none = okOf(await rig.claim({ agent: 'ses-one.two' }));
    expect(none).toMatchObject({ kind: 'none', none: 'all_claimed' });
    expect(none.kind === 'none' && none.why).toContain('at most 1');
  });

  test.each([
    ['another agent', { agent: 'critic' }, {}, 'for the agent "critic"'],
    ['missing skills', { skills: ['review', 'go'] }, { skills: ['go'] }, 'takes the skills review'],
  ])('a node for %s is not given', async (_, node, claim, why) => {
    const rig = await started([work('a', [], node)]);
    const none = okOf(await rig.claim(claim));
    expect(none).toMatchObject({ kind: 'none', none: 'all_blocked' });
    expect(none.kind === 'none' && none.why).toContain(why);
    expect(failureOf(await rig.claim({ ...claim, node: 'a' }))).toMatchObject({ code: 'node-not-ready', node: 'a' });
    expect(okOf(await rig.claim({ agentName: 'critic', skills: ['go', 'review'] }))).toMatchObject({ kind: 'claimed' });
  });

  test('a node by name: refused with the reason', async () => {
    const rig = await started();
    expect(failureOf(await rig.claim({ node: 'd' }))).toMatchObject({ why: expect.stringContaining('needs b, c') });
    expect(failureOf(await rig.claim({ node: 'x' }))).toMatchObject({ code: 'unknown-node' });
    expect(failureOf(await rig.claim({ run: 'run-nothere' }))).toMatchObject({ code: 'unknown-run' });
    await rig.claimed();
    expect(failureOf(await rig.claim({ node: 'a' }))).toMatchObject({
      why: expect.stringContaining('claimed by main'),
    });
  });

  test('an agent’s presence key is an id, whatever its name', () => {
    expect(agentKey('ses-one', 'Critic')).toBe('ses-one.critic');
    expect(agentKey('ses-one', 'Ä b')).toMatch(/^ses-one\.[0-9a-f]{16}$/);
    expect(agentKey('ses-one', 'x')).not.toBe(agentKey('ses-two', 'x'));
  });

  test('a claim’s parts survive dots in node ids; a guess is unknown', async () => {
    const rig = await started([work('a.1.b')]);
    const claim = await rig.claimed();
    expect(parseClaim(claim)).toEqual({ run: rig.run, node: 'a.1.b', fence: 1 });
    for (const wrong of ['', 'x', `${claim.slice(0, -1)}!`, `${rig.run}.a.1.b.1.zzzzzz`, `${rig.run}.a.1.b.2.abcdef`]) {
      expect(failureOf(await rig.report(wrong, 'done')), wrong).toEqual({ code: 'unknown-claim', claim: wrong });
    }
  });
});

describe('leases', () => {
  test('an ended lease: the node is claimed again with a new fence, and the old holder is told', async () => {
    const rig = await started([work('a'), work('b', ['a'])]);
    const old = await rig.claimed();
    rig.clock.now += HOUR;
    const next = await rig.claimed({ agent: 'ses-two.main', session: 'ses-two' });
    expect(rig.picture()).toBe('a claimed 1/2');
    expect(failureOf(await rig.report(old, 'progress'))).toMatchObject({
      code: 'stale-claim',
      why: expect.stringContaining('fence 2'),
    });
    expect(okOf(await rig.report(old, 'done', { output: 'old' }))).toMatchObject({ status: 'late', newly_ready: [] });
    expect(okOf(await rig.report(old, 'done', { output: 'old' }))).toMatchObject({ status: 'late' });
    await rig.report(next, 'done', { output: 'new' });
    expect(rig.node('a')).toMatchObject({
      output: 'new',
      late: [{ claim: old, output: 'old' }],
      lost: [{ claim: old }],
    });
    expect(rig.node('a')?.late).toHaveLength(1);
  });

  test('a guess with an old fence is no old claim; a claim that was given back is one, and so is a moved one', async () => {
    const rig = await started([work('a')]);
    const first = await rig.claimed();
    await rig.report(first, 'released');
    const second = await rig.claimed();
    const guess = `${first.slice(0, -6)}zzzzzz`;
    for (const status of ['done', 'failed', 'progress'] as const)
      expect(failureOf(await rig.report(guess, status))).toEqual({ code: 'unknown-claim', claim: guess });
    expect(rig.node('a')?.late).toBeUndefined();
    expect(okOf(await rig.report(first, 'done', { output: 1 }))).toMatchObject({ status: 'late' });
    const moving = { from: 'ses-one', to: 'ses-two', runs: [rig.run] };
    const { claims } = okOf(await rig.do((tx, ctx) => ok(moveClaims(tx, ctx, moving))));
    expect(failureOf(await rig.report(second, 'progress'))).toMatchObject({ code: 'stale-claim' });
    expect(okOf(await rig.report(second, 'failed'))).toMatchObject({ status: 'late' });
    expect(okOf(await rig.report(claims[0]?.claim ?? '', 'done'))).toMatchObject({ status: 'finished' });
    expect(rig.node('a')?.late).toMatchObject([{ claim: first }, { claim: second }]);
  });

  test('a late result that nobody waited out is adopted; what else comes late is not', async () => {
    const rig = await started([work('a'), work('b', ['a'])]);
    const claim = await rig.claimed();
    rig.clock.now += HOUR;
    expect(failureOf(await rig.report(claim, 'progress'))).toMatchObject({ code: 'stale-claim' });
    expect(failureOf(await rig.report(claim, 'released'))).toMatchObject({ code: 'stale-claim' });
    expect(okOf(await rig.report(claim, 'failed', { summary: 'no' }))).toMatchObject({ status: 'late' });
    expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ status: 'finished', newly_ready: ['b'] });
    expect(okOf(await rig.report(claim, 'done'))).toMatchObject({ status: 'finished' });
  });

  test('progress makes it last, and commits only what it must', async () => {
    const rig = await started([work('a')]);
    const claim = await rig.claimed();
    const seq = rig.documents.store.seq();
    expect(okOf(await rig.report(claim, 'progress'))).toMatchObject({ status: 'running' });
    expect(rig.documents.store.seq()).toBe(seq);
    rig.clock.now += 400_000;
    const { lease_ends } = okOf(await rig.report(claim, 'progress', { percent: 40, summary: 'half' }));
    expect(lease_ends).toBe(rig.clock.now + 600_000);
    expect(rig.node('a')).toMatchObject({ percent: 40, summary: 'half', lease_until: lease_ends });
    rig.clock.now += 500_000;
    expect(okOf(await rig.do((tx, ctx) => renewClaim(tx, ctx, { claim })))).toBe(rig.clock.now + 600_000);
  });

  test('an effect that must not be repeated waits for a decision', async () => {
    const rig = await started([work('a', [], { effect: 'once' }), work('b', ['a'])]);
    const claim = await rig.claimed();
    rig.clock.now += HOUR;
    expect(okOf(await rig.claim({ agent: 'ses-two.main' }))).toMatchObject({ none: 'all_blocked' });
    expect(rig.picture()).toBe('a needs_decision 1/1');
    expect(rig.document().status).toBe('stuck');
    expect(okOf(await rig.report(claim, 'done', { output: 7 }))).toMatchObject({
      status: 'finished',
      run_status: 'running',
    });
    expect(rig.node('a')).toMatchObject({ output: 7 });
  });

  test.each([
    ['done', 'finished', 'running'],
    ['failed', 'failed', 'failed'],
    ['retry', 'retrying', 'running'],
    ['skip', 'skipped', 'running'],
  ] as const)('decided %s: the node is %s, the run %s', async (decision, status, runStatus) => {
    const rig = await started([work('a', [], { effect: 'once' }), work('b', ['a'])]);
    const claim = await rig.claimed();
    rig.clock.now += HOUR;
    expect(okOf(await rig.do((tx, ctx) => reapExpired(tx, ctx, rig)))).toBe(true);
    expect(failureOf(await control(rig, { action: 'decide', node: 'a' }))).toMatchObject({ code: 'invalid-input' });
    const decided = okOf(await control(rig, { action: 'decide', node: 'a', decision, output: 1, reason: 'seen' }));
    expect(decided).toMatchObject({ node_status: status, status: runStatus });
    expect(rig.document().counters).toEqual(countNodes(rig.document().nodes));
    expect(okOf(await rig.report(claim, 'done')).status).toBe(
      status === 'retrying' ? 'finished' : status === 'finished' ? 'finished' : 'late',
    );
  });

  test('a dead server’s claim: repeatable work is free at once, the rest waits for a decision', async () => {
    for (const [effect, picture] of [
      ['pure', 'a retrying 0/1'],
      ['once', 'a needs_decision 1/1'],
    ]) {
      const rig = await started([work('a', [], { effect })]);
      const claim = await rig.claimed({ server: { host: 'h', boot: 'b', pid: 7, start: '1' } });
      await rig.do((tx, ctx) => spawnedNode(tx, ctx, { claim, pid: 8, start: '2' }));
      expect(rig.node('a')).toMatchObject({ server: { pid: 7 }, process: { pid: 8, start: '2' } });
      expect(okOf(await rig.do((tx, ctx) => abandonClaim(tx, ctx, { claim, why: 'gone' })))).toBe(true);
      expect(rig.picture()).toBe(picture);
      expect(okOf(await rig.do((tx, ctx) => abandonClaim(tx, ctx, { claim, why: 'gone' })))).toBe(false);
      expect(failureOf(await rig.do((tx, ctx) => spawnedNode(tx, ctx, { claim, pid: 9, start: '3' })))).toMatchObject({
        code: 'stale-claim',
      });
    }
  });
});

describe('failures', () => {
  const retrying = { retry: { max_attempts: 2, backoff_s: 10, factor: 1 } };

  test('retryable: waits, tries again, then the run fails; a retry by hand goes on', async () => {
    const rig = await started([work('a', [], retrying), work('b', ['a'])]);
    const first = await rig.claimed();
    expect(okOf(await rig.report(first, 'failed', { summary: 'flaky' }))).toMatchObject({ status: 'retrying' });
    expect(okOf(await rig.report(first, 'failed', { summary: 'flaky' }))).toMatchObject({ status: 'retrying' });
    expect(okOf(await rig.claim())).toMatchObject({ kind: 'none', none: 'all_blocked', until: expect.any(Number) });
    rig.clock.now += 10_001;
    const second = await rig.claimed();
    expect(rig.node('a')?.error).toEqual({ kind: 'retryable', message: 'flaky' });
    expect(okOf(await rig.report(second, 'failed'))).toMatchObject({ status: 'failed', run_status: 'failed' });
    expect(okOf(await control(rig, { action: 'retry_node', node: 'a' }))).toMatchObject({ status: 'running' });
    expect(rig.document().ended_at).toBeUndefined();
    await rig.report(await rig.claimed(), 'done');
    await rig.report(await rig.claimed(), 'done');
    expect(rig.document().status).toBe('finished');
    expect(rig.picture()).toBe('a finished 3/3, b finished 1/1');
  });

  test('terminal: no second try', async () => {
    const rig = await started([work('a', [], retrying)]);
    const report = await rig.report(await rig.claimed(), 'failed', { errorKind: 'terminal' });
    expect(okOf(report)).toMatchObject({ status: 'failed', run_status: 'failed' });
  });

  test('rate limited: waits as told, and no try is spent', async () => {
    const rig = await started([work('a')]);
    await rig.report(await rig.claimed(), 'failed', { errorKind: 'rate_limited', retryAfterS: 30 });
    expect(rig.node('a')).toMatchObject({ status: 'retrying', attempt: 0, not_before: rig.clock.now + 30_000 });
    rig.clock.now += 30_000;
    await rig.claimed();
    expect(rig.picture()).toBe('a claimed 1/2');
  });

  test('needs another agent: the same one does not get it again', async () => {
    const rig = await started([work('a')]);
    await rig.report(await rig.claimed(), 'failed', { errorKind: 'needs_other_agent' });
    expect(okOf(await rig.claim())).toMatchObject({
      none: 'all_blocked',
      why: expect.stringContaining('cannot do it'),
    });
    await rig.claimed({ agent: 'ses-one.two' });
  });

  test('given back for ever: somebody must look', async () => {
    const rig = await started([work('a')]);
    for (let i = 0; i < 30 && rig.node('a')?.status !== 'needs_decision'; i++) {
      await rig.report(await rig.claimed(), 'released');
    }
    expect(rig.picture()).toBe('a needs_decision 1/11');
  });

  test('interrupted: repeatable work is free, the rest is asked about', async () => {
    const rig = await started([work('a'), work('b', [], { effect: 'once' })], { on_failure: 'continue' });
    await rig.report(await rig.claimed({ node: 'a' }), 'interrupted');
    await rig.report(await rig.claimed({ node: 'b' }), 'interrupted');
    expect(rig.picture()).toBe('a retrying 0/1, b needs_decision 1/1');
  });

  test.each([
    ['fail_fast', 'finished', 'failed'],
    ['continue', 'all_claimed', 'failed'],
  ] as const)('%s', async (on_failure, none, end) => {
    const rig = await started([work('a'), work('b'), work('c', ['a'])], { on_failure });
    const a = await rig.claimed({ node: 'a' });
    if (on_failure === 'fail_fast') {
      await rig.report(a, 'failed', { errorKind: 'terminal' });
      expect(okOf(await rig.claim())).toMatchObject({ none });
    } else {
      const b = await rig.claimed({ node: 'b' });
      expect(okOf(await rig.report(a, 'failed', { errorKind: 'terminal' })).run_status).toBe('running');
      expect(okOf(await rig.claim())).toMatchObject({ none });
      expect(okOf(await rig.report(b, 'done')).run_status).toBe('failed');
    }
    expect(rig.document().status).toBe(end);
  });
});

describe('control', () => {
  test('paused: nothing new starts, what runs is heard, resumed it goes on', async () => {
    const rig = await started();
    const a = await rig.claimed();
    expect(okOf(await control(rig, { action: 'pause' }))).toMatchObject({ status: 'paused' });
    expect(okOf(await rig.report(a, 'done'))).toMatchObject({ status: 'finished', run_status: 'paused' });
    expect(okOf(await rig.claim())).toMatchObject({ none: 'paused' });
    expect(failureOf(await rig.claim({ node: 'b' }))).toMatchObject({ why: 'the run is paused' });
    expect(okOf(await control(rig, { action: 'resume' }))).toMatchObject({ status: 'running' });
    await rig.claimed();
  });

  test('cancelled: holders are told to stop, and their results have no effect', async () => {
    const rig = await started();
    const a = await rig.claimed();
    expect(okOf(await control(rig, { action: 'cancel' }))).toMatchObject({ status: 'cancelled' });
    expect(okOf(await rig.report(a, 'progress'))).toMatchObject({ cancel_requested: true, run_status: 'cancelled' });
    expect(okOf(await rig.report(a, 'done'))).toMatchObject({ status: 'late', cancel_requested: true });
    for (const action of ['pause', 'resume'] as const) {
      expect(failureOf(await control(rig, { action })), action).toMatchObject({
        code: 'illegal-transition',
        legal: [],
      });
    }
    expect(failureOf(await control(rig, { action: 'retry_node', node: 'a' }))).toMatchObject({
      code: 'illegal-transition',
    });
    expect(rig.document().counters).toEqual(countNodes(rig.document().nodes));
  });

  test('skipped: successors start; a holder is late; what has begun after it cannot be undone', async () => {
    const rig = await started();
    const a = await rig.claimed();
    expect(okOf(await control(rig, { action: 'skip_node', node: 'a' })).newly_ready).toEqual(['b', 'c']);
    expect(okOf(await rig.report(a, 'done'))).toMatchObject({ status: 'late' });
    okOf(await control(rig, { action: 'retry_node', node: 'a' }));
    okOf(await control(rig, { action: 'skip_node', node: 'a' }));
    await rig.claimed({ node: 'b' });
    expect(failureOf(await control(rig, { action: 'retry_node', node: 'a' }))).toMatchObject({
      code: 'illegal-transition',
    });
    expect(failureOf(await control(rig, { action: 'retry_node', node: 'd' }))).toMatchObject({
      from: 'waiting',
      legal: ['skipped'],
    });
    expect(failureOf(await control(rig, { action: 'skip_node', node: 'x' }))).toMatchObject({ code: 'unknown-node' });
  });
});

describe('handover and views', () => {
  test('claims move with new fences; the old ones are stale; both sessions see their own', async () => {
    const rig = await started([work('a', [], { title: 'Alpha' }), work('b')]);
    const a = await rig.claimed({ node: 'a' });
    await rig.claimed({ node: 'b', agent: 'ses-x.main', session: 'ses-x' });
    const runs = rig.documents.peek((view) => runsWithClaims(view, 'ses-one'));
    expect(runs).toEqual([rig.run]);
    const input = { from: 'ses-one', to: 'ses-two', runs };
    const { claims } = okOf(await rig.do((tx, ctx) => ({ ok: true, value: moveClaims(tx, ctx, input) })));
    expect(claims).toMatchObject([{ run: rig.run, node: 'a', title: 'Alpha' }]);
    expect(failureOf(await rig.report(a, 'progress'))).toMatchObject({ code: 'stale-claim' });
    expect(rig.node('a')).toMatchObject({ session: 'ses-two', agent: 'ses-two.main', fence: 2, attempt: 1 });
    expect(rig.node('b')).toMatchObject({ session: 'ses-x', fence: 1 });
    expect(okOf(await rig.report(claims[0]?.claim ?? '', 'done'))).toMatchObject({ status: 'finished' });
  });

  test('held, then unverifiable, then lost with its late result', async () => {
    const rig = await started([work('a')]);
    const claim = await rig.claimed();
    const states = () =>
      rig.documents
        .peek((view) => claimsOf(view, 'ses-one', undefined, rig.clock.now))
        .map(({ state, late }) => `${state} ${late}`);
    expect(states()).toEqual(['held 0']);
    rig.clock.now += HOUR;
    expect(states()).toEqual(['unverifiable 0']);
    await rig.claimed({ agent: 'ses-two.main', session: 'ses-two' });
    await rig.report(claim, 'done');
    expect(states()).toEqual(['lost 1']);
  });
});

describe('resuming', () => {
  test('takes over exactly what is unchanged, and says why the rest runs again', async () => {
    const rig = await started();
    for (const node of ['a', 'b', 'c']) await rig.report(await rig.claimed({ node }), 'done', { output: node });
    const earlier = rig.run;
    const same = await rig.start({ resumeFrom: earlier });
    expect(same).toMatchObject({ reused: ['a', 'b', 'c'], rerun: [], ready: ['d'], status: 'running' });
    expect(rig.node('b')).toMatchObject({ status: 'finished', output: 'b', reused_from: earlier });
    const changed = new RunRig(
      [work('a'), work('b', ['a'], { task: 'else' }), work('c', ['a']), work('d', ['b', 'c'])],
      {},
      rig.documents,
    );
    const next = await changed.start({ resumeFrom: earlier });
    expect(next).toMatchObject({ reused: ['a', 'c'], rerun: ['b'], ready: ['b'] });
    expect(next.why).toEqual([
      { node: 'b', reason: 'its definition has changed' },
      { node: 'd', reason: 'it had not finished (waiting)' },
    ]);
    expect(await changed.start({ resumeFrom: earlier, inputs: { x: 1 } })).toMatchObject({ reused: [], ready: ['a'] });
    const doc: RunDocument = changed.document();
    expect(doc.counters).toEqual(countNodes(doc.nodes));
  });
});
