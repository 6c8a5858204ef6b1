// The rules of handoffs: an offer is accepted by exactly one receiver, nothing is lost, nothing overwritten.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { updateSession } from '../../../src/domain/session/commands.ts';
import { type SessionDocument, sessionStream } from '../../../src/domain/session/document.ts';
import { acceptHandoff, giverOf, type HandoffInput, offerHandoff } from '../../../src/domain/session/handoff.ts';
import { changeState } from '../../../src/domain/state/commands.ts';
import type { Json, JsonObject } from '../../../src/json/json.ts';
import { json } from '../../json/arbitraries.ts';
import { Rig } from '../../rig.ts';

const text = { summary: 'half done', nextSteps: ['go on'], decisions: ['tabs'] };
const offer = (rig: Rig, session: string, input: Partial<HandoffInput> = {}) =>
  rig.do((tx, ctx) => offerHandoff(tx, ctx, { session, to: 'new', ...text, claims: 'all', ...input }));
const accept = (rig: Rig, receiver: string, id: string, at = rig.documents) =>
  rig.do((tx, ctx) => acceptHandoff(tx, ctx, receiver, id), { at });
const set = (rig: Rig, session: string, path: string, value: Json) =>
  rig.do((tx, ctx) => changeState(tx, ctx, session, { op: 'set', path, value }));
const docOf = async (rig: Rig, id: string) => {
  const doc = await rig.doc<SessionDocument & JsonObject>(sessionStream(id));
  if (doc === undefined) throw new Error(id);
  return doc;
};

async function pair() {
  const rig = new Rig();
  return { rig, giver: await rig.session(), receiver: await rig.session() };
}

