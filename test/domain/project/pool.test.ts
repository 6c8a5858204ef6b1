// Limits of a project on its agents: claims at once in all runs together, claims of one pool, tokens of one run. The
// list of claims is right however they end, and no two processes give the last one. Seeds are printed on failure.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Documents } from '../../../src/documents/documents.ts';
import { liveClaims, type PoolDocument, poolOf, poolSize, poolStream } from '../../../src/domain/resource/pool.ts';
import { controlRun } from '../../../src/domain/run/control.ts';
import type { RunDocument } from '../../../src/domain/run/document.ts';
import { moveClaims } from '../../../src/domain/run/handoff.ts';
import { leaseEnd } from '../../../src/graph/ready/run-node.ts';
import type { JsonObject } from '../../../src/json/json.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence } from '../../../src/store/memory.ts';
import { failureOf, memoryDocuments, okOf, RunRig, work } from '../../run-rig.ts';

const LEASE_S = 60;
const more = { timeouts: { lease_s: LEASE_S }, retry: { max_attempts: 5, backoff_s: 0 } };

/** A started run of nodes without needs, in a project with this configuration. */
async function given(nodes: number, config: JsonObject = {}, documents?: Documents): Promise<RunRig> {
  const rig = new RunRig(
    Array.from({ length: nodes }, (_, at) => work(`n${at}`, [], more)),
    {},
    documents,
  );
  await rig.configure(config);
  await rig.start();
  return rig;
}

const agent = (name: string, session = 'ses-one') => ({ agent: `${session}.${name}`, agentName: name, session });
const listed = (rig: RunRig) =>
  Object.keys(rig.documents.peek((view) => view.get<PoolDocument>(poolStream('prj')))?.held ?? {}).sort();

