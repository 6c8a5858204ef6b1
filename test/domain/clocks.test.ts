// A clock that was a year ahead for a moment, and was then put right: nothing that was promised in that moment lasts a
// year, and nothing that is promised afterwards.

import { describe, expect, test } from 'vitest';
import { standingOf } from '../../src/domain/project/approval.ts';
import { acquire } from '../../src/domain/resource/commands.ts';
import { lockStream } from '../../src/domain/resource/document.ts';
import { liveClaims, type PoolDocument, poolStream } from '../../src/domain/resource/pool.ts';
import { renewClaim } from '../../src/domain/run/hold.ts';
import { reportAgent } from '../../src/domain/session/agents.ts';
import { MODE_SPAN_MS, type SessionDocument, sessionStream, statusAt } from '../../src/domain/session/document.ts';
import type { DecisionDocument } from '../../src/domain/team/decision.ts';
import { sendMessage } from '../../src/domain/team/send.ts';
import type { Presence } from '../../src/store/port.ts';
import { Rig } from '../rig.ts';
import { memoryDocuments, okOf, RunRig, work } from '../run-rig.ts';

const YEAR = 365 * 86_400_000;
const LEASE_MS = 60_000;

/** A run on a clock and a presence that the test sets. */
async function given(more: object = {}) {
  const clock = { now: Date.parse('2026-03-01T00:00:00Z') };
  const seen = new Map<string, number>();
  const presence = { lastSeen: (who: string) => seen.get(who) } as Presence;
  const documents = memoryDocuments({ clock, presence });
  const rig = new RunRig([work('a', [], { timeouts: { lease_s: LEASE_MS / 1_000 }, ...more })], {}, documents);
  await rig.start();
  return { rig, clock, seen };
}
const other = { agent: 'ses-two.main', session: 'ses-two' };

describe('a claim of a moment a year ahead', () => {
  test('is over, and its node free, unless its holder is seen', async () => {
    const { rig, clock, seen } = await given();
    clock.now += YEAR;
    await rig.claimed();
    clock.now -= YEAR;
    seen.set('ses-one.main', clock.now);
    expect(okOf(await rig.claim(other))).toMatchObject({ kind: 'none', until: clock.now + LEASE_MS });
    clock.now += LEASE_MS;
    expect(okOf(await rig.claim(other))).toMatchObject({ kind: 'claimed', fence: 2 });
  });

  test('holds no place of its pool, and is renewed to an end of the clock put right', async () => {
    const { rig, clock, seen } = await given();
    clock.now += YEAR;
    const claim = await rig.claimed();
    clock.now -= YEAR;
    const live = (now: number) =>
      rig.documents.peek((view) =>
        liveClaims(view.get<PoolDocument>(poolStream('prj')), { now, lastSeen: (who) => seen.get(who) }),
      );
    expect(live(clock.now)).toEqual([]);
    seen.set('ses-one.main', clock.now - LEASE_MS + 1_000);
    expect(live(clock.now)).toHaveLength(1);
    const renewed = okOf(await rig.do((tx, ctx) => renewClaim(tx, ctx, { claim })));
    expect(renewed).toBe(clock.now + LEASE_MS);
    expect(rig.node('a')).toMatchObject({ lease_until: clock.now + LEASE_MS });
  });

  test('nor does a pause of that moment last: the next try is due', async () => {
    const { rig, clock } = await given({ retry: { max_attempts: 3, backoff_s: 5 } });
    clock.now += YEAR;
    okOf(await rig.report(await rig.claimed(), 'failed'));
    clock.now -= YEAR;
    expect(okOf(await rig.claim(other))).toMatchObject({ kind: 'claimed', attempt: 2 });
  });

  test('a pause of a day that a rate limit asked for is kept', async () => {
    const { rig, clock } = await given();
    okOf(await rig.report(await rig.claimed(), 'failed', { errorKind: 'rate_limited', retryAfterS: 86_400 }));
    clock.now += 86_399_000;
    expect(okOf(await rig.claim(other))).toMatchObject({ kind: 'none' });
    clock.now += 1_000;
    expect(okOf(await rig.claim(other))).toMatchObject({ kind: 'claimed' });
  });
});

