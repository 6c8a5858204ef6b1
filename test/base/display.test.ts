// Paths that are shown: the home directory becomes `~`, and nothing that only begins like it does.

import { expect, test } from 'vitest';
import { withoutHome } from '../../src/base/display.ts';

test('only whole parts of a path are taken for the home directory', () => {
  const shown = (text: string, home = '/home/al') => withoutHome(text, home);
  expect(shown('/home/al')).toBe('~');
  expect(shown('/home/al/state')).toBe('~/state');
  expect(shown('in /home/al/state, and /home/al.')).toBe('in ~/state, and ~.');
  for (const other of ['/home/alice', '/home/al-2/x', '/home/al.bak', '/home/alé/x', '/data/home/al', '/dataé/home/al'])
    expect(shown(other)).toBe(other);
  expect(shown('/state', '')).toBe('/state');
  expect(shown('/state', '/')).toBe('/state');
});