describe('max_concurrent_agents', () => {
  test('is for all runs of the project together: the next agent gets one as soon as another ends', async () => {
    const one = await given(3, { global_settings: { max_concurrent_agents: 2 } });
    const two = await given(3, {}, one.documents);
    const first = await one.claimed(agent('a'));
    await two.claimed(agent('b'));
    expect(okOf(await two.claim(agent('c')))).toEqual({
      kind: 'none',
      none: 'limit',
      why: expect.stringMatching(/^2 claims are held in this project, and max_concurrent_agents is 2; .*project_save/),
      left: 3,
      until: one.clock.now + LEASE_S * 1_000,
    });
    expect(failureOf(await one.claim({ ...agent('c'), node: 'n2' }))).toMatchObject({ code: 'node-not-ready' });
    // Who asks again for what it holds is no further agent.
    expect(okOf(await one.claim({ ...agent('a'), again: true }))).toMatchObject({ kind: 'claimed', claim: first });
    okOf(await one.report(first, 'done'));
    await two.claimed(agent('c'));
    expect(listed(one)).toEqual([`${two.run}.n0`, `${two.run}.n1`]);
  });

  test('counts no claim whose lease has ended, and no command that a server runs', async () => {
    const rig = await given(4, { global_settings: { max_concurrent_agents: 1 } });
    await rig.claimed(agent('gone'));
    expect(okOf(await rig.claim(agent('b')))).toMatchObject({ none: 'limit' });
    rig.clock.now += LEASE_S * 1_000;
    await rig.claimed({ ...agent('b'), node: 'n1' });
    expect(okOf(await rig.claim(agent('c')))).toMatchObject({ none: 'limit' });
    const mixed = new RunRig([{ id: 'c', kind: 'command', command: ['true'] }, work('d')], {}, rig.documents);
    await mixed.start();
    const server = { host: 'h', boot: 'b', pid: 1, start: '1' };
    const byServer = {
      agent: 'server-1',
      agentName: 'server-1',
      performer: 'server' as const,
      session: undefined,
      server,
    };
    expect(okOf(await mixed.claim(byServer))).toMatchObject({ kind: 'claimed', node: 'c' });
    expect(listed(rig)).toHaveLength(2);
    // A day later nobody asks any more.
    rig.clock.now += 86_400_001 + LEASE_S * 1_000;
    await rig.claimed({ ...agent('d'), node: 'n3' });
    expect(listed(rig)).toEqual([`${rig.run}.n3`]);
  });

  test('counts a claim as long as it is made to last', async () => {
    const rig = await given(2, { global_settings: { max_concurrent_agents: 1 } });
    const claim = await rig.claimed(agent('a'));
    rig.clock.now += 45_000;
    okOf(await rig.report(claim, 'progress'));
    rig.clock.now += LEASE_S * 1_000 - 1;
    expect(okOf(await rig.claim(agent('b')))).toMatchObject({ none: 'limit' });
    rig.clock.now += 1;
    await rig.claimed({ ...agent('b'), node: 'n1' });
  });

  test('is in force at the next claim of every process', async () => {
    const shared = { log: new MemoryLog(), presence: new MemoryPresence(), blobs: new MemoryBlobs() };
    const [a, b] = [memoryDocuments({ ...shared, prefix: 'a' }), memoryDocuments({ ...shared, prefix: 'b' })];
    const rig = await given(9, { global_settings: { max_concurrent_agents: 1 } }, a);
    await rig.claimed(agent('x'));
    expect(okOf(await rig.claim(agent('y'), b))).toMatchObject({ none: 'limit' });
    await rig.configure({ global_settings: { max_concurrent_agents: 2 } });
    expect(okOf(await rig.claim(agent('y'), b))).toMatchObject({ kind: 'claimed' });
    expect(okOf(await rig.claim(agent('z'), b))).toMatchObject({ none: 'limit' });
  });

  test('is never exceeded by processes that race for it', async () => {
    const shared = { log: new MemoryLog(), presence: new MemoryPresence(), blobs: new MemoryBlobs() };
    const all = Array.from({ length: 4 }, (_, at) => memoryDocuments({ ...shared, prefix: `p${at}` }));
    const rig = await given(50, { global_settings: { max_concurrent_agents: 7 } }, all[0]);
    const claims = Array.from({ length: 40 }, (_, at) => rig.claim(agent(`a${at}`), all[at % 4]));
    const answers = (await Promise.all(claims)).map(okOf);
    expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(7);
    expect(listed(rig)).toHaveLength(7);
  });
});

describe('pools', () => {
  test('limit the agents of one name, numbered or not', async () => {
    const rig = await given(9, { pools: { coder: 2, 'gpt-4': { max: 1 } } });
    await rig.claimed(agent('coder'));
    await rig.claimed(agent('Coder-2'));
    expect(okOf(await rig.claim(agent('coder-3')))).toMatchObject({
      none: 'limit',
      why: expect.stringContaining('2 of the pool coder hold a claim, and it allows 2'),
    });
    await rig.claimed(agent('gpt-4'));
    expect(okOf(await rig.claim(agent('gpt-4', 'ses-two')))).toMatchObject({ none: 'limit' });
    await rig.claimed(agent('gpt-5'));
    await rig.claimed(agent('critic'));
    const pools = { coder: { max: 1 }, 'gpt-4': { max: 1 } };
    expect(['Coder-17', 'coder-x', 'gpt-4', 'gpt-4-2', 'toString'].map((name) => poolOf(pools, name))).toEqual([
      'coder',
      undefined,
      'gpt-4',
      'gpt-4',
      undefined,
    ]);
  });

  test('that go by demand grow and shrink with the work of the run', async () => {
    const config = { pools: { coder: { max: 3, policy: 'demand', nodes_per_agent: 2 } } };
    const few = await given(3, config);
    const claims = [await few.claimed(agent('coder-1')), await few.claimed(agent('coder-2'))];
    expect(okOf(await few.claim(agent('coder-3')))).toMatchObject({
      none: 'limit',
      why: expect.stringContaining('enough for what is ready'),
    });
    okOf(await few.report(claims[0] ?? '', 'done'));
    // Two nodes are left, one of them held: one agent will do.
    expect(okOf(await few.claim(agent('coder-3')))).toMatchObject({ none: 'limit' });
    okOf(await few.report(claims[1] ?? '', 'done'));
    await few.claimed(agent('coder-3'));
    expect(okOf(await few.claim(agent('coder-4')))).toMatchObject({ none: 'all_claimed' });
    const many = await given(20, config, few.documents);
    await many.claimed(agent('coder-5'));
    await many.claimed(agent('coder-6'));
    expect(okOf(await many.claim(agent('coder-7')))).toMatchObject({ why: expect.stringContaining('it allows 3') });
  });

  test.each([
    [{ max: 5 }, 1, 5],
    [{ max: 5, policy: 'demand' as const }, 3, 3],
    [{ max: 5, policy: 'demand' as const }, 30, 5],
    [{ max: 5, min: 2, policy: 'demand' as const }, 1, 2],
    [{ max: 5, policy: 'demand' as const, nodes_per_agent: 10 }, 21, 3],
  ])('%j with work for %i is %i', (pool, nodes, size) => {
    expect(poolSize(pool, nodes)).toBe(size);
  });
});

