// The rules of sessions: starting, resuming, updating, expiring. Given a clock that the test moves.

import { describe, expect, test } from 'vitest';
import { projectStream } from '../../../src/domain/project/document.ts';
import { aliasStream, bindSession } from '../../../src/domain/session/alias.ts';
import {
  expireSession,
  recoverSession,
  type StartInput,
  startSession,
  type UpdateInput,
  updateSession,
} from '../../../src/domain/session/commands.ts';
import {
  expiresAtMs,
  illegalTransition,
  MODE_SPAN_MS,
  SESSION_MODES,
  SESSION_STATUSES,
  type SessionDocument,
  sessionStream,
  statusAt,
} from '../../../src/domain/session/document.ts';
import { changeState } from '../../../src/domain/state/commands.ts';
import type { JsonObject } from '../../../src/json/json.ts';
import { Rig, workspace } from '../../rig.ts';

const HOUR = 3_600_000;
const facts = async (rig: Rig, id: string) => (await rig.doc<SessionDocument>(sessionStream(id)))?.session;
const start = (input: Partial<StartInput>): Parameters<Rig['do']>[0] => {
  return (tx, ctx) => startSession(tx, ctx, { workspace, ...input });
};
const update = (session: string, input: Omit<UpdateInput, 'session'>) =>
  ((tx, ctx) => updateSession(tx, ctx, { session, ...input })) as Parameters<Rig['do']>[0];

describe('starting', () => {
  test('a new session is active, in development unless told otherwise, and its project is made once', async () => {
    const rig = new Rig();
    const first = await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, name: 'n' }));
    expect(first.value).toMatchObject({ mode: 'development', resumed: false, project: 'demo', workspace: '~/demo' });
    expect(Date.parse(first.value.expires_at) - rig.now).toBe(24 * HOUR);
    expect(await facts(rig, first.value.session)).toMatchObject({ status: 'active', name: 'n' });
    await rig.session({ mode: 'config' });
    const version = await rig.documents.read((view) => view.version(projectStream('prj-1')));
    expect(version).toBe(1);
  });

  test('resuming wakes a paused session and writes only what differs', async () => {
    const rig = new Rig();
    const id = await rig.session({ name: 'a' });
    const seq = rig.documents.store.seq();
    const again = await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: id, name: 'a' }));
    expect(again.value).toMatchObject({ session: id, resumed: true });
    expect(rig.documents.store.seq()).toBe(seq);
    await rig.do(update(id, { status: 'paused' }));
    await rig.do(start({ resume: id, mode: 'config', name: 'b' }));
    expect(await facts(rig, id)).toMatchObject({ status: 'active', mode: 'config', name: 'a' });
  });

  test('a name asked for at a resume is given to a session without one, and never changes one', async () => {
    const rig = new Rig();
    const id = await rig.session();
    const named = async (name: string) =>
      (await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: id, name }))).value.name;
    expect(await named('first')).toBe('first');
    expect(await named('second')).toBe('first');
  });

  test('a resume tells when the session was last seen before it', async () => {
    const rig = new Rig();
    const id = await rig.session();
    const seenBefore = async () =>
      (await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: id }))).value.last_seen;
    expect(await seenBefore()).toBeUndefined();
    rig.presence.touch(id);
    expect(await seenBefore()).toBe(new Date(rig.presence.lastSeen(id) ?? 0).toISOString());
  });

  test('a recovery leaves an event, also in a window without a client’s id', async () => {
    const rig = new Rig();
    const id = await rig.session();
    await rig.do((tx, ctx) => recoverSession(tx, ctx, id, undefined));
    const [last] = rig.documents.store.read(sessionStream(id), 1).slice(-1);
    expect(last).toMatchObject({ type: 'session.recovered' });
  });

  test('without a mode a resumed session keeps its own', async () => {
    const rig = new Rig();
    const id = await rig.session({ mode: 'leadership' });
    await rig.do(start({ resume: id }));
    expect(await facts(rig, id)).toMatchObject({ mode: 'leadership' });
  });

  test('an ended session is not resumed: a new one begins, and says which one has ended', async () => {
    const rig = new Rig();
    const id = await rig.session();
    rig.now += 25 * HOUR;
    const next = await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: id }));
    expect(next.value).toMatchObject({ resumed: false, ended: id });
    expect(next.value.session).not.toBe(id);
    expect(await facts(rig, id)).toMatchObject({ status: 'expired', ended_at: expect.any(String) });
    expect(await facts(rig, next.value.session)).not.toHaveProperty('taken_from');
    await rig.do(update(next.value.session, { status: 'completed' }));
    const third = await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: next.value.session }));
    expect(third.value).toMatchObject({ ended: next.value.session });
  });

  test('a session that is not there is not made up', async () => {
    expect(await new Rig().refused(start({ resume: 'ses-nobody' }))).toMatchObject({ code: 'unknown-session' });
  });

  test('of two processes that found the same session free, one gets it', async () => {
    const rig = new Rig();
    const other = rig.process();
    const id = await rig.session();
    const [a, b] = await Promise.all(
      [rig.documents, other].map((at) =>
        at.change((tx, ctx) => startSession(tx, ctx, { workspace, resume: id, unservedVersion: 1 }), {
          by: { user: 'u', tool: 't' },
        }),
      ),
    );
    expect([a?.ok, b?.ok].filter(Boolean)).toHaveLength(1);
    const refused = [a, b].find((result) => result?.ok === false);
    expect(refused).toMatchObject({ failure: { code: 'contended' } });
  });

  test('two starts at once for one client’s id come to one session', async () => {
    const rig = new Rig();
    const input = { workspace, clientSession: 'window', follow: true } as const;
    const run = (at = rig.documents) => rig.do((tx, ctx) => startSession(tx, ctx, input), { at });
    const answers = await Promise.all([run(), run(rig.process()), run()]);
    expect(new Set(answers.map(({ value }) => value.session)).size).toBe(1);
    expect(answers.filter(({ value }) => !value.resumed)).toHaveLength(1);
  });

  test('the client’s id follows the session last started for it', async () => {
    const rig = new Rig();
    const first = await rig.session({ clientSession: 'w' });
    const second = await rig.session({ clientSession: 'w' });
    const alias = () => rig.doc<{ session: string }>(aliasStream('w'));
    expect(await alias()).toMatchObject({ session: second, client_session: 'w' });
    await rig.do((tx, ctx) => bindSession(tx, ctx, first, 'w'));
    expect(await alias()).toMatchObject({ session: first });
    await rig.do((tx, ctx) => bindSession(tx, ctx, second, undefined));
    expect(await rig.refused((tx, ctx) => bindSession(tx, ctx, 'ses-no', 'w'))).toMatchObject({
      code: 'unknown-session',
    });
    await rig.do(update(first, { status: 'completed' }));
    expect(await rig.refused((tx, ctx) => bindSession(tx, ctx, first, 'w'))).toMatchObject({ code: 'session-ended' });
  });
});

