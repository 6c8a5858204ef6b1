// The run tools as a client meets them: shapes, refusals and waiting, over stdio with the bundled program.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../e2e/rig.ts';

let server: Server;

beforeAll(async () => {
  server = await Server.start({ dir: freshDir() });
});
afterAll(async () => {
  await server.close();
});

const agent = (id: string, needs: string[] = [], more: object = {}): Answer => ({
  id,
  kind: 'agent',
  task: `Do ${id}.`,
  needs,
  ...more,
});

async function begin(nodes: Answer[], more: Answer = {}): Promise<string> {
  const { hash } = await server.call('graph_check', { nodes });
  return String((await server.call('run_start', { graph: hash, ...more }))['run']);
}

describe('graph_check', () => {
  test('names every fault at once, and gives no hash', async () => {
    const nodes = [
      agent('a', ['b']),
      agent('b', ['a']),
      agent('c', ['lost']),
      { id: 'd', kind: 'agent', command: ['x'] },
    ];
    const answer = await server.call('graph_check', { nodes });
    expect(answer).toMatchObject({ ok: false, levels: 0, critical_path: [] });
    expect(answer['hash']).toBeUndefined();
    const codes = (answer['errors'] as { code: string }[]).map(({ code }) => code);
    expect(codes.sort()).toEqual(['cycle', 'missing-dependency', 'task-missing', 'unknown-field']);
  });

  test('equal graphs have equal hashes; saved by name it can be started and checked again', async () => {
    const nodes = [agent('a'), agent('b', ['a'])];
    const one = await server.call('graph_check', { nodes, name: 'two', save_as: 'two' });
    const two = await server.call('graph_check', { nodes: nodes.map((node) => ({ ...node })), name: 'two' });
    expect(two['hash']).toBe(one['hash']);
    expect(one).toMatchObject({ ok: true, saved: 'two', nodes: 2, edges: 1, levels: 2, critical_path: ['a', 'b'] });
    expect(await server.call('graph_check', { graph: 'two' })).toMatchObject({ ok: true, hash: one['hash'] });
    expect(await server.call('run_start', { graph: 'two', dry_run: true })).toMatchObject({
      ready: ['a'],
      dry_run: true,
    });
  });

  test('optimise leaves out what is implied; Mermaid text is escaped', async () => {
    const nodes = [agent('a', [], { title: 'say "hi" ]--> end' }), agent('b', ['a']), agent('c', ['a', 'b'])];
    const answer = await server.call('graph_check', { nodes, optimise: true, mermaid: true });
    expect(answer).toMatchObject({ ok: true, edges: 2, removed_edges: ['c → a'], warnings: [] });
    expect(answer['mermaid']).toBe(
      'flowchart TD\n  n0(["say #34;hi#34; #93;--#62; end"])\n  n1(["b"])\n  n2(["c"])\n  n0 --> n1\n  n1 --> n2\n',
    );
  });

  test.each([
    [{}, 'exactly one'],
    [{ nodes: [], graph: 'x' }, 'exactly one'],
    [{ nodes: [agent('a')], save_as: 'No Good' }, 'save_as'],
    [{ nodes: [{ id: 'a', kind: 'agnt' }] }, 'agent'],
  ])('%j is refused as input', async (input, text) => {
    const refused = await server.fail('graph_check', input);
    expect(refused.failure.code).toBe('invalid-input');
    expect(refused.text).toContain(text);
  });
});

test('a field that no node has is a fault of the graph, with the name that is near', async () => {
  const report = await server.call('graph_check', { nodes: [{ ...agent('a'), neds: [] }] });
  const [fault] = report['errors'] as Answer[];
  expect(fault).toMatchObject({ code: 'unknown-field', at: '/nodes/0/neds', hint: 'did you mean needs?' });
});

describe('refusals', () => {
  test.each([
    ['run_start', { graph: 'to' }, 'unknown-graph'],
    ['run_start', { graph: '0'.repeat(64) }, 'unknown-graph'],
    ['run_start', { graph: 'two', resume_from: 'run-nothere1' }, 'unknown-run'],
    ['run_status', { run: 'run-nothere1' }, 'unknown-run'],
    ['run_status', { run: '../x' }, 'unknown-run'],
    ['run_claim', { run: 'run-nothere1' }, 'unknown-run'],
    ['run_claim', { node: 'a' }, 'invalid-input'],
    ['run_claim', { wait_s: 51 }, 'invalid-input'],
    ['run_report', { claim: 'nonsense', status: 'done' }, 'unknown-claim'],
    ['run_report', { claim: 'run-nothere1.a.1.abcdef', status: 'done' }, 'unknown-claim'],
    ['run_control', { run: 'run-nothere1', action: 'pause' }, 'unknown-run'],
  ])('%s %j: %s, and the log is unchanged', async (tool, input, code) => {
    const before = await server.call('run_status');
    expect((await server.fail(tool, input)).failure.code).toBe(code);
    expect((await server.call('run_status'))['seq']).toBe(before['seq']);
  });

  test('near names', async () => {
    const graph = await server.fail('run_start', { graph: 'tow' });
    expect(graph.failure).toMatchObject({ near: ['two'] });
    const run = await begin([agent('build')]);
    const node = await server.fail('run_control', { run, action: 'skip_node', node: 'biuld' });
    expect(node.failure).toMatchObject({ code: 'unknown-node', near: ['build'] });
    await server.call('run_control', { run, action: 'cancel' });
  });
});