describe('token_budget', () => {
  test('is what the agents of a run report: used up, nothing more of it is given out until it is raised', async () => {
    const rig = await given(5, { global_settings: { token_budget: 1_000 } });
    const first = await rig.claimed(agent('a'));
    okOf(await rig.report(first, 'progress', { tokens: 400 }));
    okOf(await rig.report(first, 'failed', { tokens: 300 }));
    const again = await rig.claimed(agent('a'));
    okOf(await rig.report(again, 'done', { tokens: 299 }));
    expect(rig.document().tokens).toBe(999);
    const last = await rig.claimed(agent('a'));
    const open = await rig.claimed(agent('b'));
    okOf(await rig.report(last, 'released', { tokens: 1 }));
    expect(okOf(await rig.claim(agent('a')))).toMatchObject({
      none: 'budget',
      why: expect.stringMatching(/spent 1000 tokens of 1000; project_save .*"token_budget": 2000/),
      left: 4,
    });
    // What is under way may go on, and another run has a budget of its own.
    okOf(await rig.report(open, 'done', { tokens: 5_000 }));
    const other = await given(1, {}, rig.documents);
    okOf(await other.report(await other.claimed(agent('a')), 'done'));
    expect(okOf(await rig.claim(agent('a')))).toMatchObject({ none: 'budget' });
    await rig.configure({ global_settings: { token_budget: 10_000 } });
    await rig.claimed(agent('a'));
    expect(rig.document().tokens).toBe(6_000);
  });
});

/** What lists and runs say must be the same: the claims that still last. Answers how many. */
function compare(rigs: readonly RunRig[], now: number, lastSeen: (who: string) => number | undefined): number {
  const [first] = rigs;
  if (first === undefined) return 0;
  const pool = first.documents.peek((view) => structuredClone(view.get<PoolDocument>(poolStream('prj'))));
  const held: string[] = [];
  let spent = 0;
  for (const rig of rigs) {
    const run: RunDocument = rig.document();
    for (const node of Object.values(run.nodes)) {
      spent += node.tokens ?? 0;
      if (node.status === 'claimed' && leaseEnd(node, node.lease_ms ?? 0, now, lastSeen) > now)
        held.push(node.claim ?? '');
    }
  }
  expect(
    liveClaims(pool, { now, lastSeen })
      .map(({ claim }) => claim)
      .sort(),
  ).toEqual(held.sort());
  expect(rigs.reduce((sum, rig) => sum + (rig.document().tokens ?? 0), 0)).toBe(spent);
  return held.length;
}