describe('of that moment', () => {
  const base = { project: 'prj-1', lock: 'db', kind: 'custom' as const, priority: 3, leaseMs: LEASE_MS, queue: false };

  test('a lock and a place in line are free', async () => {
    const rig = new Rig();
    const take = (session: string, queue = false) =>
      rig.do((tx, ctx) => acquire(tx, ctx, { ...base, caller: { session }, queue }));
    rig.now += YEAR;
    await take('ann');
    await take('bob', true);
    rig.now -= YEAR;
    expect((await take('eve')).value).toMatchObject({ granted: true, fence: 2 });
    expect(await rig.doc(lockStream('prj-1', 'db'))).toMatchObject({ holders: [{ session: 'eve' }], queue: [] });
  });

  test('a session is expired unless it is seen', async () => {
    const rig = new Rig();
    rig.now += YEAR;
    const id = await rig.session();
    rig.now -= YEAR;
    const facts = (await rig.doc<SessionDocument>(sessionStream(id)))?.session;
    if (facts === undefined) throw new Error('no session');
    const seenAt = (seen: number | undefined, now = rig.now) => statusAt(facts, now, () => seen);
    expect(seenAt(undefined)).toBe('expired');
    expect(seenAt(rig.now)).toBe('active');
    expect(seenAt(rig.now, rig.now + MODE_SPAN_MS.development + 1)).toBe('expired');
  });

  test('an approval is over: it lets no call through for a year', () => {
    const decision = {
      id: 'dec-1',
      kind: 'approval',
      policy: 'deploy',
      owner: 'ses-1',
      status: 'passed',
      outcome: 'allow',
      votes: { two: { by: 'ses-2', option: 'allow' } },
    } as unknown as DecisionDocument;
    const now = Date.parse('2026-03-01T00:00:00Z');
    const closed = (ms: number) => ({ ...decision, closed_at: new Date(ms).toISOString() });
    const asks = { policy: 'deploy', session: 'ses-1', now };
    expect(standingOf(closed(now - 1_000), asks)).toBe('given');
    expect(standingOf(closed(now + 1_000), asks)).toBe('given');
    expect(standingOf(closed(now + YEAR), asks)).toEqual({ why: expect.stringContaining('is over') });
  });

  test('a message does not date those after it', async () => {
    const rig = new Rig();
    const send = async (text: string): Promise<string> => {
      const sent = { from: { session: 'ses-1' }, text, kind: 'report' as const, priority: 3 };
      const to = [{ kind: 'agent' as const, project: 'prj-1', name: 'kim' }];
      await rig.do((tx, ctx) => sendMessage(tx, ctx, { ...sent, to }));
      const segment = await rig.doc<{ messages: { at: string }[] }>('channel/prj-1.agent.kim/1');
      return segment?.messages.at(-1)?.at ?? '';
    };
    rig.now += 5_000;
    const little = await send('a little ahead');
    rig.now -= 5_000;
    expect(await send('not before it')).toBe(little);
    rig.now += YEAR;
    await send('far ahead');
    rig.now -= YEAR;
    expect(await send('now')).toBe(new Date(rig.now).toISOString());
  });

  test('a report of an agent is followed by others', async () => {
    const rig = new Rig();
    const report = () =>
      rig.do((tx, ctx) =>
        reportAgent(tx, ctx, { session: 'ses-1', event: { kind: 'idle', teammate: 'kim' }, grade: 'hook' }),
      );
    rig.now += 120_000;
    await report();
    rig.now -= 120_000;
    expect((await report()).changed).toBe(true);
  });
});
