// Traces of real servers: one span per call and per attempt of a node, joined across processes by the trace context in
// commits.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Answer, freshDir, Server } from '../../e2e/rig.ts';
import { type ReadSpan, readSpans } from './otlp-reader.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const traceparent = `00-${TRACE}-${PARENT}-01`;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(dir: string, window: string, more: Record<string, string> = {}): Promise<Server> {
  const env = { CLAUDE_CODE_SESSION_ID: window, BATON_TRACE_FILE: path.join(dir, 'spans.jsonl'), ...more };
  const server = await Server.start({ dir, env });
  servers.push(server);
  return server;
}

/** A call whose client takes part in a trace. */
async function traced(server: Server, name: string, args: Answer, _meta: Answer): Promise<Answer> {
  const result = await server.client.callTool({ name, arguments: args, _meta });
  return (result.structuredContent ?? {}) as Answer;
}

function spansOf(dir: string): ReadSpan[] {
  return readSpans(fs.readFileSync(path.join(dir, 'spans.jsonl'), 'utf8'));
}

async function closeAll(): Promise<void> {
  for (const server of servers.splice(0)) await server.close();
}

async function startRun(server: Server, nodes: Answer[]): Promise<string> {
  const { hash } = await server.call('graph_check', { nodes, name: 'traced' });
  return String((await server.call('run_start', { graph: hash })).run);
}

function only<T>(found: T[]): T {
  expect(found).toHaveLength(1);
  return found[0] as T;
}

test('a call is a span below the one its client names, and what it commits carries its own', async () => {
  const dir = freshDir();
  const server = await serve(dir, 'one');
  const set = await traced(server, 'state_set', { path: '$.a', value: 1 }, { traceparent });
  await server.call('state_get', { path: '$.a' });
  await server.fail('run_status', { run: 'run-nothere1' });
  await traced(server, 'state_get', { path: '$.a' }, { traceparent: 'rubbish' });
  const { session } = await server.call('session_start');
  // Everything is there once the server has closed.
  await closeAll();
  const spans = spansOf(dir);
  expect(spans.map(({ name }) => name)).toEqual([
    'tools/call state_set',
    'tools/call state_get',
    'tools/call run_status',
    'tools/call state_get',
    'tools/call session_start',
  ]);
  expect(fs.statSync(path.join(dir, 'spans.jsonl')).mode & 0o777).toBe(0o600);
  const [first, second, third, fourth] = spans;
  expect(first).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2, flags: 0x301, status: { code: 0 } });
  expect(first?.attributes).toEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'state_set',
    'network.transport': 'pipe',
    'jsonrpc.request.id': expect.stringMatching(/^\d+$/),
    'baton.session': session,
    'baton.seq': set.seq,
  });
  expect(first?.resource).toMatchObject({ 'service.name': 'baton', 'process.pid': expect.any(Number) });
  const tookMs = Number((first?.end ?? 0n) - (first?.start ?? 0n)) / 1e6;
  expect(tookMs).toBeGreaterThan(0);
  expect(Math.abs(Number(first?.start) / 1e6 - Date.now())).toBeLessThan(60_000);
  // Nobody's child: a trace of its own each, also where the client sent what is none.
  for (const root of [second, fourth]) expect(root).toMatchObject({ parentSpanId: '', flags: 1 });
  expect(new Set([first, second, third, fourth].map((span) => span?.traceId)).size).toBe(4);
  expect(third).toMatchObject({
    attributes: { 'error.type': 'tool_error', 'baton.failure': 'unknown-run' },
    status: { code: 2, message: expect.stringContaining('run-nothere1') },
  });
  const log = fs.readFileSync(path.join(dir, 'state', 'log', '000000000001.jsonl'), 'utf8');
  expect(log).toContain(`"trace":"00-${TRACE}-${first?.spanId}-01"`);
});

test('an attempt is a span from its claim in one server to its report in another, below the call that claimed it', async () => {
  const dir = freshDir();
  const ann = await serve(dir, 'ann');
  const bob = await serve(dir, 'bob');
  const run = await startRun(ann, [
    { id: 'a', kind: 'agent', task: 'x' },
    { id: 'b', kind: 'agent', task: 'y', retry: { max_attempts: 2, backoff_s: 0 } },
    { id: 'c', kind: 'agent', task: 'z' },
  ]);
  const claimed = await traced(ann, 'run_claim', { run, node: 'a', agent: 'critic' }, { traceparent });
  const second = await ann.call('run_claim', { run, node: 'b', agent: 'builder' });
  await ann.call('run_claim', { run, node: 'c', agent: 'other' });
  await bob.call('run_report', { claim: claimed.claim, status: 'done', output: 1 });
  await bob.call('run_report', {
    claim: second.claim,
    status: 'failed',
    summary: 'no \u202esuch luck',
    error_kind: 'retryable',
  });
  // A server that began after the claim finds the claim's trace in the log.
  const cat = await serve(dir, 'cat');
  await cat.call('run_control', { run, action: 'cancel' });
  await closeAll();
  const spans = spansOf(dir);
  const attempts = new Map(
    spans.filter(({ name }) => name === 'attempt agent').map((one) => [one.attributes['baton.node'], one]),
  );
  expect(attempts.size).toBe(3);
  const claims = spans.filter(({ name }) => name === 'tools/call run_claim');
  for (const [index, node] of ['a', 'b', 'c'].entries()) {
    const [claim, attempt] = [claims[index], attempts.get(node)];
    expect(attempt).toMatchObject({ traceId: claim?.traceId, parentSpanId: claim?.spanId, kind: 1 });
    expect(attempt?.resource['process.pid']).not.toBe(claim?.resource['process.pid']);
  }
  expect(attempts.get('a')?.traceId).toBe(TRACE);
  expect(attempts.get('a')?.attributes).toMatchObject({
    'baton.run': run,
    'baton.node.kind': 'agent',
    'baton.attempt': 1,
    'baton.fence': 1,
    'baton.attempt.outcome': 'finished',
    'gen_ai.agent.name': 'critic',
  });
  expect(attempts.get('b')).toMatchObject({
    attributes: { 'baton.attempt.outcome': 'retrying', 'error.type': 'retryable' },
    status: { code: 2, message: 'no \u202esuch luck' },
  });
  expect(attempts.get('c')).toMatchObject({
    attributes: { 'baton.attempt.outcome': 'cancelled' },
    status: { code: 0 },
  });
});

