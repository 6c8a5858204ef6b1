// Locks: every rule by example, and random parties that crash and return in two processes, against invariants: never
// more holders than the capacity, no two exclusive reservations of one file, fences that only grow.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Documents } from '../../../src/documents/documents.ts';
import { type AcquireInput, acquire, release } from '../../../src/domain/resource/commands.ts';
import { type LockDocument, lockStream } from '../../../src/domain/resource/document.ts';
import { globsOverlap } from '../../../src/domain/resource/glob.ts';
import { holdEnd, liveLock, waitingKey } from '../../../src/domain/resource/lock.ts';
import type { Presence } from '../../../src/store/port.ts';
import { Rig } from '../../rig.ts';

const MINUTE_MS = 60_000;

class Locks {
  readonly rig = new Rig();
  /** Presence by the rig's clock. */
  readonly seen = new Map<string, number>();

  constructor() {
    const presence = this.rig.presence as { -readonly [K in keyof Presence]: Presence[K] };
    presence.lastSeen = (who) => this.seen.get(who);
  }

  async take(session: string, more: Partial<AcquireInput> = {}, at?: Documents) {
    const base: AcquireInput = {
      project: 'prj-1',
      lock: 'db',
      kind: 'custom',
      caller: { session },
      priority: 3,
      leaseMs: MINUTE_MS,
      queue: false,
    };
    const input = { ...base, ...more };
    if (input.queue) this.seen.set(waitingKey(input.lock, input.caller), this.rig.now);
    const changed = await this.rig.do((tx, ctx) => acquire(tx, ctx, input), at === undefined ? {} : { at });
    return changed.value;
  }

  give(session: string, more: { locks?: string[]; fence?: number } = {}) {
    return this.rig.do((tx, ctx) =>
      release(tx, ctx, { project: 'prj-1', caller: { session }, locks: ['db'], ...more }),
    );
  }

  doc(lock = 'db'): Promise<LockDocument | undefined> {
    return this.rig.doc<LockDocument>(lockStream('prj-1', lock));
  }

  later(ms: number): void {
    this.rig.now += ms;
  }
}

