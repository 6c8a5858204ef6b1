// When V8 is set to optimise late, and when to optimise soon.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { optimiseLate } from '../../src/mcp/tiering.ts';
import { freshDir, startForTest } from '../e2e/rig.ts';

function told(version: string): { flags: string[]; called: () => void } {
  const flags: string[] = [];
  return { flags, called: optimiseLate({ version, set: (flag) => flags.push(flag) }) };
}

test('a server starts late, and is optimised soon from its 200th call on, told once', () => {
  const { flags, called } = told('11.3.244.8-node.38');
  expect(flags).toContain('--ticks-before-optimization=100');
  for (let call = 1; call < 200; call += 1) called();
  expect(flags).not.toContain('--ticks-before-optimization=3');
  called();
  expect(flags.slice(-2)).toEqual(['--ticks-before-optimization=3', '--max-bytecode-size-for-early-opt=81']);
  const settled = flags.length;
  for (let call = 0; call < 1_000; call += 1) called();
  expect(flags).toHaveLength(settled);
});

test('a V8 that has a middle tier is left alone', () => {
  const { flags, called } = told('12.4.254.21-node.21');
  for (let call = 0; call < 1_000; call += 1) called();
  expect(flags).toEqual([]);
});

// V8 writes to stderr about a flag that it does not know, and goes on.
test.skipIf(!process.versions.v8.startsWith('11.'))('this V8 knows every flag that it is told', () => {
  const { flags, called } = told(process.versions.v8);
  for (let call = 0; call < 200; call += 1) called();
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(flags.filter((flag) => !known.includes(`${flag.replace(/=.*/, '')} (`))).toEqual([]);
});

test.skipIf(!process.versions.v8.startsWith('11.'))('a server that serves tells its V8 so', async () => {
  const dir = freshDir();
  const [spy, told] = [path.join(dir, 'spy.mjs'), path.join(dir, 'told')];
  fs.writeFileSync(
    spy,
    `import fs from 'node:fs';
     import v8 from 'node:v8';
     v8.setFlagsFromString = (flag) => fs.appendFileSync(${JSON.stringify(told)}, flag + '\\n');`,
  );
  const env = { NODE_OPTIONS: `--import=${spy}`, BATON_MAX_CALLS_PER_SECOND: '0' };
  const server = await startForTest({ dir, env });
  for (let call = 1; call < 200; call += 1) await server.call('state_get', { path: '$.a' });
  expect(fs.readFileSync(told, 'utf8')).toMatch(/--ticks-before-optimization=100\n.*=0\n$/);
  await server.call('state_get', { path: '$.a' });
  expect(fs.readFileSync(told, 'utf8')).toMatch(/--ticks-before-optimization=3\n/);
});
