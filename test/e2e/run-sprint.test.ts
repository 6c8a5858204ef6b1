// A sprint executed by a run, through clients: planned, started, claimed and reported by two agents, shown on the
// board.

import { expect, test } from 'vitest';
import { type Answer, freshDir, type Server, startForTest } from './rig.ts';

const start = (dir: string, name: string): Promise<Server> =>
  startForTest({ dir, env: { CLAUDE_CODE_SESSION_ID: name } });

/** Claims and reports until there is no more work; answers the nodes it did. */
async function workThrough(server: Server, run: unknown, agent: string): Promise<unknown[]> {
  const did: unknown[] = [];
  for (;;) {
    const claimed = await server.call('run_claim', { run, agent, wait_s: 10 });
    if (claimed.none === 'finished') return did;
    expect(claimed.none).toBeUndefined();
    const { claim, node } = claimed;
    did.push(node);
    const detail = { sprint: 'SPR-1', column: 'active', detail: 'brief' };
    expect(JSON.stringify(await server.call('sprint_board', detail))).toContain(agent);
    await server.call('run_report', { claim, status: 'done', summary: `${agent} did it` });
  }
}

test('two agents in two windows do a sprint; the board shows each step', async () => {
  const dir = freshDir();
  const [one, two] = [await start(dir, 'window-1'), await start(dir, 'window-2')];
  const { sprint, ids } = await one.call('plan_save', {
    sprint: { title: 'Search', status: 'active' },
    tasks: [
      { key: 'index', title: 'Build the index', description: 'Of titles only.' },
      { key: 'page', title: 'Draw the page' },
      { key: 'wire', title: 'Wire both', needs: ['index', 'page'] },
      { key: 'done', title: 'Choose a name' },
    ],
  });
  const { index, page, wire, done } = ids as Record<string, string>;
  await one.call('task_save', { id: done, status: 'done' });

  for (const wrong of [{}, { graph: 'x', sprint }, { sprint, resume_from: 'run-x' }]) {
    expect((await one.fail('run_start', wrong)).failure.code).toBe('invalid-input');
  }
  expect((await one.fail('run_start', { sprint: 'SPR-9' })).failure.code).toBe('unknown-item');
  expect(await one.call('run_start', { sprint, dry_run: true })).toMatchObject({ nodes: 3, dry_run: true });
  const begin = { sprint, request_id: 'r1' };
  // Both at once: one run, and the other window is told which.
  const both = await Promise.all(
    [one, two].map((server) => server.client.callTool({ name: 'run_start', arguments: begin })),
  );
  const [started] = both.flatMap(({ isError, structuredContent }) => (isError ? [] : [structuredContent as Answer]));
  if (started === undefined) throw new Error('neither started it');
  const refused = both.find(({ isError }) => isError === true);
  expect(JSON.stringify(refused?.content)).toContain(`its run ${started.run} is running`);
  const winner = refused === both[1] ? one : two;
  const nodes = [index, page, wire].map((id) => id?.toLowerCase());
  expect(started).toMatchObject({ status: 'running', nodes: 3, ready: nodes.slice(0, 2), reused: [] });
  const { run } = started;

  const first = await one.call('run_claim', { run, agent: 'ann' });
  expect(first).toMatchObject({ node: nodes[0], title: 'Build the index', goal: 'Build the index\n\nOf titles only.' });
  const board: Answer = await two.call('sprint_board', { sprint, column: 'active', detail: 'brief' });
  expect(board.columns).toMatchObject([{ status: 'active', count: 1, cards: [{ id: index, assignee: 'ann' }] }]);

  const did = await Promise.all([workThrough(one, run, 'ann'), workThrough(two, run, 'bob')]);
  expect(did.flat().sort()).toEqual(nodes);
  expect(await two.call('run_status', { run })).toMatchObject({ name: 'SPR-1', status: 'finished' });
  const after = await two.call('sprint_board', { sprint });
  expect(after.columns).toMatchObject([
    { status: 'todo', count: 0 },
    { status: 'active', count: 0 },
    { status: 'review', count: 0 },
    { status: 'blocked', count: 0 },
    { status: 'done', count: 4 },
    { status: 'cancelled', count: 0 },
  ]);
  // Repeated, it is the same run, though the sprint has nothing left; anew, there is nothing to start.
  expect(await winner.call('run_start', begin)).toMatchObject({ run, replayed: true });
  expect((await one.fail('run_start', { sprint })).failure.code).toBe('not-allowed');
}, 30_000);

test('a task finished by hand ends its node and frees its claim; the status says so', async () => {
  const server = await start(freshDir(), 'window-1');
  const { sprint, ids } = await server.call('plan_save', {
    sprint: { title: 'Search', status: 'active' },
    tasks: [
      { key: 'index', title: 'Build the index' },
      { key: 'page', title: 'Draw the page', needs: ['index'] },
    ],
  });
  const { index = '', page = '' } = ids as Record<string, string>;
  await server.call('project_save', { config: { global_settings: { max_concurrent_agents: 1 } } });
  const { run } = await server.call('run_start', { sprint });
  const { claim } = await server.call('run_claim', { run, agent: 'ann' });
  expect(await server.call('run_claim', { run, agent: 'bob' })).toMatchObject({ none: 'limit' });
  await server.call('task_save', { id: index, status: 'done' });
  const stands = await server.call('run_status', { run });
  expect(stands).toMatchObject({ status: 'running', counts: { finished: 1, ready: 1 } });
  expect(await server.call('run_claim', { run, agent: 'bob' })).toMatchObject({ node: page.toLowerCase() });
  expect(await server.call('run_report', { claim, status: 'done', output: 'built' })).toMatchObject({
    status: 'finished',
  });
  const { detail } = await server.call('run_status', { run, node: index.toLowerCase() });
  expect(detail).toMatchObject({ status: 'finished', output: 'built' });
});