test('the list of claims and the tokens are right after any claims, reports, ended leases, cancels and handoffs', async () => {
  const step = fc.record({
    do: fc.constantFrom(
      'claim',
      'claim',
      'claim',
      'done',
      'failed',
      'released',
      'progress',
      'wait',
      'seen',
      'cancel',
      'handoff',
      'retry',
      'limit',
    ),
    run: fc.nat(1),
    who: fc.nat(4),
    pick: fc.nat(20),
    ms: fc.integer({ min: 1, max: 40_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = { now: 1_000_000_000_000 };
      const seen = new Map<string, number>();
      const presence = Object.assign(new MemoryPresence(), { lastSeen: (who: string) => seen.get(who) });
      const documents = memoryDocuments({ clock, presence });
      const limits = { global_settings: { max_concurrent_agents: 4 }, pools: { a3: 1 } };
      const one = await given(6, limits, documents);
      const two = await given(6, {}, one.documents);
      const rigs = [one, two];
      const lastSeen = (who: string) => seen.get(who);
      let most = 4;
      let before = 0;
      for (const { do: what, run, who, pick, ms } of steps) {
        const rig = rigs[run] ?? one;
        const claims = Object.values(rig.document().nodes).flatMap(({ claim }) => claim ?? []);
        const claim = claims[pick % Math.max(1, claims.length)] ?? '';
        if (what === 'claim') await rig.claim({ ...agent(`a${who}`, who % 2 === 0 ? 'ses-one' : 'ses-two') });
        else if (what === 'wait') clock.now += ms;
        else if (what === 'seen') seen.set(`ses-one.a${who}`, clock.now);
        else if (what === 'cancel' && pick === 0)
          await rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action: 'cancel' }));
        else if (what === 'handoff') {
          const input = { from: 'ses-one', to: 'ses-two', runs: rigs.map((each) => each.run) };
          await rig.do((tx, ctx) => ({ ok: true, value: moveClaims(tx, ctx, input) }));
        } else if (what === 'retry') {
          const input = { run: rig.run, action: 'retry_node' as const, node: `n${pick % 6}` };
          await rig.do((tx, ctx) => controlRun(tx, ctx, input));
        } else if (what === 'limit') {
          most = 1 + (pick % 4);
          await one.configure({ global_settings: { max_concurrent_agents: most } });
        } else if (what !== 'cancel') await rig.report(claim, what, { tokens: pick });
        const held = compare(rigs, clock.now, lastSeen);
        if (what === 'claim' && held > before) expect(held).toBeLessThanOrEqual(most);
        before = held;
      }
    }),
    { numRuns: 150 },
  );
});

describe('without a limit', () => {
  const none = { global_settings: { max_concurrent_agents: 0 } };

  test('the list of claims is not written, and any number of agents gets work', async () => {
    const rig = await given(30, none);
    const claims: string[] = [];
    for (let at = 0; at < 25; at += 1) claims.push(await rig.claimed(agent(`a${at}`)));
    okOf(await rig.report(claims[0] ?? '', 'progress'));
    okOf(await rig.report(claims[1] ?? '', 'done'));
    expect(rig.documents.peek((view) => view.version(poolStream('prj')))).toBe(0);
  });

  test('a limit that is set later counts the claims of the run, and others from their next sign of life', async () => {
    const one = await given(3, none);
    const two = await given(3, {}, one.documents);
    const first = await one.claimed(agent('a'));
    await one.configure({ global_settings: { max_concurrent_agents: 1 } });
    expect(okOf(await one.claim(agent('b')))).toMatchObject({ none: 'limit' });
    one.clock.now += (LEASE_S * 1_000) / 2 + 1;
    okOf(await one.report(first, 'progress'));
    expect(okOf(await two.claim(agent('b')))).toMatchObject({ none: 'limit' });
    okOf(await one.report(first, 'done'));
    await two.claimed(agent('b'));
  });

  test('a claim that was listed under a limit leaves the list when it ends', async () => {
    const rig = await given(3, { global_settings: { max_concurrent_agents: 5 } });
    const claim = await rig.claimed(agent('a'));
    await rig.configure(none);
    await rig.claimed(agent('b'));
    expect(listed(rig)).toEqual([`${rig.run}.n0`]);
    okOf(await rig.report(claim, 'done'));
    expect(listed(rig)).toEqual([]);
  });
});