describe('expiry', () => {
  test.each(SESSION_MODES)('%s lasts its span after it was last seen', async (mode) => {
    const rig = new Rig();
    const id = await rig.session({ mode });
    const found = await facts(rig, id);
    if (found === undefined) throw new Error('no session');
    const begun = rig.now;
    const never = () => undefined;
    expect(statusAt(found, begun + MODE_SPAN_MS[mode], never)).toBe('active');
    expect(statusAt(found, begun + MODE_SPAN_MS[mode] + 1, never)).toBe('expired');
    const seen = () => begun + HOUR;
    expect(statusAt(found, begun + MODE_SPAN_MS[mode] + HOUR, seen)).toBe('active');
    expect(statusAt(found, begun + MODE_SPAN_MS[mode] + HOUR + 1, seen)).toBe('expired');
    expect(expiresAtMs(found, begun - HOUR, begun)).toBe(begun + MODE_SPAN_MS[mode]);
  });

  test('the spans are those of the design, in hours', () => {
    expect(SESSION_MODES.map((mode) => MODE_SPAN_MS[mode] / HOUR)).toEqual([24, 48, 168, 1, 4]);
  });

  test('is no commit until somebody writes it, and then happens once', async () => {
    const rig = new Rig();
    const id = await rig.session({ mode: 'config' });
    const expire = () => rig.do((tx, ctx) => expireSession(tx, ctx, id));
    expect((await expire()).value).toBe(false);
    rig.now += 2 * HOUR;
    const set = { op: 'set', path: '$.x', value: 1 } as const;
    expect(await rig.refused((tx, ctx) => changeState(tx, ctx, id, set))).toEqual({
      code: 'session-ended',
      session: id,
      status: 'expired',
    });
    expect((await expire()).value).toBe(true);
    expect((await expire()).value).toBe(false);
    expect(await rig.refused((tx, ctx) => expireSession(tx, ctx, 'ses-no'))).toMatchObject({ code: 'unknown-session' });
  });

  test('a paused session runs out too, a completed one stays completed', async () => {
    const rig = new Rig();
    const [paused, done] = [await rig.session(), await rig.session()];
    await rig.do(update(paused, { status: 'paused' }));
    await rig.do(update(done, { status: 'completed' }));
    rig.now += 25 * HOUR;
    expect((await rig.do((tx, ctx) => expireSession(tx, ctx, paused))).value).toBe(true);
    expect((await rig.do((tx, ctx) => expireSession(tx, ctx, done))).value).toBe(false);
  });
});

