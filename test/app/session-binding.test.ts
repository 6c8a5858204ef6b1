// Which session a call belongs to, tested within one process because over stdio the outcome would depend on timing.

import { describe, expect, test } from 'vitest';
import { SessionBinding } from '../../src/app/session-binding.ts';
import type { Documents } from '../../src/documents/documents.ts';
import { startSession } from '../../src/domain/session/commands.ts';
import { sessionStream } from '../../src/domain/session/document.ts';
import { offerHandoff } from '../../src/domain/session/handoff.ts';
import { changeState } from '../../src/domain/state/commands.ts';
import { Rig, workspace } from '../rig.ts';

const bind = (documents: Documents, options: Partial<ConstructorParameters<typeof SessionBinding>[1]> = {}) =>
  new SessionBinding(documents, { user: 'u', workspace, serves: true, ...options });

/** The rig's clock starts in the past; sessions are looked at by the real one. */
function rigOfNow(): Rig {
  const rig = new Rig();
  rig.now = Date.now();
  return rig;
}

const startedOf = async (binding: SessionBinding, options: Parameters<SessionBinding['start']>[0] = {}) => {
  const started = await binding.start(options);
  if (!started.ok) throw new Error(JSON.stringify(started.failure));
  return started.value.value;
};

describe('no session looks free while a process takes it', () => {
  test('a new one is announced before it is committed', async () => {
    const rig = rigOfNow();
    const seen: boolean[] = [];
    rig.documents.onChange((commits) => {
      for (const { commit } of commits)
        for (const { stream, type } of commit.events)
          if (type === 'session.started') seen.push(rig.presence.attached(stream.slice('session/'.length)));
    });
    await startedOf(bind(rig.documents));
    expect(seen).toEqual([true]);
  });

  test('so is one that lay free, and what was announced in vain is withdrawn', async () => {
    const rig = rigOfNow();
    const free = await rig.session();
    const seen: boolean[] = [];
    const announced: string[] = [];
    const { attach } = rig.presence;
    rig.presence.attach = (session) => {
      announced.push(session);
      attach.call(rig.presence, session);
    };
    rig.documents.onChange(() => seen.push(rig.presence.attached(free)));
    expect(await startedOf(bind(rig.documents))).toMatchObject({ session: free, resumed: true });
    expect(seen).toEqual([true]);
    expect([...new Set(announced)].filter((session) => rig.presence.attached(session))).toEqual([free]);
  });

  test('what changed since it was looked at is looked at again', async () => {
    const rig = rigOfNow();
    const free = await rig.session();
    const binding = bind(rig.documents);
    const starting = binding.start({});
    // Another process resumes it between the look and the decision.
    const other = rig
      .process()
      .change(
        (tx, ctx) =>
          startSession(tx, ctx, { workspace, resume: free, unservedVersion: tx.version(sessionStream(free)) }),
        { by: { user: 'u', tool: 't' } },
      );
    const [started] = await Promise.all([starting, other]);
    expect(started.ok).toBe(true);
  });
});

describe('which one', () => {
  test('a damaged session of a neighbour keeps nobody from starting', async () => {
    const rig = rigOfNow();
    const broken = await rig.session();
    await rig.do((tx) => {
      tx.patch(sessionStream(broken), { type: 'test.broken' }, [{ op: 'remove', path: '/session/handoffs' }]);
      return { ok: true, value: null };
    });
    expect((await startedOf(bind(rig.documents))).session).not.toBe(broken);
  });

  test('one of a newer program is left to it', async () => {
    const rig = rigOfNow();
    const newer = await rig.session();
    await rig.do((tx) => {
      tx.patch(sessionStream(newer), { type: 'test.migrated' }, [{ op: 'replace', path: '/schema', value: 2 }]);
      return { ok: true, value: null };
    });
    expect((await startedOf(bind(rig.documents))).session).not.toBe(newer);
  });

  test('an expired one ends, a new one begins and says so', async () => {
    const rig = rigOfNow();
    const binding = bind(rig.documents, { clientSession: 'w' });
    rig.now -= 3 * 86_400_000;
    const old = await rig.session({ clientSession: 'w' });
    rig.now = Date.now();
    expect(await startedOf(binding)).toMatchObject({ resumed: false, ended: old });
  });

  test('calls that come too late do not bring an expired one back', async () => {
    const rig = rigOfNow();
    const binding = bind(rig.documents, { clientSession: 'w' });
    rig.now -= 3 * 86_400_000;
    const old = await rig.session({ clientSession: 'w' });
    rig.now = Date.now();
    expect(await binding.ensure()).toEqual({ ok: true, value: old });
    expect(rig.presence.lastSeen(old)).toBeUndefined();
    expect(await rig.refused((tx, ctx) => changeState(tx, ctx, old, { op: 'set', path: '$.x', value: 1 }))).toEqual({
      code: 'session-ended',
      session: old,
      status: 'expired',
    });
    expect(await startedOf(binding)).toMatchObject({ resumed: false, ended: old });
    const { session } = await startedOf(binding);
    await binding.ensure();
    expect(rig.presence.lastSeen(session)).toBeGreaterThan(0);
  });

  test('the command line looks at the newest, served or not, and serves none', async () => {
    const rig = rigOfNow();
    const { session } = await startedOf(bind(rig.documents));
    const cli = bind(rig.process(), { serves: false });
    expect(await cli.ensure()).toEqual({ ok: true, value: session });
    expect(await bind(rig.process()).ensure('')).not.toEqual({ ok: true, value: session });
  });

  test('when the client’s id is bound anew the old session is free for others', async () => {
    const rig = rigOfNow();
    const binding = bind(rig.documents, { clientSession: 'w' });
    const { session: old } = await startedOf(binding);
    await rig.session({ clientSession: 'w' });
    await binding.ensure();
    expect(rig.presence.attached(old)).toBe(false);
    binding.close();
  });

  test('an offer is taken by the one it was made to, by its window of before, or by a new session in the giver’s mode', async () => {
    const rig = rigOfNow();
    const [giver, named] = [await rig.session({ mode: 'leadership' }), await rig.session()];
    const offer = async (to: string) =>
      (
        await rig.do((tx, ctx) =>
          offerHandoff(tx, ctx, { session: giver, to, summary: 's', nextSteps: [], decisions: [], claims: 'none' }),
        )
      ).value.id;
    const handoff = await offer(named);
    expect(await startedOf(bind(rig.documents), { handoff })).toMatchObject({ session: named, resumed: true });
    const second = rigOfNow();
    const from = await second.session({ mode: 'leadership' });
    const { id } = (
      await second.do((tx, ctx) =>
        offerHandoff(tx, ctx, { session: from, to: 'new', summary: 's', nextSteps: [], decisions: [], claims: 'all' }),
      )
    ).value;
    const first = bind(second.documents);
    const taken = await startedOf(first, { handoff: id });
    expect(taken).toMatchObject({ resumed: false, mode: 'leadership' });
    first.close();
    expect(await startedOf(bind(second.documents), { handoff: id })).toMatchObject({
      session: taken.session,
      resumed: true,
    });
  });
});
