// Locks of a project's resources: their capacity and kind follow the project's settings from the next call on.

import { describe, expect, test } from 'vitest';
import { saveProject } from '../../../src/domain/project/save.ts';
import { type AcquireInput, acquire, release } from '../../../src/domain/resource/commands.ts';
import { type LockDocument, lockStream } from '../../../src/domain/resource/document.ts';
import type { JsonObject } from '../../../src/json/json.ts';
import { Rig } from '../../rig.ts';

async function given(resources: JsonObject) {
  const rig = new Rig();
  await rig.session();
  const other = rig.process();
  const save = (more: JsonObject) =>
    rig.do((tx, ctx) => saveProject(tx, ctx, { project: 'prj-1', config: { resources: more } }));
  await save(resources);
  const wanted = (session: string, more: Partial<AcquireInput>): AcquireInput => ({
    project: 'prj-1',
    lock: 'gpu',
    kind: 'custom',
    caller: { session },
    priority: 3,
    leaseMs: 60_000,
    queue: false,
    ...more,
  });
  return {
    save,
    take: async (session: string, more: Partial<AcquireInput> = {}) =>
      (await rig.do((tx, ctx) => acquire(tx, ctx, wanted(session, more)), { at: other })).value.granted,
    refuse: (more: Partial<AcquireInput>) => rig.refused((tx, ctx) => acquire(tx, ctx, wanted('zoe', more))),
    give: (session: string) =>
      rig.do((tx, ctx) => release(tx, ctx, { project: 'prj-1', caller: { session }, locks: ['gpu'] })),
    doc: (lock = 'gpu') => rig.doc<LockDocument>(lockStream('prj-1', lock)),
  };
}

describe('a lock of a resource', () => {
  test('has its capacity and kind, and none that a caller wishes for', async () => {
    const { take, refuse, doc } = await given({ gpu: { capacity: 2, kind: 'api' } });
    expect([await take('ann'), await take('bob'), await take('cat')]).toEqual([true, true, false]);
    expect(await doc()).toMatchObject({ capacity: 2, kind: 'api' });
    expect(await refuse({ capacity: 5 })).toMatchObject({
      code: 'not-allowed',
      why: 'the project says that it is 2',
      how: expect.stringContaining('project_save'),
    });
    expect(await take('ann', { capacity: 2 })).toBe(true);
    expect([await take('ann', { lock: 'other' }), await take('bob', { lock: 'other' })]).toEqual([true, false]);
  });

  test('follows the project at the next call: more are let in at once, fewer once those who hold it are done', async () => {
    const { take, save, give, doc } = await given({ gpu: { capacity: 1 } });
    expect([await take('ann'), await take('bob')]).toEqual([true, false]);
    await save({ gpu: { capacity: 3, kind: 'database' } });
    expect([await take('bob'), await take('cat'), await take('dan')]).toEqual([true, true, false]);
    expect(await doc()).toMatchObject({ capacity: 3, kind: 'database' });
    await save({ gpu: { capacity: 1 } });
    expect(await take('dan')).toBe(false);
    expect((await doc())?.holders).toHaveLength(3);
    await give('ann');
    await give('bob');
    expect(await take('dan')).toBe(false);
    await give('cat');
    expect(await take('dan')).toBe(true);
  });

  test('keeps its capacity when the project no longer names it', async () => {
    const { take, save, doc } = await given({ gpu: { capacity: 2 } });
    await take('ann');
    await save({ gpu: null } as unknown as JsonObject);
    expect([await take('bob'), await take('cat')]).toEqual([true, false]);
    expect(await doc()).toMatchObject({ capacity: 2 });
  });
});