describe('a lock', () => {
  test('given it is free, then it is granted with a fence; given it is held, then the holder is named', async () => {
    const locks = new Locks();
    expect(await locks.take('ann', { reason: 'migrating' })).toMatchObject({ granted: true, fence: 1, again: false });
    const refused = await locks.take('bob');
    expect(refused).toMatchObject({ granted: false, held_by: [{ who: 'ann', fence: 1, reason: 'migrating' }] });
    expect(refused).not.toHaveProperty('position');
  });

  test('given it is held already, then asking again answers the same fence and writes only now and then', async () => {
    const locks = new Locks();
    await locks.take('ann');
    const before = locks.rig.documents.store.seq();
    expect(await locks.take('ann')).toMatchObject({ granted: true, fence: 1, again: true });
    expect(locks.rig.documents.store.seq()).toBe(before);
    locks.later(40_000);
    const again = await locks.take('ann');
    expect(again).toMatchObject({ fence: 1, lease_until: locks.rig.now + MINUTE_MS });
  });

  test('given a capacity, then so many hold it and no more, each with its own fence', async () => {
    const locks = new Locks();
    const fences = [];
    for (const name of ['a', 'b', 'c']) fences.push(await locks.take(name, { capacity: 3 }));
    expect(fences.map((one) => (one.granted ? one.fence : 0))).toEqual([1, 2, 3]);
    expect(await locks.take('d')).toMatchObject({ granted: false });
    await locks.give('b');
    expect(await locks.take('d')).toMatchObject({ granted: true, fence: 4 });
    expect(
      await locks.rig.refused((tx, ctx) =>
        acquire(tx, ctx, {
          project: 'prj-1',
          lock: 'db',
          kind: 'custom',
          caller: { session: 'e' },
          priority: 3,
          leaseMs: 1,
          queue: false,
          capacity: 5,
        }),
      ),
    ).toMatchObject({ code: 'not-allowed' });
  });

  test('given a line, then priority goes first, then who came first, and nobody passes them', async () => {
    const locks = new Locks();
    await locks.take('ann');
    expect(await locks.take('bob', { queue: true })).toMatchObject({ position: 1 });
    expect(await locks.take('eve', { queue: true })).toMatchObject({ position: 2 });
    expect(await locks.take('kim', { queue: true, priority: 1 })).toMatchObject({ position: 1 });
    await locks.give('ann');
    expect(await locks.take('new')).toMatchObject({ granted: false });
    expect(await locks.take('eve', { queue: true })).toMatchObject({ granted: false, position: 3 });
    expect(await locks.take('kim', { queue: true, priority: 1 })).toMatchObject({ granted: true });
    await locks.give('kim');
    expect(await locks.take('bob', { queue: true })).toMatchObject({ granted: true });
  });

  test('given a waiter that is not seen any more, then it is passed over', async () => {
    const locks = new Locks();
    await locks.take('ann');
    await locks.take('bob', { queue: true });
    await locks.give('ann');
    expect(await locks.take('eve')).toMatchObject({ granted: false });
    locks.later(16_000);
    expect(await locks.take('eve')).toMatchObject({ granted: true });
  });

  test('given a holder that is seen, then its lease lasts; given it vanished, then the next one gets a higher fence', async () => {
    const locks = new Locks();
    await locks.take('ann');
    locks.later(50_000);
    locks.seen.set('ann', locks.rig.now);
    locks.later(50_000);
    expect(await locks.take('bob')).toMatchObject({ granted: false });
    locks.later(20_000);
    expect(await locks.take('bob')).toMatchObject({ granted: true, fence: 2 });
    const refused = await locks.rig.refused((tx, ctx) =>
      release(tx, ctx, { project: 'prj-1', caller: { session: 'ann' }, locks: ['db'], fence: 1 }),
    );
    expect(refused).toMatchObject({ code: 'not-allowed', why: expect.stringContaining('fence 1 does not hold') });
    const renewing = locks.take('ann', { fence: 1 });
    await expect(renewing).rejects.toThrow('not-allowed');
  });

  test('given a deadline, then it ends then, whoever is seen', async () => {
    const locks = new Locks();
    await locks.take('ann', { deadlineMs: 90_000 });
    locks.later(91_000);
    locks.seen.set('ann', locks.rig.now);
    expect(await locks.take('bob')).toMatchObject({ granted: true, fence: 2 });
  });

  test('given all of mine, then every hold and place in line is given up in one commit', async () => {
    const locks = new Locks();
    await locks.take('ann');
    await locks.take('ann', { lock: 'api' });
    await locks.take('bob', { lock: 'gpu' });
    await locks.take('ann', { lock: 'gpu', queue: true });
    const before = locks.rig.documents.store.seq();
    const { value } = await locks.give('ann', { locks: ['db', 'api', 'gpu', 'none'] });
    expect(value).toEqual({
      released: [
        { lock: 'db', fence: 1 },
        { lock: 'api', fence: 1 },
      ],
      waits_ended: 1,
    });
    expect(locks.rig.documents.store.seq() - before).toBe(1);
    expect((await locks.doc('gpu'))?.holders).toHaveLength(1);
  });
});