describe('runs', () => {
  test('a large output is kept whole, given cut, and shown by run_status', async () => {
    const run = await begin([agent('a'), agent('b', ['a'])], { inputs: { depth: 2 } });
    const a = await server.call('run_claim', { run });
    expect(a).toMatchObject({ node: 'a', run_inputs: { depth: 2 }, attempt: 1, renew_within_s: 200 });
    const output = { text: 'x'.repeat(15_000) };
    await server.call('run_report', { claim: a['claim'], status: 'done', output, summary: 'long' });
    const b = await server.call('run_claim', { run, max_tokens: 200 });
    expect(b['inputs']).toMatchObject({ a: { cut: true, characters: 15_011 } });
    expect(JSON.stringify(b).length).toBeLessThan(2_000);
    const detail = (await server.call('run_status', { run, node: 'a' }))['detail'] as Answer;
    expect(detail).toMatchObject({ summary: 'long', output_bytes: 15_011, output_characters: 15_011 });
    await server.call('run_report', { claim: b['claim'], status: 'released' });
    await server.call('run_control', { run, action: 'cancel' });
  });

  test('without a run: the one of this session; a claim with a request_id is one effect', async () => {
    const run = await begin([agent('a'), agent('b')]);
    expect(await server.call('run_claim', { agent: 'x' })).toMatchObject({ run, node: 'a' });
    const claim = { agent: 'y', request_id: 'r1' };
    const first = await server.call('run_claim', claim);
    expect(first).toMatchObject({ run, node: 'b' });
    expect(await server.call('run_claim', claim)).toMatchObject({ claim: first['claim'], replayed: true });
    expect((await server.fail('run_claim', { agent: 'z', request_id: 'r1' })).failure.code).toBe('request-reused');
    expect(await server.call('run_claim', { agent: 'z', request_id: 'r2' })).toMatchObject({ none: 'all_claimed' });
    const report = { claim: first['claim'], status: 'done', request_id: 'r3' };
    const told = await server.call('run_report', report);
    expect(await server.call('run_report', report)).toMatchObject({ seq: told['seq'], replayed: true });
    // What was empty before is not what the repeat gets.
    await server.call('run_control', { run, action: 'cancel' });
    const other = await begin([agent('c')]);
    expect(await server.call('run_claim', { agent: 'z', request_id: 'r2' })).toMatchObject({ run: other, node: 'c' });
    await server.call('run_control', { run: other, action: 'cancel' });
  });

  test('lists runs, and rows of nodes by pages and status', async () => {
    const run = await begin(Array.from({ length: 5 }, (_, i) => agent(`n${i}`, i === 0 ? [] : ['n0'])));
    const page = await server.call('run_status', { run, limit: 2 });
    expect(page).toMatchObject({ total: 5, counts: { ready: 1, waiting: 4 }, next_cursor: '2' });
    expect(await server.call('run_status', { run, status: 'ready' })).toMatchObject({
      total: 1,
      nodes: [{ node: 'n0' }],
    });
    for (const [node, status] of [
      ['n0', 'ready'],
      ['n1', 'waiting'],
    ])
      expect(await server.call('run_status', { run, node })).toMatchObject({ detail: { status } });
    const list = await server.call('run_status', { status: 'running' });
    expect(list).toMatchObject({ total: 1, runs: [{ run, done: 0, nodes: 5, status: 'running' }] });
    await server.call('run_control', { run, action: 'cancel' });
  });

  test('waiting ends when the run does, and not before', async () => {
    const run = await begin([agent('a')]);
    const { claim } = await server.call('run_claim', { run });
    const waiting = server.call('run_status', { run, wait_s: 20 });
    const beat = await server.call('run_report', { claim, status: 'progress', percent: 10 });
    expect(
      await Promise.race([waiting.then(() => 'over'), new Promise((resolve) => setImmediate(resolve, 'waits'))]),
    ).toBe('waits');
    await server.call('run_report', { claim, status: 'done' });
    const ended = await waiting;
    expect(ended).toMatchObject({ status: 'finished' });
    expect(Number(ended['seq'])).toBeGreaterThan(Number(beat['seq']));
  });

  test('a waiting claim ends when the client cancels it', async () => {
    const run = await begin([agent('a')]);
    await server.call('run_claim', { run, agent: 'one' });
    const stop = new AbortController();
    const args = { run, agent: 'two', wait_s: 50 };
    const waiting = server.client.callTool({ name: 'run_claim', arguments: args }, undefined, { signal: stop.signal });
    stop.abort('enough');
    await expect(waiting).rejects.toThrow(/enough/);
    await server.call('run_control', { run, action: 'cancel' });
    expect(await server.call('run_claim', { run, agent: 'two' })).toMatchObject({ none: 'finished' });
  });
});

test('a graph is drawn in DOT too, and one that names a graph which is not saved is not sound', async () => {
  const drawn = await server.call('graph_check', { nodes: [agent('a')], draw: 'dot' });
  expect(drawn['dot']).toBe('digraph {\n  "a" [label="a", shape=oval]\n}\n');
  const nodes = [{ id: 'x', kind: 'graph', graph: 'tow' }];
  await server.call('graph_check', { nodes: [agent('a')], save_as: 'two' });
  const report = await server.call('graph_check', { nodes });
  expect(report).toMatchObject({ ok: false, errors: [{ code: 'unknown-graph', hint: 'did you mean two?' }] });
  expect(report['hash']).toBeUndefined();
});
