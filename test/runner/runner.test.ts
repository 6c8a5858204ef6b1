// Command nodes in real servers: how they run, what is recorded, and what happens when a server ends in any way.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { groupAlive } from '../../src/runner/process/process-group.ts';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

const servers: Server[] = [];

async function serve(dir: string, allow = 'node', name = 'window'): Promise<Server> {
  const env = { BATON_ALLOW_COMMANDS: allow, CLAUDE_CODE_SESSION_ID: name };
  const server = await Server.start({ dir, env });
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A node that notes its start in a file and then does as told. */
function noting(dir: string, id: string, then = '', more: object = {}): Answer {
  const note = `require('fs').appendFileSync(${JSON.stringify(path.join(dir, 'notes'))}, '${id} ' + process.pid + '\\n');`;
  return { id, kind: 'command', command: ['node', '-e', note + then], effect: 'idempotent', ...more };
}

/** Runs until a file named like the node is there. */
function untilFile(dir: string, id: string): string {
  const file = JSON.stringify(path.join(dir, `${id}.go`));
  return `const t = setInterval(() => { if (require('fs').existsSync(${file})) { clearInterval(t); console.log('went'); } }, 20);`;
}

function go(dir: string, id: string): void {
  writeFileSync(path.join(dir, `${id}.go`), '');
}

function notes(dir: string): string[] {
  appendFileSync(path.join(dir, 'notes'), '');
  return readFileSync(path.join(dir, 'notes'), 'utf8').split('\n').filter(Boolean);
}

async function start(server: Server, nodes: Answer[], more: Answer = {}): Promise<string> {
  const checked = await server.call('graph_check', { nodes, ...more });
  expect(checked['errors']).toEqual([]);
  const started = await server.call('run_start', { graph: checked['hash'] });
  return String(started['run']);
}

async function node(server: Server, run: string, id: string): Promise<Answer> {
  const { detail } = await server.call('run_status', { run, node: id });
  return detail as Answer;
}

/** Waits until the run looks as asked. */
async function until(
  server: Server,
  run: string,
  seen: (rows: Record<string, Answer>, status: string) => boolean,
): Promise<void> {
  const endsAt = Date.now() + 15_000;
  let after: unknown;
  for (;;) {
    const answer = await server.call('run_status', {
      run,
      until: 'change',
      wait_s: after === undefined ? 0 : 1,
      ...(after === undefined ? {} : { after }),
    });
    const rows = Object.fromEntries((answer['nodes'] as Answer[]).map((row) => [String(row['node']), row]));
    if (seen(rows, String(answer['status']))) return;
    if (Date.now() > endsAt) throw new Error(`not reached: ${JSON.stringify(answer)}`);
    after = answer['seq'];
  }
}

async function started(dir: string, id: string): Promise<number> {
  const endsAt = Date.now() + 10_000;
  while (Date.now() < endsAt) {
    const line = notes(dir).find((note) => note.startsWith(`${id} `));
    if (line !== undefined) return Number(line.split(' ')[1]);
    await delay(10);
  }
  throw new Error(`${id} never started`);
}

test('commands run in order, and what they did is recorded by the server', async () => {
  const dir = freshDir();
  const server = await serve(dir);
  const big = {
    id: 'big',
    kind: 'command',
    command: ['node', '-e', "console.log('x'.repeat(9000))"],
    needs: ['first'],
  };
  const run = await start(server, [noting(dir, 'first', "console.log('hello')"), big]);
  const ended = await server.call('run_status', { run, wait_s: 20 });
  expect(ended).toMatchObject({ status: 'finished', counts: { finished: 2 }, critical_path_left: [] });
  expect(await node(server, run, 'first')).toMatchObject({
    status: 'finished',
    output: { exit_code: 0, stdout: 'hello\n' },
    evidence: { grade: 'run-by-server', exit_code: 0 },
  });
  expect(await node(server, run, 'big')).toMatchObject({
    evidence: { stdout_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

test('a failing program fails its node with its last words; retried as often as allowed', async () => {
  const dir = freshDir();
  const server = await serve(dir);
  const fails = noting(dir, 'fails', "console.error('no such luck'); process.exit(3)", {
    retry: { max_attempts: 2, backoff_s: 0 },
  });
  const run = await start(server, [fails]);
  expect(await server.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'failed' });
  expect(await node(server, run, 'fails')).toMatchObject({
    status: 'failed',
    attempt: 2,
    error: { message: 'exit code 3: no such luck' },
    evidence: { exit_code: 3 },
  });
  expect(notes(dir)).toHaveLength(2);
});

test('what a failed command printed is kept as that of a successful one, between its tries too', async () => {
  const dir = freshDir();
  const server = await serve(dir);
  const say = "console.log('b'.repeat(9000) + 'last'); console.error('e'.repeat(9000)); process.exitCode = 4";
  const run = await start(server, [noting(dir, 'fails', say, { retry: { max_attempts: 2, backoff_s: 30 } })]);
  const kept = {
    output: { exit_code: 4, stdout: expect.stringMatching(/^…b+last\n$/) },
    evidence: {
      exit_code: 4,
      stdout_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      stderr_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  };
  await until(server, run, (rows) => rows['fails']?.['status'] === 'retrying');
  expect(await node(server, run, 'fails')).toMatchObject({ status: 'retrying', ...kept });
  await server.call('run_control', { run, action: 'retry_node', node: 'fails' });
  await until(server, run, (_rows, status) => status === 'failed');
  expect(await node(server, run, 'fails')).toMatchObject({ status: 'failed', attempt: 2, ...kept });
});

test('what no allow-list admits is named at the start and waits; a server that admits it takes it', async () => {
  const dir = freshDir();
  const server = await serve(dir, 'git');
  const { hash } = await server.call('graph_check', { nodes: [noting(dir, 'a')] });
  const begun = await server.call('run_start', { graph: hash });
  expect(begun['warnings']).toMatchObject([{ code: 'nobody_allows', nodes: ['a'] }]);
  const other = await serve(dir, 'node', 'other');
  expect(await other.call('run_status', { run: begun['run'], wait_s: 20 })).toMatchObject({ status: 'finished' });
});

test('killed in the middle: another server ends what is left and goes on, without repeating what finished', async () => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const run = await start(first, [
    noting(dir, 'before'),
    noting(dir, 'slow', untilFile(dir, 'slow'), { needs: ['before'] }),
    noting(dir, 'after', '', { needs: ['slow'] }),
  ]);
  const pid = await started(dir, 'slow');
  const second = await serve(dir, 'node', 'two');
  await until(second, run, ({ slow }) => slow?.['status'] === 'claimed');
  const killedAt = Date.now();
  await first.kill();
  await until(second, run, ({ slow }) => slow?.['fence'] === 2);
  expect(Date.now() - killedAt).toBeLessThan(15_000);
  expect(groupAlive(pid)).toBe(false);
  go(dir, 'slow');
  expect(await second.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'finished' });
  expect(notes(dir).map((line) => line.split(' ')[0])).toEqual(['before', 'slow', 'slow', 'after']);
  expect(await node(second, run, 'slow')).toMatchObject({
    attempt: 1,
    fence: 2,
    lost: [{ claim: expect.any(String) }],
  });
  expect(await node(second, run, 'before')).toMatchObject({ attempt: 1, fence: 1 });
});

test('killed in the middle of what must not be repeated: somebody has to decide', async () => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const run = await start(first, [
    noting(dir, 'slow', untilFile(dir, 'slow'), { effect: 'once' }),
    noting(dir, 'after', '', { needs: ['slow'] }),
  ]);
  await started(dir, 'slow');
  const second = await serve(dir, 'node', 'two');
  await until(second, run, ({ slow }) => slow?.['status'] === 'claimed');
  await first.kill();
  await until(second, run, (_, status) => status === 'stuck');
  expect(await node(second, run, 'slow')).toMatchObject({ status: 'needs_decision', error: { kind: 'lost' } });
  await second.call('run_control', { run, action: 'decide', node: 'slow', decision: 'done', output: 'it had' });
  expect(await second.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'finished' });
  expect(notes(dir)).toHaveLength(2);
});

test('a server that closes ends its processes and gives their nodes up at once', async () => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const run = await start(first, [noting(dir, 'slow', untilFile(dir, 'slow'))]);
  const pid = await started(dir, 'slow');
  const second = await serve(dir, 'git', 'two');
  await until(second, run, ({ slow }) => slow?.['status'] === 'claimed');
  await first.close();
  await until(second, run, ({ slow }) => slow?.['status'] === 'ready');
  expect(groupAlive(pid)).toBe(false);
  go(dir, 'slow');
  const third = await serve(dir, 'node', 'three');
  expect(await third.call('run_status', { run, wait_s: 20 })).toMatchObject({ status: 'finished' });
});

test('a cancelled run ends its processes', async () => {
  const dir = freshDir();
  const server = await serve(dir);
  const run = await start(server, [noting(dir, 'slow', untilFile(dir, 'slow'))]);
  const pid = await started(dir, 'slow');
  const other = await serve(dir, 'git', 'other');
  expect(await other.call('run_control', { run, action: 'cancel' })).toMatchObject({ status: 'cancelled' });
  const endsAt = Date.now() + 5_000;
  while (groupAlive(pid) && Date.now() < endsAt) await delay(10);
  expect(groupAlive(pid)).toBe(false);
  expect(await node(other, run, 'slow')).toMatchObject({ status: 'cancelled' });
});

test('an agent that waits gets the work as soon as a command has finished in another server', async () => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const second = await serve(dir, 'git', 'two');
  const run = await start(first, [
    noting(dir, 'build', untilFile(dir, 'build')),
    { id: 'review', kind: 'agent', task: 'Review it.', needs: ['build'] },
  ]);
  expect(await second.call('run_claim', { run })).toMatchObject({ none: 'all_claimed', left: 2 });
  const waiting = second.call('run_claim', { run, agent: 'critic', wait_s: 20 });
  await started(dir, 'build');
  go(dir, 'build');
  const claim = await waiting;
  expect(claim).toMatchObject({ node: 'review', goal: 'Review it.', inputs: { build: { exit_code: 0 } } });
  expect(await second.call('run_claim', { run, agent: 'critic' })).toMatchObject({ claim: claim['claim'] });
  const report = { claim: claim['claim'], status: 'done', output: { ok: true } };
  expect(await second.call('run_report', report)).toMatchObject({ status: 'finished', run_status: 'finished' });
});

test.each([
  ['idempotent', { status: 'ready' }],
  ['once', { status: 'needs_decision', error: { kind: 'lost' } }],
])('killed, and no server is left that may run the node (%s): the run needs somebody', async (effect, left) => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const run = await start(first, [noting(dir, 'slow', untilFile(dir, 'slow'), { effect })]);
  const pid = await started(dir, 'slow');
  const second = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'two' } });
  servers.push(second);
  await first.kill();
  const seen = await second.call('run_status', { run, wait_s: 15 });
  expect(seen).toMatchObject({ status: 'stuck' });
  expect(seen['nodes']).toMatchObject([{ node: 'slow', status: left.status }]);
  expect(groupAlive(pid)).toBe(false);
});

test('killed before the only server left began, which may run nothing: the run needs somebody', async () => {
  const dir = freshDir();
  const first = await serve(dir, 'node', 'one');
  const run = await start(first, [noting(dir, 'slow', untilFile(dir, 'slow'), { effect: 'once' })]);
  const pid = await started(dir, 'slow');
  await first.kill();
  const second = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'two' } });
  servers.push(second);
  expect(await second.call('run_status', { run, wait_s: 15 })).toMatchObject({ status: 'stuck' });
  expect(groupAlive(pid)).toBe(false);
});