describe('transitions', () => {
  const legal = ['active→paused', 'active→completed', 'paused→active', 'paused→completed'];
  test.each(SESSION_STATUSES.flatMap((from) => SESSION_STATUSES.map((to) => [from, to] as const)))(
    '%s → %s',
    (from, to) => {
      const failure = illegalTransition(from, to);
      if (from === to || legal.includes(`${from}→${to}`)) expect(failure).toBeUndefined();
      else
        expect(failure).toMatchObject({
          code: 'illegal-transition',
          from,
          to,
          call: expect.stringContaining('session_start'),
        });
    },
  );

  test('an ended session takes no update', async () => {
    const rig = new Rig();
    const id = await rig.session();
    await rig.do(update(id, { status: 'paused' }));
    await rig.do(update(id, { status: 'active' }));
    await rig.do(update(id, { status: 'completed' }));
    expect(await rig.refused(update(id, { status: 'active' }))).toMatchObject({
      code: 'session-ended',
      status: 'completed',
    });
  });
});

describe('updating', () => {
  test('says what changed, and nothing twice', async () => {
    const rig = new Rig();
    const id = await rig.session();
    const input = {
      name: 'n',
      mode: 'sprint' as const,
      agent: { name: 'ann', tier: 'worker' as const },
      userContext: { lang: 'de' },
    };
    const once = await rig.do((tx, ctx) => updateSession(tx, ctx, { session: id, ...input }));
    expect(once.value).toMatchObject({
      changed: ['name', 'mode', 'agents', 'user_context'],
      status: 'active',
    });
    const seq = rig.documents.store.seq();
    const twice = await rig.do((tx, ctx) => updateSession(tx, ctx, { session: id, ...input }));
    expect(twice.value.changed).toEqual([]);
    expect(rig.documents.store.seq()).toBe(seq);
    const role = await rig.do((tx, ctx) =>
      updateSession(tx, ctx, { session: id, agent: { name: 'ann', role: 'tests' } }),
    );
    expect(role.value.changed).toEqual(['agents']);
    expect((await facts(rig, id))?.agents).toMatchObject({ ann: { tier: 'worker', role: 'tests' } });
  });

  test('user_context merges, null removes, and its places can be named', async () => {
    const rig = new Rig();
    const id = await rig.session();
    await rig.do(update(id, { userContext: { a: 1, b: { c: 2, toString: 3 } } }));
    await rig.do(update(id, { userContext: { a: null, b: { c: 4 } } }));
    expect((await facts(rig, id))?.user_context).toEqual({ b: { c: 4, toString: 3 } });
    const long: JsonObject = { ['k'.repeat(1_100)]: 1 };
    expect(await rig.refused(update(id, { userContext: long }))).toMatchObject({ code: 'value-refused' });
  });

  test('if_version holds', async () => {
    const rig = new Rig();
    const id = await rig.session();
    const { value } = await rig.do((tx, ctx) => updateSession(tx, ctx, { session: id, name: 'a', ifVersion: 1 }));
    expect(value.version).toBe(2);
    expect(await rig.refused(update(id, { name: 'b', ifVersion: 1 }))).toMatchObject({
      code: 'version-mismatch',
      expected: 1,
      actual: 2,
    });
  });
});

test('what a newer program wrote is not written over', async () => {
  const rig = new Rig();
  const id = await rig.session({ clientSession: 'w' });
  const newer = (stream: string) =>
    rig.do((tx) => {
      tx.patch(stream, { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: 3 }]);
      return { ok: true, value: null };
    });
  await newer(aliasStream('w'));
  expect(await rig.refused(start({ clientSession: 'w' }))).toMatchObject({ code: 'store-newer', found: 3, known: 1 });
  await newer(sessionStream(id));
  const all = [update(id, { name: 'x' }), start({ resume: id })] as const;
  for (const command of all) expect(await rig.refused(command)).toMatchObject({ code: 'store-newer', found: 3 });
  expect(await rig.refused((tx, ctx) => expireSession(tx, ctx, id))).toMatchObject({ code: 'store-newer' });
});
