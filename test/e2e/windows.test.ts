// Windows through real processes: two of one client's session, one that is killed, and a project whose directory moves.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const CLIENT = { CLAUDE_CODE_SESSION_ID: 'aaaaaaaa-1111-4111-8111-111111111111' };
const agent = (id: string) => ({ id, kind: 'agent', task: `Do ${id}.` });

async function begin(server: Server, ids: string[]): Promise<string> {
  const { hash } = await server.call('graph_check', { nodes: ids.map(agent) });
  return String((await server.call('run_start', { graph: hash })).run);
}

describe('two live windows of one client session', () => {
  test('share its state and no claim, and are told of each other', async () => {
    const dir = freshDir();
    const one = await startForTest({ dir, env: CLIENT });
    const first = await one.call('session_start');
    expect(first.note).toBeUndefined();
    const run = await begin(one, ['a', 'b', 'c']);
    const a = await one.call('run_claim', { run });
    const two = await startForTest({ dir, env: CLIENT });
    const second = await two.call('session_start');
    expect(second).toMatchObject({ session: first.session, resumed: true });
    expect(second.note).toContain('another window that is live serves this session too');
    const b = await two.call('run_claim', { run });
    expect(b.node).not.toBe(a.node);
    expect(await one.call('run_claim', { run })).toMatchObject({ claim: a.claim });
    expect(await two.call('run_claim', { run })).toMatchObject({ claim: b.claim });
    await one.kill();
    // What the second window holds stays its own; then it gets what the first one left.
    expect(await two.call('run_claim', { run })).toMatchObject({ claim: b.claim });
    await two.call('run_report', { claim: b.claim, status: 'done' });
    expect(await two.call('run_claim', { run })).toMatchObject({ claim: a.claim });
  });

  test('a new session of one leaves the other in the one that they shared', async () => {
    const dir = freshDir();
    const [one, two] = [await startForTest({ dir, env: CLIENT }), await startForTest({ dir, env: CLIENT })];
    const { session } = await one.call('session_start');
    await two.call('state_set', { path: '$.mine', value: 1 });
    const fresh = await one.call('session_start', { resume: 'new' });
    expect(fresh.session).not.toBe(session);
    await one.call('state_set', { path: '$.own', value: 2 });
    expect(await two.call('state_get', { path: '$' })).toMatchObject({ value: { mine: 1 } });
    expect(await two.call('session_start')).toMatchObject({ session, resumed: true });
    expect(await one.call('session_start')).toMatchObject({ session: fresh.session, resumed: true });
    // The client goes on where the window is that stayed.
    await two.kill();
    const next = await startForTest({ dir, env: CLIENT });
    expect(await next.call('session_start')).toMatchObject({ session });
    expect(await one.call('state_get', { path: '$.own' })).toMatchObject({ value: 2 });
  });

  test('a window that was killed leaves its claim to the next one of its session', async () => {
    const dir = freshDir();
    const one = await startForTest({ dir, env: CLIENT });
    const run = await begin(one, ['a', 'b']);
    const { claim } = await one.call('run_claim', { run });
    await one.kill();
    const two = await startForTest({ dir, env: CLIENT });
    expect(await two.call('session_start')).toMatchObject({ claims: [{ claim, state: 'unverifiable' }] });
    expect(await two.call('run_claim', { run })).toMatchObject({ claim });
    expect(await two.call('session_start')).toMatchObject({ claims: [{ claim, state: 'held' }] });
  });
});

test('a colleague that was killed is told to a new window: its session, its nodes, its agents', async () => {
  const dir = freshDir();
  const one = await startForTest({ dir, env: CLIENT });
  const { session } = await one.call('session_start');
  const run = await begin(one, ['a', 'b']);
  await one.call('run_claim', { run, agent: 'writer' });
  const agents = async (server: Server): Promise<unknown> =>
    (await server.call('plan_list', { kind: 'agent', detail: 'full' })).rows;
  const two = await startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: 'b' } });
  await two.call('session_start');
  expect(await agents(two)).toEqual([expect.objectContaining({ id: 'writer', available: true })]);
  await one.kill();
  const start = await two.call('session_start');
  expect(start).toMatchObject({ open: { runs: 1, unfinished: 2, ownerless: 1 }, left: [{ session, claims: 1 }] });
  expect(start.note).toContain(`session_recover {session: "${session}"} takes it over`);
  expect(await agents(two)).toEqual([
    expect.objectContaining({ id: 'writer', state: 'unverifiable', available: false }),
  ]);
  const recovered = await two.call('session_recover', { session });
  expect(recovered).toMatchObject({ in_flight: [{ node: 'a', state: 'unverifiable' }], unread: 0, offers: 0 });
  const { changes } = await two.call('state_history', { path: '$.session', limit: 5 });
  expect(JSON.stringify(changes)).toContain('session.recovered');
});

