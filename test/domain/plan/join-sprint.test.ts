// The sprint that a session works on, given/when/then: after every way to join or leave, session and sprint agree.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { saveSprint } from '../../../src/domain/plan/save-sprint.ts';
import { heldByRun } from '../../../src/domain/run/sprint-run.ts';
import { expireSession, startSession, type UpdateInput, updateSession } from '../../../src/domain/session/commands.ts';
import type { SessionDocument } from '../../../src/domain/session/document.ts';
import { acceptHandoff, offerHandoff } from '../../../src/domain/session/handoff.ts';
import { Refused, workspace } from '../../rig.ts';
import { PlanRig, PROJECT } from './plan-rig.ts';

const DAY = 86_400_000;

class JoinRig extends PlanRig {
  async update(session: string, input: Omit<UpdateInput, 'session'>) {
    return (await this.do((tx, ctx) => updateSession(tx, ctx, { session, ...input }))).value;
  }

  async joined(sprint: string): Promise<string[]> {
    return (await this.sprintDoc(sprint)).sessions;
  }

  async sprintOf(session: string): Promise<string | undefined> {
    return (await this.doc<SessionDocument>(`session/${session}`))?.session.sprint;
  }

  async handOver(giver: string, receiver: string): Promise<void> {
    const offered = await this.do((tx, ctx) =>
      offerHandoff(tx, ctx, {
        session: giver,
        to: receiver,
        summary: 's',
        nextSteps: [],
        decisions: [],
        claims: 'none',
      }),
    );
    await this.do((tx, ctx) => acceptHandoff(tx, ctx, receiver, offered.value.id));
  }
}

describe('joining', () => {
  test('given a sprint, when a session starts or resumes with it, then it has joined in the same commit', async () => {
    const rig = new JoinRig();
    const sprint = await rig.sprint();
    const seq = rig.documents.store.seq();
    const session = await rig.session({ sprint });
    expect(rig.documents.store.seq()).toBe(seq + 1);
    expect([await rig.joined(sprint), await rig.sprintOf(session)]).toEqual([[session], 'SPR-1']);
    const next = await rig.sprint();
    await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: session, sprint: next.toLowerCase() }));
    expect([await rig.joined(sprint), await rig.joined(next)]).toEqual([[], [session]]);
    expect(await rig.sprintOf(session)).toBe('SPR-2');
  });

  test('given it is updated, then it joins, moves on and leaves, and says so once', async () => {
    const rig = new JoinRig();
    const [one, two] = [await rig.sprint(), await rig.sprint()];
    const session = await rig.session();
    expect(await rig.update(session, { sprint: one })).toMatchObject({ changed: ['sprint'] });
    const seq = rig.documents.store.seq();
    expect(await rig.update(session, { sprint: one })).toMatchObject({ changed: [] });
    expect(rig.documents.store.seq()).toBe(seq);
    expect(await rig.update(session, { sprint: two })).toMatchObject({ changed: ['sprint'] });
    expect([await rig.joined(one), await rig.joined(two)]).toEqual([[], [session]]);
    expect(await rig.update(session, { sprint: '' })).toMatchObject({ changed: ['sprint'] });
    expect(await rig.update(session, { sprint: '' })).toMatchObject({ changed: [] });
    expect([await rig.joined(two), await rig.sprintOf(session)]).toEqual([[], undefined]);
  });

  test('given a sprint that is not there, of another project or over, then nothing is changed, not even the rest', async () => {
    const rig = new JoinRig();
    const session = await rig.session();
    const sprint = await rig.sprint({ status: 'active' });
    for (const title of ['theirs', 'theirs too']) {
      await rig.do((tx, ctx) => saveSprint(tx, ctx, { heldBy: heldByRun, project: 'prj-2', fields: { title } }));
    }
    await rig.setSprint(sprint, { status: 'completed' });
    for (const [named, code] of [
      ['SPR-9', 'unknown-item'],
      ['login', 'unknown-item'],
      ['SPR-2', 'unknown-item'],
      [sprint, 'not-allowed'],
    ] as const) {
      const failure = await rig.refused((tx, ctx) => updateSession(tx, ctx, { session, name: 'n', sprint: named }));
      expect(failure.code).toBe(code);
      const start = { workspace, sprint: named };
      expect((await rig.refused((tx, ctx) => startSession(tx, ctx, start))).code).toBe(code);
    }
  });
});

