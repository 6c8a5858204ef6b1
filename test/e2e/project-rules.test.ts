// The rules of a project's configuration, on real servers with one store: each server obeys a change by another at its
// next call, ten servers never hold more claims than the project allows, and a policy that forbids too much can be
// undone.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import type { FoldedCommit } from '../../src/store/fold.ts';
import { openStore } from '../store/places.ts';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const start = (dir: string, name: string): Promise<Server> =>
  startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: name } });

/** `baton …` in a terminal of the same project. */
function baton(dir: string, ...args: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state') };
  return spawnSync(process.execPath, [inject('program'), ...args], { cwd: dir, env, encoding: 'utf8' });
}

describe('a change in one server', () => {
  test('rules the next call of another one, however soon that comes', async () => {
    const dir = freshDir();
    const [one, two] = [await start(dir, 'window-1'), await start(dir, 'window-2')];
    const write = { path: '$.tasks.a.status', value: 'later' };
    const task = { type: 'object', properties: { status: { enum: ['todo', 'done'] } } };
    const deny = { name: 'no-writes', tool: 'state_set', decision: 'deny', reason: 'a freeze' };
    for (let round = 0; round < 5; round += 1) {
      await two.call('state_set', write);
      await one.call('project_save', { config: { schemas: { '$.tasks.*': task } } });
      const { failure, text } = await two.fail('state_set', write);
      expect(failure).toMatchObject({ code: 'schema-violated', path: '$.tasks.a.status', found: '"later"' });
      expect(text).toContain('its schema of "$.tasks.*" asks for enum ["todo","done"], found "later"');
      await one.call('project_save', { config: { schemas: null, policies: [deny] } });
      expect((await two.fail('state_set', write)).text).toMatch(
        /the policy "no-writes" denies it: a freeze.*project_get/,
      );
      await one.call('project_save', { config: { policies: null } });
    }
    const nodes = ['a', 'b'].map((id) => ({ id, kind: 'agent', task: 'x' }));
    const { hash: graph } = await two.call('graph_check', { nodes, name: 'two' });
    const { run } = await two.call('run_start', { graph });
    const limit = (most: number) =>
      one.call('project_save', { config: { global_settings: { max_concurrent_agents: most } } });
    await limit(1);
    await two.call('run_claim', { run, agent: 'first' });
    // Who waits is let in by the change itself.
    const waiting = two.call('run_claim', { run, agent: 'second', wait_s: 20 });
    expect(await one.call('run_claim', { run, agent: 'third' })).toMatchObject({ none: 'limit' });
    await limit(2);
    expect(await waiting).toMatchObject({ node: 'b' });
  });

  test('and rollback_to takes it back there too', async () => {
    const dir = freshDir();
    const [one, two] = [await start(dir, 'window-1'), await start(dir, 'window-2')];
    const { seq } = await one.call('project_save', { config: { global_settings: { token_budget: 5_000 } } });
    await one.call('project_save', { config: { policies: [{ tool: 'state_*', decision: 'deny' }] } });
    expect((await two.fail('state_get')).failure.code).toBe('not-allowed');
    const back = { rollback_to: seq };
    expect(await two.call('project_save', { ...back, dry_run: true })).toMatchObject({ changed: ['/config'] });
    expect((await two.fail('state_get')).failure.code).toBe('not-allowed');
    await two.call('project_save', back);
    await two.call('state_get');
    expect((await one.call('project_get')).config).toMatchObject({ global_settings: { token_budget: 5_000 } });
  });
});

test('a policy that denies everything is put right on the command line', async () => {
  const dir = freshDir();
  const one = await start(dir, 'window-1');
  await one.call('project_save', { config: { policies: [{ tool: '*', decision: 'deny' }] } });
  expect((await one.fail('project_save', { config: { policies: null } })).failure.code).toBe('not-allowed');
  const refused = baton(dir, 'state', 'set', '$.a', '1');
  expect([refused.status, refused.stderr]).toEqual([expect.any(Number), expect.stringContaining('policy 1 of 1')]);
  const saved = baton(dir, 'project', 'save', '--config', '{"policies": null}', '--json');
  expect([saved.status, saved.stderr]).toEqual([0, '']);
  await one.call('state_set', { path: '$.a', value: 1 });
});

/** Does nodes of any run until there are none left; answers how many. */
async function workThrough(server: Server, agent: string): Promise<number> {
  for (let done = 0; ; done += 1) {
    let claimed: Answer;
    do claimed = await server.call('run_claim', { agent, wait_s: 20 });
    while (claimed.none !== undefined && claimed.none !== 'finished');
    if (claimed.none === 'finished') return done;
    await server.call('run_report', { claim: claimed.claim, status: 'done', tokens: 10 });
  }
}

/** The claims held after each commit, as the runs' documents say; and as the project's list says. */
function heldOverTime(dir: string): { runs: number; list: number }[] {
  const commits: FoldedCommit[] = [];
  openStore(path.join(dir, 'state'), { onCommits: (more) => commits.push(...more) }).close();
  const claimed = new Set<string>();
  const listed = new Set<string>();
  return commits.map(({ commit }) => {
    for (const { stream, patch } of commit.events) {
      for (const op of patch) {
        const [, node] = /^\/nodes\/([^/]+)$/.exec(op.path) ?? [];
        const [, key] = /^\/held\/([^/]+)$/.exec(op.path) ?? [];
        const value = 'value' in op ? (op.value as { status?: string; held?: object }) : {};
        if (stream.startsWith('run/') && node !== undefined)
          claimed[value.status === 'claimed' ? 'add' : 'delete'](`${stream} ${node}`);
        if (stream.startsWith('pool/') && op.path === '')
          for (const one of Object.keys(value.held ?? {})) listed.add(one);
        if (stream.startsWith('pool/') && key !== undefined) listed[op.op === 'remove' ? 'delete' : 'add'](key);
      }
    }
    return { runs: claimed.size, list: listed.size };
  });
}

test('ten servers at work on two runs never hold more claims than the project allows', async () => {
  const dir = freshDir();
  const all = await Promise.all(Array.from({ length: 10 }, (_, at) => start(dir, `window-${at}`)));
  const [first] = all;
  if (first === undefined) throw new Error('no servers');
  await first.call('project_save', { config: { global_settings: { max_concurrent_agents: 3 } } });
  const runs: string[] = [];
  for (const name of ['one', 'two']) {
    const nodes = Array.from({ length: 20 }, (_, at) => ({ id: `n${at}`, kind: 'agent', task: name }));
    const { hash } = await first.call('graph_check', { nodes, name });
    runs.push(String((await first.call('run_start', { graph: hash })).run));
  }
  // The limit is reached for certain: three hold a claim, which they are handed again, before the others begin.
  for (const [at, server] of all.slice(0, 3).entries()) await server.call('run_claim', { agent: `agent-${at}` });
  const done = await Promise.all(all.map((server, at) => workThrough(server, `agent-${at}`)));
  expect(done.reduce((sum, count) => sum + count, 0)).toBe(40);
  for (const run of runs)
    expect(await first.call('run_status', { run })).toMatchObject({ status: 'finished', tokens: 200 });
  const held = heldOverTime(dir);
  expect(held.filter(({ runs: count, list }) => count !== list)).toEqual([]);
  expect(Math.max(...held.map(({ runs: count }) => count))).toBe(3);
});
