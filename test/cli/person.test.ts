// Who acts on the command line: a person, on nobody's session, who is asked for one where several are open; or the
// agent whose window the command runs in.

import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { type Answer, freshDir, startForTest } from '../e2e/rig.ts';

const user = userInfo().username;

function baton(dir: string, args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [inject('program'), ...args, '--json'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state'), ...env },
    cwd: dir,
    encoding: 'utf8',
  });
  return { status, stderr, answer: JSON.parse(stdout === '' ? '{}' : stdout) as Answer };
}

/** The author of the last commit. */
function lastAuthor(dir: string): unknown {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
  const ran = spawnSync(process.execPath, [inject('program'), 'log', '--limit', '1', '--json'], {
    env,
    encoding: 'utf8',
  });
  return JSON.parse(ran.stdout.trimEnd()).by;
}

describe('a person', () => {
  test('acts in the one session that is open, which is named; the change is the person’s', async () => {
    const dir = freshDir();
    const server = await startForTest({ dir });
    const { session } = await server.call('session_start');
    const set = baton(dir, ['state', 'set', '$.x', '1']);
    expect(set.answer).toMatchObject({ created: true, note: `in session ${session}` });
    expect(lastAuthor(dir)).toEqual({ user, tool: 'state_set', grade: 'person' });
    expect(await server.call('state_set', { path: '$.x', value: 2 })).toMatchObject({ previous_by: user });
    baton(dir, ['task', 'save', '--title', 'T']);
    expect(lastAuthor(dir)).toEqual({ user, tool: 'task_save', grade: 'person' });
    expect(JSON.stringify(await server.call('dashboard_get', { view: 'team', format: 'json' }))).toContain(
      'task.created',
    );
  });

  test('is asked for a session where several are open, and goes where it is told', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir })];
    const ids = [await one.call('session_start'), await two.call('session_start')].map(({ session }) =>
      String(session),
    );
    for (const args of [
      ['state', 'set', '$.x', '1'],
      ['message', 'send', 'all', 'hi'],
      ['lock', 'acquire', 'build'],
    ]) {
      const { status, stderr } = baton(dir, args);
      expect(status, args.join(' ')).toBe(1);
      for (const id of ids) expect(stderr).toContain(id);
      expect(stderr).toContain('--session');
      expect(baton(dir, [...args, '--session', ids[0] ?? '']).status, args.join(' ')).toBe(0);
    }
    expect(await one.call('state_get', { path: '$.x' })).toMatchObject({ value: 1 });
    expect(await two.call('state_get', { path: '$.x' })).toMatchObject({ matches: 0 });
    // What acts in no session asks for none.
    expect(baton(dir, ['task', 'save', '--title', 'T']).status).toBe(0);
    expect(baton(dir, ['plan', 'list', '--kind', 'task']).answer).toMatchObject({ total: 1 });
  });

  test('sends under its own name, and reads without taking anything from the session', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir }), await startForTest({ dir })];
    const [{ session }, other] = [await one.call('session_start'), await two.call('session_start')];
    baton(dir, ['message', 'send', String(other['session']), 'stop', '--session', String(session)]);
    const { messages } = await two.call('message_read');
    expect(messages).toMatchObject([{ from: session, person: user, text: 'stop' }]);
    await two.call('message_send', { to: session, text: 'stopped' });
    for (let n = 0; n < 3; n += 1)
      expect(baton(dir, ['message', 'read', '--session', String(session)]).answer).toMatchObject({
        unread: 0,
        messages: [{}],
      });
    expect((await one.call('message_read')).messages).toMatchObject([{ text: 'stopped' }]);
  });

  test('votes beside the voters, and leaves the votes of agents alone', async () => {
    const dir = freshDir();
    const server = await startForTest({ dir });
    const { session } = await server.call('session_start');
    const { decision } = await server.call('decision_open', {
      title: 'Port',
      options: ['1', '2'],
      quorum: 1,
      voters: [session],
    });
    expect(baton(dir, ['decision', 'vote', String(decision), '2']).answer).toMatchObject({
      status: 'open',
      voted: 1,
      voters: 2,
    });
    expect(await server.call('decision_vote', { decision })).toMatchObject({ missing: [session] });
    expect(lastAuthor(dir)).toMatchObject({ user, grade: 'person' });
    expect(await server.call('session_start')).toMatchObject({ open: { decisions: 1 } });
  });
});

test('in an agent’s window the command line is the agent’s', async () => {
  const dir = freshDir();
  const env = { CLAUDE_CODE_SESSION_ID: 'w' };
  const server = await startForTest({ dir, env });
  const other = await startForTest({ dir });
  const [{ session }] = [await server.call('session_start'), await other.call('session_start')];
  expect(baton(dir, ['state', 'set', '$.x', '1'], env).answer).toMatchObject({ note: `in session ${session}` });
  expect(lastAuthor(dir)).toEqual({ user, tool: 'state_set', session });
  const { decision } = await server.call('decision_open', { title: 'P', options: ['1', '2'], voters: [session] });
  expect(baton(dir, ['decision', 'vote', String(decision), '2'], env).answer).toMatchObject({
    status: 'passed',
    voters: 1,
  });
});
