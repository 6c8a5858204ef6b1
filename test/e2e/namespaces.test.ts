// Servers in pid namespaces of their own, as sandboxed clients start them, on one store: a number of another namespace
// means nothing here, so neither takes the other for dead.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const SANDBOX = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** With the host's /proc, in which the numbers are those of the host. */
const BARE = ['unshare', '--pid', '--fork', '--kill-child'];

function whyNot(): string | undefined {
  const [command = '', ...args] = SANDBOX;
  const { status, error, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no pid namespace can be made here: ${error?.message ?? stderr.trim()}`;
}

const refused = whyNot();
const because = refused === undefined ? '' : ` (skipped: ${refused})`;

const PAIRS: [string, readonly string[], readonly string[]][] = [
  ['two sandboxes', SANDBOX, SANDBOX],
  ['the host and a sandbox', [], SANDBOX],
  ['two sandboxes with the /proc of the host', BARE, BARE],
];

describe.skipIf(refused !== undefined).each(PAIRS)(`%s${because}`, (_, first, second) => {
  function serve(dir: string, under: readonly string[], name: string): Promise<Server> {
    return startForTest({ dir, under, env: { BATON_ALLOW_COMMANDS: 'node', CLAUDE_CODE_SESSION_ID: name } });
  }

  const alive = (dir: string): string[] =>
    fs
      .readdirSync(path.join(dir, 'state', 'alive'))
      .filter((name) => name.includes('~'))
      .sort();

  test.each(['idempotent', 'once'])('a command with effect %s starts once and ends once', async (effect) => {
    const dir = freshDir();
    const [one, other] = [await serve(dir, first, 'one'), await serve(dir, second, 'other')];
    const file = JSON.stringify(path.join(dir, 'notes'));
    // Longer than several looks of a runner at what others hold.
    const script = `const note = (text) => require('fs').appendFileSync(${file}, text + ' ');
      note('began'); setTimeout(() => note('ended'), 1500);`;
    const nodes = [{ id: 'a', kind: 'command', command: ['node', '-e', script], effect }];
    const { hash } = await one.call('graph_check', { nodes });
    const { run } = await one.call('run_start', { graph: hash });
    const ended = await other.call('run_status', { run, wait_s: 20 });
    expect(ended).toMatchObject({ status: 'finished', counts: { finished: 1 } });
    expect(fs.readFileSync(path.join(dir, 'notes'), 'utf8')).toBe('began ended ');
    const { detail } = await other.call('run_status', { run, node: 'a' });
    expect(detail).toMatchObject({ attempt: 1, fence: 1 });
  });

  test('a session that one serves is not resumed by the other, and its presence stays', async () => {
    const dir = freshDir();
    const one = await serve(dir, first, 'one');
    const begun = await one.call('session_start');
    const file = alive(dir).find((name) => name.startsWith(`${String(begun['session'])}~`)) ?? '';
    expect(file).not.toBe('');
    const other = await serve(dir, second, 'other');
    expect(await other.call('session_start')).not.toMatchObject({ session: begun['session'] });
    const { sessions } = await other.call('session_list');
    expect((sessions as Answer[]).map(({ live }) => live)).toEqual([true, true]);
    expect(alive(dir)).toContain(file);
    // Nobody there can tell that it died; but it notes no more that it serves.
    await one.kill();
    const long = Date.now() / 1_000 - 600;
    fs.utimesSync(path.join(dir, 'state', 'alive', file), long, long);
    const heir = await serve(dir, second, 'heir');
    expect(await heir.call('session_start')).toMatchObject({ session: begun['session'], resumed: true });
  });
});