describe('reservations of files', () => {
  const files = (paths: string[], more: Partial<AcquireInput> = {}): Partial<AcquireInput> => ({
    lock: 'file',
    kind: 'file',
    paths,
    ...more,
  });

  test('given patterns that overlap, then only shared ones go together', async () => {
    const locks = new Locks();
    expect(await locks.take('ann', files(['src/api/**']))).toMatchObject({ granted: true, fence: 1 });
    expect(await locks.take('bob', files(['src/*/x.ts']))).toMatchObject({
      granted: false,
      held_by: [{ who: 'ann', paths: ['src/api/**'] }],
    });
    expect(await locks.take('bob', files(['docs/**']))).toMatchObject({ granted: true, fence: 2 });
    expect(await locks.take('eve', files(['test/**'], { shared: true }))).toMatchObject({ granted: true });
    expect(await locks.take('kim', files(['test/a.ts'], { shared: true }))).toMatchObject({ granted: true });
    expect(await locks.take('ann', files(['test/a.ts']))).toMatchObject({ granted: false });
  });

  test('given a waiter for a wide pattern, then narrow ones that came later do not pass it', async () => {
    const locks = new Locks();
    await locks.take('ann', files(['src/a.ts']));
    expect(await locks.take('bob', files(['src/**'], { queue: true }))).toMatchObject({ position: 1 });
    expect(await locks.take('eve', files(['src/b.ts']))).toMatchObject({ granted: false });
    expect(await locks.take('eve', files(['docs/b.md']))).toMatchObject({ granted: true });
    await locks.give('ann', { locks: ['file'] });
    expect(await locks.take('bob', files(['src/**'], { queue: true }))).toMatchObject({ granted: true });
  });
});

const NAMES = ['a', 'b', 'c', 'd'];
const GLOBS = ['src/**', 'src/a/*', 'src/a/x.ts', '*/x.ts', 'docs/**', '**'];

const step = fc.record({
  who: fc.constantFrom(...NAMES),
  what: fc.constantFrom('take', 'take', 'wait', 'give', 'seen', 'crash'),
  waitMs: fc.constantFrom(0, 1_000, 20_000, 70_000),
  priority: fc.integer({ min: 1, max: 3 }),
  glob: fc.constantFrom(...GLOBS),
  shared: fc.boolean(),
  second: fc.boolean(),
});

test('random parties on a lock: never more holders than places, fences strictly grow', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 40 }), async (capacity, steps) => {
      const locks = new Locks();
      const second = locks.rig.process();
      const lastSeen = (who: string) => locks.seen.get(who);
      let fence = 0;
      for (const { who, what, waitMs, priority, second: other } of steps) {
        locks.later(waitMs);
        if (what === 'seen') locks.seen.set(who, locks.rig.now);
        if (what === 'crash') locks.seen.delete(who);
        if (what === 'give') await locks.give(who);
        if (what !== 'take' && what !== 'wait') continue;
        const first = (await locks.doc())?.capacity ?? capacity;
        const answer = await locks.take(
          who,
          { capacity: first, priority, queue: what === 'wait' },
          other ? second : undefined,
        );
        const doc = await locks.doc();
        if (doc === undefined) throw new Error('no document');
        const { holders } = liveLock(doc, { now: locks.rig.now, lastSeen });
        expect(holders.length).toBeLessThanOrEqual(capacity);
        expect(new Set(holders.map(({ session }) => session)).size).toBe(holders.length);
        if (!answer.granted) continue;
        if (answer.again) expect(answer.fence).toBeLessThanOrEqual(fence);
        else expect(answer.fence).toBe(fence + 1);
        fence = Math.max(fence, answer.fence);
      }
    }),
    { numRuns: 150 },
  );
});

test('random reservations: two that overlap are never both held, unless both share', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const locks = new Locks();
      const lastSeen = (who: string) => locks.seen.get(who);
      for (const { who, what, waitMs, priority, glob, shared } of steps) {
        locks.later(waitMs);
        if (what === 'seen') locks.seen.set(who, locks.rig.now);
        else if (what === 'crash') locks.seen.delete(who);
        else if (what === 'give') await locks.give(who, { locks: ['file'] });
        else
          await locks.take(who, {
            lock: 'file',
            kind: 'file',
            paths: [glob],
            shared,
            priority,
            queue: what === 'wait',
          });
        const doc = await locks.doc('file');
        const live = (doc?.holders ?? []).filter(
          (one) => holdEnd(one, { now: locks.rig.now, lastSeen }) > locks.rig.now,
        );
        for (const [index, one] of live.entries()) {
          for (const two of live.slice(index + 1)) {
            if (one.session === two.session || (one.shared === true && two.shared === true)) continue;
            expect(globsOverlap(one.paths?.[0] ?? '', two.paths?.[0] ?? '')).toBe(false);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});
