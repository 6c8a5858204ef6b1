// A server whose clock is a year ahead for a moment, beside one whose clock is right: what it took then does not last a
// year, and neither does what it takes after its clock was put right.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const PRELOAD = fileURLToPath(new URL('shifted-clock.mjs', import.meta.url));
const DAY = 86_400_000;
const YEAR = 365 * DAY;
const LEASE_S = 2;

/** A server, and a function that sets how far its clock is ahead. */
async function shifted(dir: string, name: string): Promise<{ server: Server; ahead(ms: number): void }> {
  const file = path.join(dir, `${name}.ahead`);
  const ahead = (ms: number): void => fs.writeFileSync(file, String(ms));
  ahead(0);
  const env = {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    BATON_TEST_AHEAD: file,
    CLAUDE_CODE_SESSION_ID: name,
    BATON_ALLOW_COMMANDS: 'node',
  };
  return { server: await startForTest({ dir, env }), ahead };
}

/** Claims what is free within a few leases. */
async function claimSoon(server: Server, run: unknown): Promise<Answer> {
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await server.call('run_claim', { run, wait_s: 1 });
    if (answer['claim'] !== undefined) return answer;
  }
  return {};
}

test('claims and sessions of the moment, and those after it, end as all others do', async () => {
  const dir = freshDir();
  const { server: one, ahead } = await shifted(dir, 'one');
  const right = (await shifted(dir, 'right')).server;
  await right.call('session_start');
  ahead(YEAR);
  const { session } = await one.call('session_start');
  const nodes = ['a', 'b'].map((id) => ({ id, kind: 'agent', task: id, timeouts: { lease_s: LEASE_S } }));
  const { hash } = await one.call('graph_check', { nodes });
  const { run } = await one.call('run_start', { graph: hash });
  const then = await one.call('run_claim', { run, agent: 'main' });
  expect(Date.parse(String(then['lease_ends']))).toBeGreaterThan(Date.now() + YEAR - DAY);
  ahead(0);
  const after = await one.call('run_claim', { run, agent: 'other' });
  expect(Date.parse(String(after['lease_ends']))).toBeLessThan(Date.now() + 60_000);
  const { sessions } = await right.call('session_list');
  const row = (sessions as Answer[]).find((found) => found['session'] === session);
  expect(Date.parse(String(row?.['expires_at']))).toBeLessThan(Date.now() + 2 * DAY);
  await one.kill();
  const claims = [await claimSoon(right, run), await right.call('run_claim', { run, agent: 'more', wait_s: 5 })];
  expect(claims.map(({ node }) => node).sort()).toEqual(['a', 'b']);
});

test.each([
  ['once', 0, YEAR],
  ['idempotent', 0, YEAR],
  ['once', YEAR, 0],
  ['idempotent', YEAR, 0],
])(
  'a command with effect %s is renewed and ends once while the clock of its server steps',
  async (effect, from, to) => {
    const dir = freshDir();
    const { server: one, ahead } = await shifted(dir, 'one');
    const file = JSON.stringify(path.join(dir, 'notes'));
    const script = `const note = (text) => require('fs').appendFileSync(${file}, text + ' ');
    note('began'); setTimeout(() => note('ended'), 2600);`;
    const command = { id: 'a', kind: 'command', command: ['node', '-e', script], effect };
    const { hash } = await one.call('graph_check', { nodes: [{ ...command, timeouts: { lease_s: LEASE_S } }] });
    ahead(from);
    const { run } = await one.call('run_start', { graph: hash });
    await delay(500);
    ahead(to);
    const other = to === 0 ? (await shifted(dir, 'right')).server : one;
    expect(await other.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'finished' });
    expect(fs.readFileSync(path.join(dir, 'notes'), 'utf8')).toBe('began ended ');
  },
);
