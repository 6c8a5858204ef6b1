// Where processes run: a number means a process only within one host, boot and namespace.

import { expect, test } from 'vitest';
import { type ProcessPlace, placeTag, thisPlace, whereIs } from '../../src/base/process-place.ts';

const self: ProcessPlace = { host: 'h', boot: 'b', ns: 'pid:[1]' };
const old: ProcessPlace = { host: 'h', boot: 'b' };

test.each<[string, ProcessPlace, ProcessPlace, ReturnType<typeof whereIs>]>([
  ['the same place', { ...self }, self, 'here'],
  ['another host', { ...self, host: 'x' }, self, 'elsewhere'],
  ['another namespace', { ...self, ns: 'pid:[2]' }, self, 'elsewhere'],
  ['another namespace before a restart', { ...self, boot: 'a', ns: 'pid:[2]' }, self, 'elsewhere'],
  ['this place before a restart', { ...self, boot: 'a' }, self, 'before'],
  ['an old record, which names no namespace', old, self, 'elsewhere'],
  ['an old record from before a restart', { ...old, boot: 'a' }, self, 'before'],
  ['a system without namespaces', old, old, 'here'],
  ['a record with a namespace, on a system without', self, old, 'elsewhere'],
])('%s', (_, other, own, where) => {
  expect(whereIs(other, own)).toBe(where);
});

test('this process is here, and its tag is that of its place alone', () => {
  expect(whereIs(thisPlace())).toBe('here');
  expect(placeTag()).toBe(placeTag({ ...thisPlace() }));
  expect(new Set([self, old, { ...self, boot: 'a' }, { ...self, host: 'x' }].map((one) => placeTag(one))).size).toBe(4);
});