test('a command that the server runs is an attempt below the call that started the run', async () => {
  const dir = freshDir();
  const server = await serve(dir, 'one', { BATON_ALLOW_COMMANDS: 'node' });
  const command = (id: string, code: string, needs: string[] = []) => ({
    id,
    kind: 'command',
    command: ['node', '-e', code],
    needs,
    retry: { max_attempts: 1 },
  });
  const run = await startRun(server, [command('ok', ''), command('bad', 'process.exit(3)', ['ok'])]);
  await server.call('run_status', { run, wait_s: 20 });
  await closeAll();
  const spans = spansOf(dir);
  const start = only(spans.filter(({ name }) => name === 'tools/call run_start'));
  const attempts = spans.filter(({ name }) => name === 'attempt command');
  expect(attempts).toMatchObject([
    { attributes: { 'baton.node': 'ok', 'baton.attempt.outcome': 'finished', 'process.exit.code': 0 } },
    { attributes: { 'baton.node': 'bad', 'baton.attempt.outcome': 'failed', 'process.exit.code': 3 } },
  ]);
  for (const attempt of attempts) {
    expect(attempt).toMatchObject({ traceId: start.traceId, parentSpanId: start.spanId });
    expect(attempt.attributes['baton.evidence.grade']).toBe('run-by-server');
  }
  expect(attempts[1]?.status).toMatchObject({ code: 2, message: expect.stringContaining('exit code 3') });
});

test('a claim that a dead server left ends as lost, written by the server that takes it over', async () => {
  const dir = freshDir();
  const ann = await serve(dir, 'ann');
  const bob = await serve(dir, 'bob');
  const run = await startRun(ann, [{ id: 'a', kind: 'agent', task: 'x', timeouts: { lease_s: 1 } }]);
  await ann.call('run_claim', { run, agent: 'one' });
  await ann.kill();
  servers.splice(0, 1);
  const taken = await bob.call('run_claim', { run, agent: 'two', wait_s: 20 });
  await bob.call('run_report', { claim: taken.claim, status: 'done' });
  await closeAll();
  const attempts = spansOf(dir).filter(({ name }) => name === 'attempt agent');
  expect(attempts).toMatchObject([
    {
      attributes: { 'baton.attempt.outcome': 'lost', 'baton.fence': 1, 'gen_ai.agent.name': 'one' },
      status: { code: 2 },
    },
    { attributes: { 'baton.attempt.outcome': 'finished', 'baton.fence': 2, 'gen_ai.agent.name': 'two' } },
  ]);
});

function sizeOf(dir: string): number {
  return fs.statSync(path.join(dir, 'spans.jsonl'), { throwIfNoEntry: false })?.size ?? 0;
}

test('kill -9 in the middle of writing leaves whole lines, and the next server goes on', async () => {
  const dir = freshDir();
  for (let round = 0; round < 8; round += 1) {
    const server = await serve(dir, 'one', { BATON_MAX_CALLS_PER_SECOND: '0' });
    const before = sizeOf(dir);
    const busy = Array.from({ length: 8 }, async () => {
      // Until the server is gone.
      for (;;) await server.call('state_get', { path: '$.x' });
    });
    for (const each of busy) each.catch(() => undefined);
    // From the first spans on: how long a start takes is the machine's affair.
    await expect.poll(() => sizeOf(dir), { interval: 5, timeout: 20_000 }).toBeGreaterThan(before);
    await new Promise((resolve) => setTimeout(resolve, 30 * round));
    await server.kill();
    servers.splice(0);
    await Promise.allSettled(busy);
  }
  expect(spansOf(dir).length).toBeGreaterThan(100);
});

test('without a trace file nothing is written, and commits carry what the client sent', async () => {
  const dir = freshDir();
  const server = await Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: 'one' } });
  servers.push(server);
  await traced(server, 'state_set', { path: '$.a', value: 1 }, { traceparent });
  await traced(server, 'state_set', { path: '$.a', value: 2 }, { traceparent: `x${'y'.repeat(10_000)}` });
  await closeAll();
  expect(fs.readdirSync(dir).sort()).toEqual(['state']);
  const log = fs.readFileSync(path.join(dir, 'state', 'log', '000000000001.jsonl'), 'utf8');
  expect(log.match(/"trace":"[^"]*"/g)).toEqual([`"trace":"${traceparent}"`]);
});

test('a trace file in the store is refused before anything is opened', async () => {
  const dir = freshDir();
  await expect(serve(dir, 'one', { BATON_TRACE_FILE: path.join(dir, 'state', 'log', 'x') })).rejects.toThrow();
  expect(fs.existsSync(path.join(dir, 'state'))).toBe(false);
});
