// Agents that hooks report, given/when/then: which are live, their names, when they end, and how many are kept.

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  AGENT_SPAN_MS,
  type AgentEvent,
  type AgentsDocument,
  agentsStream,
  isThere,
  type ReportedAgent,
  type ReportGrade,
  reportAgent,
} from '../../../src/domain/session/agents.ts';
import { agentKey } from '../../../src/domain/session/presence-key.ts';
import { NAME_PATTERN } from '../../../src/domain/team/channel.ts';
import { Rig } from '../../rig.ts';

const SESSION = 'ses-1';
let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

const say = (event: AgentEvent, grade: ReportGrade = 'hook') =>
  rig.do((tx, ctx) => reportAgent(tx, ctx, { session: SESSION, event, grade }));
const start = (agent: string, type = 'Explore', grade?: ReportGrade) => say({ kind: 'started', agent, type }, grade);
const stop = (agent: string) => say({ kind: 'stopped', agent });

async function agents(): Promise<ReportedAgent[]> {
  return Object.values((await rig.doc<AgentsDocument>(agentsStream(SESSION)))?.agents ?? {});
}

/** Names with their states. */
async function seen(): Promise<string[]> {
  return (await agents()).map(({ name, state }) => `${name} ${state}`).sort();
}

describe('subagents', () => {
  test('given two of one type, they have names of their own, and each ends alone', async () => {
    await start('a7cdca2e4d46e2444', 'general-purpose');
    await start('a3f63438147fa5c21', 'general-purpose');
    expect(await seen()).toEqual(['general-purpose-a3f634 active', 'general-purpose-a7cdca active']);
    await stop('a7cdca2e4d46e2444');
    expect(await seen()).toEqual(['general-purpose-a3f634 active', 'general-purpose-a7cdca ended']);
  });

  test('given ids that begin alike, the names still differ', async () => {
    for (const id of ['abcdef1', 'abcdef2', 'abcdef3']) await start(id);
    expect(new Set((await agents()).map(({ name }) => name)).size).toBe(3);
  });

  test('given an end that was reported before, or of nobody, nothing is written', async () => {
    expect((await stop('a1')).changed).toBe(false);
    expect(await rig.doc(agentsStream(SESSION))).toBeUndefined();
    await start('a1');
    await stop('a1');
    expect((await stop('a1')).changed).toBe(false);
  });

  test('given an end, the client may go on with the same agent, under the same name', async () => {
    await start('a1');
    await stop('a1');
    await start('a1');
    expect(await seen()).toEqual(['explore-a1 active']);
  });

  test('given both kinds of hooks, the second report is no news, and the better grade counts', async () => {
    await start('a1', 'Explore', 'claimed');
    expect((await start('a1', 'Explore', 'claimed')).changed).toBe(false);
    expect((await start('a1', 'Explore', 'hook')).changed).toBe(true);
    expect((await start('a1', 'Explore', 'claimed')).changed).toBe(false);
    expect(await agents()).toMatchObject([{ grade: 'hook' }]);
  });
});

describe('teammates', () => {
  test('given a teammate that idles, finishes a task and idles again, its state follows', async () => {
    await say({ kind: 'idle', teammate: 'reviewer' });
    expect(await seen()).toEqual(['reviewer idle']);
    await say({ kind: 'active', teammate: 'reviewer' });
    expect(await seen()).toEqual(['reviewer active']);
    await say({ kind: 'idle', teammate: 'reviewer' });
    expect(await seen()).toEqual(['reviewer idle']);
  });

  test('given the same state again, it is a commit only after a while', async () => {
    await say({ kind: 'idle', teammate: 'reviewer' });
    const [before] = await agents();
    rig.now += 59_000;
    expect((await say({ kind: 'idle', teammate: 'reviewer' })).changed).toBe(false);
    rig.now += 1_000;
    await say({ kind: 'idle', teammate: 'reviewer' });
    const [after] = await agents();
    expect(after?.since).toBe(before?.since);
    expect(Date.parse(after?.seen_at ?? '')).toBe(rig.now);
  });

  test('given names that differ only in what cannot be part of a name, they are two', async () => {
    await say({ kind: 'idle', teammate: 'Code Review' });
    await say({ kind: 'idle', teammate: 'code/review' });
    await say({ kind: 'idle', teammate: 'code-review' });
    const names = (await agents()).map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
    expect(names).toContain('code-review');
  });
});

