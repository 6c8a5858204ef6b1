// Groups of documents: whatever is changed, undone or written by another process, a group has the documents that a look
// at all of them finds, in the order of their last changes; and only touched documents are read again.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Grouping, View } from '../../src/documents/documents.ts';
import { Groups } from '../../src/documents/groups.ts';
import { FailureError, fail, ok } from '../../src/failure/failure.ts';
import { Rig } from '../rig.ts';

interface Thing {
  id: string;
  group: string;
}

const grouping: Grouping<Thing> = {
  kind: 'thing',
  groupsOf: ({ group }) => [group, 'all'],
  figuresOf: ({ group, id }) => ({ ids: Number(id), length: group.length }),
};

function expected(view: View, group: string): string[] {
  return view
    .streams('thing/')
    .filter((stream) => group === 'all' || view.get<Thing>(stream)?.group === group)
    .sort((a, b) => view.lastSeq(b) - view.lastSeq(a));
}

function sums(view: View, group: string): object {
  const things = expected(view, group).map((stream) => view.get<Thing>(stream));
  const sum = (of: (thing: Thing) => number) => things.reduce((all, one) => all + (one === undefined ? 0 : of(one)), 0);
  return { ids: sum(({ id }) => Number(id)), length: sum((one) => one.group.length) };
}

const step = fc.record({
  id: fc.nat(5),
  group: fc.constantFrom('a', 'b', 'bb'),
  other: fc.boolean(),
  refused: fc.boolean(),
  look: fc.boolean(),
});

test('have what a look at all documents finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const rig = new Rig();
      const other = rig.process();
      for (const { id, group, other: by, refused, look } of steps) {
        const stream = `thing/${id}`;
        await (by ? other : rig.documents).change(
          (tx) => {
            if (tx.version(stream) === 0) tx.create(stream, { type: 'thing.made' }, { id: String(id), group });
            else tx.patch(stream, { type: 'thing.moved' }, [{ op: 'replace', path: '/group', value: group }]);
            // Asked in the middle of a try, which is undone afterwards.
            if (look) rig.documents.peek((view) => view.grouped(grouping, group));
            return refused ? fail({ code: 'cancelled' }) : ok(undefined);
          },
          { by: { user: 'tester', tool: 'test' } },
        );
        if (!look) continue;
        for (const name of ['a', 'b', 'bb', 'all'])
          await rig.documents.read((view) => {
            expect(view.grouped(grouping, name)).toEqual(expected(view, name));
            expect({ ids: 0, length: 0, ...view.groupSums(grouping, name) }).toEqual(sums(view, name));
          });
      }
      await rig.documents.read((view) => {
        expect(view.grouped(grouping, 'a')).toEqual(expected(view, 'a'));
        expect(view.groupSize(grouping, 'all')).toBe(view.streams('thing/').length);
      });
    }),
    { numRuns: 60 },
  );
});

test('read each document once, and again only when it was touched', () => {
  const groups = new Groups();
  const read: string[] = [];
  const source = {
    get: (stream: string) => {
      read.push(stream);
      if (stream === 'thing/broken') throw new FailureError({ code: 'cancelled' });
      return { id: stream, group: 'a' };
    },
    streams: () => ['thing/1', 'thing/2', 'thing/broken', 'thing/2/part'],
    lastSeq: () => 1,
    patient: false,
  };
  const heads: Grouping<Thing> = { ...grouping, takes: (stream) => stream.split('/').length === 2 };
  // What cannot be read is in every group, so that its reader meets the damage.
  expect(groups.list(heads, 'a', source).sort()).toEqual(['thing/1', 'thing/2', 'thing/broken']);
  expect(groups.list(heads, 'b', source)).toEqual(['thing/broken']);
  expect(read).toEqual(['thing/1', 'thing/2', 'thing/broken']);
  groups.touch('thing/1');
  groups.touch('other/1');
  groups.touch('thing/2/part');
  expect(groups.list(heads, 'a', source)).toContain('thing/1');
  expect(read).toEqual(['thing/1', 'thing/2', 'thing/broken', 'thing/1']);
});