describe('leaving', () => {
  test('given a session ends or expires, then the sprint does not list it any more, and the session still says where it was', async () => {
    const rig = new JoinRig();
    const sprint = await rig.sprint();
    const [one, two, three] = [
      await rig.session({ sprint }),
      await rig.session({ sprint }),
      await rig.session({ sprint }),
    ];
    await rig.update(one, { status: 'completed' });
    expect(await rig.joined(sprint)).toEqual([two, three]);
    expect(await rig.sprintOf(one)).toBe('SPR-1');
    rig.now += 2 * DAY;
    await rig.do((tx, ctx) => expireSession(tx, ctx, two));
    expect(await rig.joined(sprint)).toEqual([three]);
    // Found past its time by a start that would have gone on with it.
    await rig.do((tx, ctx) => startSession(tx, ctx, { workspace, resume: three }));
    expect(await rig.joined(sprint)).toEqual([]);
  });

  test('given work is handed over, then the receiver takes the place, unless it has one or the sprint is over', async () => {
    const rig = new JoinRig();
    const [sprint, other] = [await rig.sprint({ status: 'active' }), await rig.sprint()];
    const [a, b, c, d] = [
      await rig.session({ sprint }),
      await rig.session(),
      await rig.session({ sprint: other }),
      await rig.session(),
    ];
    await rig.handOver(a, b);
    expect([await rig.joined(sprint), await rig.sprintOf(b)]).toEqual([[b], 'SPR-1']);
    await rig.handOver(b, c);
    expect([await rig.joined(sprint), await rig.joined(other), await rig.sprintOf(c)]).toEqual([[], [c], 'SPR-2']);
    await rig.setSprint(other, { status: 'cancelled' });
    await rig.handOver(c, d);
    expect(await rig.sprintOf(d)).toBeUndefined();
    // Who worked on it when it ended stays on its record.
    expect(await rig.joined(other)).toEqual([c]);
  });
});

test('whatever sessions do, an open sprint lists exactly the open sessions that say they work on it', async () => {
  const step = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom('join', 'join', 'join', 'leave', 'end', 'hand over', 'close', 'save'),
    where: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const rig = new JoinRig();
      const sprints = [await rig.sprint(), await rig.sprint(), await rig.sprint()];
      const sessions = [await rig.session(), await rig.session(), await rig.session()];
      for (const { who, what, where } of steps) {
        const [session, sprint] = [sessions[who] ?? '', sprints[where] ?? ''];
        // What is refused, because it has ended, changes nothing.
        const done = {
          join: () => rig.update(session, { sprint }),
          leave: () => rig.update(session, { sprint: '' }),
          end: () => rig.update(session, { status: 'completed' }),
          'hand over': () => rig.handOver(session, sessions[(who + 1) % 3] ?? ''),
          close: () => rig.setSprint(sprint, { status: 'cancelled' }),
          save: () =>
            rig.do((tx, ctx) =>
              saveSprint(tx, ctx, { heldBy: heldByRun, project: PROJECT, id: sprint, fields: {}, join: session }),
            ),
        }[what]();
        await done.catch((error) => {
          if (!(error instanceof Refused)) throw error;
        });
      }
      for (const sprint of sprints) {
        const { status, sessions: listed } = await rig.sprintDoc(sprint);
        if (status === 'cancelled') continue;
        const there: string[] = [];
        for (const session of sessions) {
          const facts = (await rig.doc<SessionDocument>(`session/${session}`))?.session;
          if (facts?.sprint === sprint && facts.status === 'active') there.push(session);
        }
        expect([...listed].sort()).toEqual(there.sort());
      }
    }),
    { numRuns: 60 },
  );
});