describe('the end', () => {
  test('given the end of the client session, all end in one commit', async () => {
    await start('a1');
    await say({ kind: 'idle', teammate: 'reviewer' });
    const before = rig.documents.store.seq();
    await say({ kind: 'over' });
    expect(rig.documents.store.seq()).toBe(before + 1);
    expect(await seen()).toEqual(['explore-a1 ended', 'reviewer ended']);
    expect((await say({ kind: 'over' })).changed).toBe(false);
  });

  test('given no end, an agent is there for its span and no longer, unless it was seen itself', async () => {
    await start('a1');
    const [agent] = await agents();
    if (agent === undefined) throw new Error('no agent');
    const begun = rig.now;
    expect(isThere(agent, begun + AGENT_SPAN_MS - 1)).toBe(true);
    expect(isThere(agent, begun + AGENT_SPAN_MS)).toBe(false);
    expect(isThere(agent, begun + AGENT_SPAN_MS, begun + 1)).toBe(true);
    rig.now += AGENT_SPAN_MS;
    // The decision sees what the views see: presence of the agent itself counts, and its own time apart.
    expect(rig.presence.lastSeen(agentKey(SESSION, agent.name))).toBeUndefined();
    await start('a1');
    expect((await agents())[0]?.since).toBe(new Date(rig.now).toISOString());
  });

  test('given a thousand agents that came and went, the newest fifty are kept', async () => {
    for (let at = 0; at < 60; at += 1) {
      rig.now += 1_000;
      await start(`a${at}x`);
      await stop(`a${at}x`);
    }
    rig.now += 1_000;
    await start('last');
    const kept = await agents();
    expect(kept).toHaveLength(51);
    expect(kept.some(({ name }) => name === 'explore-a9x')).toBe(false);
    expect(kept.some(({ name }) => name === 'explore-a10x')).toBe(true);
  });

  test('given more than two hundred at once, the oldest are forgotten', async () => {
    for (let at = 0; at < 203; at += 1) {
      rig.now += 1;
      await start(`a${at}x`);
    }
    expect(await agents()).toHaveLength(200);
    await say({ kind: 'over' });
    expect(await agents()).toHaveLength(50);
  });
});

test('given a document of a newer program, it is left alone', async () => {
  await start('a1');
  await rig.do((tx) => {
    tx.edit<{ schema: number }>(agentsStream(SESSION), { type: 'agent.started' }, (draft) => {
      draft.schema = 2;
    });
    return { ok: true, value: undefined };
  });
  expect(
    await rig.refused((tx, ctx) => reportAgent(tx, ctx, { session: SESSION, event: { kind: 'over' }, grade: 'hook' })),
  ).toMatchObject({ code: 'store-newer' });
});

test('whatever is reported in whatever order, names are harmless and unique, and the document is bounded and as a model says', async () => {
  const text = fc.oneof(
    fc.constantFrom(
      'a1',
      'a2',
      'abcdef1',
      'abcdef2',
      '__proto__',
      'constructor',
      '../../x',
      'a/b',
      '',
      ' ',
      '\u202e\u0000',
      '审查',
    ),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );
  const event: fc.Arbitrary<AgentEvent> = fc.oneof(
    fc.record({ kind: fc.constant('started' as const), agent: text, type: text }),
    fc.record({ kind: fc.constant('stopped' as const), agent: text }),
    fc.record({ kind: fc.constantFrom('idle' as const, 'active' as const), teammate: text }),
    fc.record({ kind: fc.constantFrom('over' as const, 'seen' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(event, fc.nat(60_000)), { maxLength: 40 }), async (events) => {
      rig = new Rig();
      const model = new Map<string, 'active' | 'idle'>();
      for (const [one, later] of events) {
        rig.now += later;
        await say(one);
        if (one.kind === 'started') model.set(`sub ${one.agent}`, 'active');
        if (one.kind === 'stopped') model.delete(`sub ${one.agent}`);
        if (one.kind === 'idle' || one.kind === 'active') model.set(`mate ${one.teammate}`, one.kind);
        if (one.kind === 'over') model.clear();
      }
      const found = await agents();
      const there = found.filter((agent) => isThere(agent, rig.now));
      expect(there.map(({ state }) => state).sort()).toEqual([...model.values()].sort());
      expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
      for (const { name } of found) expect(name).toMatch(NAME_PATTERN);
    }),
    { numRuns: 150 },
  );
});