describe('a directory that was renamed', () => {
  async function moved(): Promise<{ dir: string; project: string; after: Server; there: string }> {
    const dir = freshDir();
    const [old, there] = [path.join(dir, 'app'), path.join(dir, 'app2')];
    fs.mkdirSync(old);
    execFileSync('git', ['init', '-q', old]);
    const before = await startForTest({ dir, cwd: old });
    await before.call('task_save', { title: 'Keep me' });
    await before.call('project_save', { config: { pools: { backend: 2 } } });
    const project = String((await before.call('project_get')).project);
    await before.close();
    fs.renameSync(old, there);
    return { dir, project, there, after: await startForTest({ dir, cwd: there, env: CLIENT }) };
  }
  const titles = async (server: Server): Promise<unknown> =>
    ((await server.call('plan_list', { kind: 'task' })).rows as Answer[]).map(({ title }) => title);

  test('is offered its plan by the first answer, and has it after one call, in every process', async () => {
    const { dir, project, there, after } = await moved();
    const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
    const baton = (...args: string[]): string =>
      String(spawnSync(process.execPath, [inject('program'), ...args], { cwd: there, env }).stdout);
    // A person who added a task first would have made a plan that stands in the way.
    expect(baton('task', 'list')).toContain(`baton project save --adopt ${project}`);
    const other = await startForTest({ dir, cwd: there, env: { CLAUDE_CODE_SESSION_ID: 'b' } });
    expect((await other.call('plan_list', { kind: 'task' })).note).toContain(`project_save {adopt: "${project}"}`);
    expect((await after.call('session_start')).note).toContain(`project_save {adopt: "${project}"}`);
    const { text } = await after.fail('plan_list', { kind: 'task', text: 'TSK-1', detail: 'full' });
    expect(text).not.toContain('the nearest: TSK-1');
    expect(await after.call('project_save', { adopt: project })).toMatchObject({ project });
    for (const server of [after, other]) {
      expect(await titles(server)).toEqual(['Keep me']);
      expect(await server.call('project_get')).toMatchObject({ project, config: { pools: { backend: { max: 2 } } } });
    }
    await after.call('task_save', { id: 'TSK-1', status: 'done' });
    await after.call('project_save', { adopt: project });
    const next = await startForTest({ dir, cwd: there, env: { CLAUDE_CODE_SESSION_ID: 'c' } });
    expect((await next.call('session_start')).note).toBeUndefined();
    expect((await next.call('session_list')).total).toBe(3);
    expect(baton('plan', 'list', '--kind', 'task')).toContain('Keep me');
  });

  test('takes nothing over that is worked on elsewhere, unknown, or would hide a plan of its own', async () => {
    const { dir, project, after } = await moved();
    expect((await after.fail('project_save', { adopt: 'prj-0000000000' })).failure.code).toBe('unknown-item');
    const own = String((await after.call('project_get')).project);
    expect((await after.fail('project_save', { adopt: project, name: 'x' })).failure.code).toBe('invalid-input');
    const back = path.join(dir, 'app');
    fs.mkdirSync(back);
    expect((await after.fail('project_save', { adopt: project })).failure).toMatchObject({
      code: 'not-allowed',
      why: expect.stringContaining('still there'),
    });
    fs.rmdirSync(back);
    const { id: mine } = await after.call('task_save', { title: 'Mine' });
    expect((await after.fail('project_save', { adopt: project })).failure).toMatchObject({
      why: expect.stringContaining('a plan of its own'),
    });
    expect(await after.call('project_get')).toMatchObject({ project: own });
    await after.call('task_save', { id: mine, archived: true });
    await after.call('project_save', { adopt: project });
    expect(await titles(after)).toEqual(['Keep me']);
  });
});
