// Refusals that name opt-in tools: a client that is not shown the tool is told how to reach it.

import { expect, test } from 'vitest';
import { freshDir, startForTest } from '../e2e/rig.ts';

const HINT = 'lock_acquire is not listed here: BATON_TOOLSETS=default,lock_acquire lists it, `baton lock acquire`';
const args = { path: '$.communication.locks.db', value: 1 };

test('the way to a tool that is not listed is told with its name, and only then', async () => {
  const usual = await startForTest({ dir: freshDir() });
  expect((await usual.fail('state_set', args)).text).toContain(HINT);
  expect((await usual.fail('state_set', { ...args, path: '$.observability.x' })).text).not.toContain('is not listed');
  const all = await startForTest({ dir: freshDir(), env: { BATON_TOOLSETS: 'all' } });
  const { text } = await all.fail('state_set', args);
  expect(text).toContain('lock_acquire');
  expect(text).not.toContain('is not listed');
});