describe('accepting', () => {
  test('completes the giver, and answers what the receiver must know', async () => {
    const { rig, giver, receiver } = await pair();
    const { value } = await offer(rig, giver);
    expect(giverOf(value.id)).toBe(giver);
    expect((await docOf(rig, giver)).session.status).toBe('active');
    const taken = await accept(rig, receiver, value.id);
    expect(taken.value).toMatchObject({
      again: false,
      offer: { summary: 'half done', next_steps: ['go on'], decisions: ['tabs'] },
    });
    expect((await docOf(rig, giver)).session).toMatchObject({ status: 'completed', ended_at: expect.any(String) });
    expect((await docOf(rig, receiver)).session).toMatchObject({ taken_from: giver, status: 'active' });
  });

  test('again by the same session answers the same and changes nothing', async () => {
    const { rig, giver, receiver } = await pair();
    const { value } = await offer(rig, giver);
    const first = await accept(rig, receiver, value.id);
    const seq = rig.documents.store.seq();
    const second = await accept(rig, receiver, value.id);
    expect(second.value.again).toBe(true);
    expect(second.value.offer).toMatchObject({ ...told(first.value.offer), state: 'accepted' });
    expect(rig.documents.store.seq()).toBe(seq);
  });

  test('two receivers in two processes at once: exactly one gets it', async () => {
    const { rig, giver, receiver } = await pair();
    const third = await rig.session();
    await set(rig, giver, '$.work', 1);
    const { value } = await offer(rig, giver);
    const results = await Promise.allSettled([
      accept(rig, receiver, value.id),
      accept(rig, third, value.id, rig.process()),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const holders = [await docOf(rig, receiver), await docOf(rig, third)].filter((doc) => 'work' in doc);
    expect(holders).toHaveLength(1);
  });

  test('one offer taken withdraws the giver’s others', async () => {
    const { rig, giver, receiver } = await pair();
    const third = await rig.session();
    const [one, two] = [await offer(rig, giver), await offer(rig, giver, { to: third })];
    await accept(rig, receiver, one.value.id);
    await expect(accept(rig, third, two.value.id)).rejects.toThrow('unknown-handoff');
    expect((await docOf(rig, giver)).session.handoffs.map(({ state }) => state)).toEqual(['accepted', 'withdrawn']);
  });

  test('is for the one it was offered to, never for the giver', async () => {
    const { rig, giver, receiver } = await pair();
    const third = await rig.session();
    const { value } = await offer(rig, giver, { to: receiver });
    for (const other of [third, giver]) await expect(accept(rig, other, value.id)).rejects.toThrow('unknown-handoff');
    await accept(rig, receiver, value.id);
  });

  test('works after the giver has ended', async () => {
    const { rig, giver, receiver } = await pair();
    const { value } = await offer(rig, giver);
    await rig.do((tx, ctx) => updateSession(tx, ctx, { session: giver, status: 'completed' }));
    await accept(rig, receiver, value.id);
  });

  test.each(['', 'x', '.', 'ses-none.hnd-1', 'A B.hnd-1', '../../etc.passwd', 'ses-00000001.hnd-0'])(
    'of %j is refused',
    async (id) => {
      const { rig, receiver } = await pair();
      expect(await rig.refused((tx, ctx) => acceptHandoff(tx, ctx, receiver, id))).toEqual({
        code: 'unknown-handoff',
        handoff: id,
      });
    },
  );
});

describe('what the receiver inherits', () => {
  test('fills in below what it has; nulls, and names that every object inherits, come too', async () => {
    const { rig, giver, receiver } = await pair();
    for (const [path, value] of Object.entries({
      '$.a': { x: 1, n: null, deep: { y: null } },
      '$.none': null,
      '$.toString': { valueOf: 1 },
      '$.list': [1],
    })) {
      await set(rig, giver, path, value);
    }
    await set(rig, receiver, '$.a', { x: 2, deep: { z: 3 } });
    await set(rig, receiver, '$.list', []);
    await rig.do((tx, ctx) => updateSession(tx, ctx, { session: giver, userContext: { lang: 'de', tone: 'dry' } }));
    await rig.do((tx, ctx) => updateSession(tx, ctx, { session: receiver, userContext: { lang: 'en' } }));
    await accept(rig, receiver, (await offer(rig, giver)).value.id);
    const { session, schema, execution, ...state } = await docOf(rig, receiver);
    expect(state).toEqual({
      a: { x: 2, n: null, deep: { y: null, z: 3 } },
      none: null,
      toString: { valueOf: 1 },
      list: [],
    });
    expect(session.user_context).toEqual({ lang: 'en', tone: 'dry' });
    expect(session.id).toBe(receiver);
  });

  test('nothing of the giver is lost to an empty receiver', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), json, { maxKeys: 5 }), async (state) => {
        const { rig, giver, receiver } = await pair();
        const own = Object.fromEntries(Object.entries(state).filter(([key]) => !['session', 'schema'].includes(key)));
        for (const [key, value] of Object.entries(own)) await set(rig, giver, `$.${key}`, value as Json);
        const held = await docOf(rig, giver);
        await accept(rig, receiver, (await offer(rig, giver)).value.id);
        const got = await docOf(rig, receiver);
        for (const key of Object.keys(own)) expect(got[key]).toEqual(held[key]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('offering', () => {
  test.each<[string, Partial<HandoffInput>, string]>([
    ['to itself', { to: 'ses-00000001' }, 'invalid-input'],
    ['to nobody', { to: 'ses-none' }, 'unknown-session'],
    ['to no id at all', { to: 'A B/..' }, 'unknown-session'],
    ['more than an answer can tell', { summary: '\u0007'.repeat(2_100) }, 'too-large'],
    [
      'more steps than an answer can tell',
      { nextSteps: Array.from({ length: 50 }, () => 's'.repeat(500)) },
      'too-large',
    ],
  ])('%s is refused', async (_, input, code) => {
    const { rig, giver } = await pair();
    const refused = await rig.refused((tx, ctx) =>
      offerHandoff(tx, ctx, { session: giver, to: 'new', ...text, claims: 'all', ...input }),
    );
    expect(refused.code).toBe(code);
  });

  test('an ended session offers nothing, and nothing is offered to one', async () => {
    const { rig, giver, receiver } = await pair();
    await rig.do((tx, ctx) => updateSession(tx, ctx, { session: receiver, status: 'completed' }));
    await expect(offer(rig, giver, { to: receiver })).rejects.toThrow('session-ended');
    await expect(offer(rig, receiver)).rejects.toThrow('session-ended');
  });

  test('a session keeps the newest twenty offers', async () => {
    const { rig, giver, receiver } = await pair();
    const ids: string[] = [];
    for (let times = 0; times < 25; times += 1) ids.push((await offer(rig, giver)).value.id);
    expect((await docOf(rig, giver)).session.handoffs.map(({ id }) => id)).toEqual(ids.slice(5));
    await expect(accept(rig, receiver, ids[0] ?? '')).rejects.toThrow('unknown-handoff');
    await accept(rig, receiver, ids[24] ?? '');
  });

  test('a giver of a newer schema is left alone', async () => {
    const { rig, giver, receiver } = await pair();
    const { value } = await offer(rig, giver);
    await rig.do((tx) => {
      tx.patch(sessionStream(giver), { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: 2 }]);
      return { ok: true, value: null };
    });
    await expect(accept(rig, receiver, value.id)).rejects.toThrow('store-newer');
  });
});

function told({ summary, next_steps, decisions }: { summary: string; next_steps: string[]; decisions: string[] }) {
  return { summary, next_steps, decisions };
}
