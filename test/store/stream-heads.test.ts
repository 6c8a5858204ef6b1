// Heads of streams: names by kind agree with a look at all of them, and a listing touches no other kind's names.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamHeads } from '../../src/store/stream-heads.ts';

const head = { version: 1, head: 'h', seq: 1 };
const name = fc.constantFrom(
  'store',
  'run/a',
  'run/b',
  'request/1',
  'request/2',
  'channel/x',
  'channel/x/1',
  '__proto__',
);

test('list and count by kind what a look at all names finds', () => {
  const step = fc.record({ stream: name, gone: fc.boolean() });
  const prefixes = ['', 'run/', 'request/', 'request/1', 'channel/x/', 'channel/', 'st', 'none/'];
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const heads = new StreamHeads();
      const plain = new Set<string>();
      for (const { stream, gone } of steps) {
        if (gone) {
          heads.delete(stream);
          plain.delete(stream);
        } else {
          heads.set(stream, head);
          plain.add(stream);
        }
      }
      for (const prefix of prefixes)
        expect(heads.named(prefix).sort()).toEqual([...plain].filter((one) => one.startsWith(prefix)).sort());
      expect([...heads.counts().values()].reduce((sum, count) => sum + count, 0)).toBe(plain.size);
    }),
  );
});

test('a listing of one kind looks at no name of another', () => {
  const heads = new StreamHeads();
  for (let index = 0; index < 100; index += 1) heads.set(`request/${index}`, head);
  heads.set('run/a', head);
  heads.keys = () => {
    throw new Error('all names were looked at');
  };
  expect(heads.named('run/')).toEqual(['run/a']);
  expect(heads.named('run/b')).toEqual([]);
});
