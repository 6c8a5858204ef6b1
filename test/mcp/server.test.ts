// The wrapper of every tool call, by a real client over the SDK's in-memory transport.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, test } from 'vitest';
import type { Logger } from '../../src/base/log.ts';
import { readConfig } from '../../src/config/config.ts';
import { type Failure, fail, ok, type Result } from '../../src/failure/failure.ts';
import { instructionsFor } from '../../src/mcp/instructions.ts';
import { buildServer, type ServerConfig } from '../../src/mcp/server.ts';
import { describeTools } from '../../src/tools/describe.ts';
import { type TestPorts, testTools } from './fixtures/tools.ts';

interface Rig {
  client: Client;
  services: TestPorts;
  logged: { level: string; facts: unknown }[];
  /** Calls a tool as a client without a schema cache would. */
  call(
    name: string,
    input?: object,
    options?: { signal?: AbortSignal; onprogress?: (progress: unknown) => void; meta?: object },
  ): Promise<Answer>;
}

interface Answer {
  isError?: boolean | undefined;
  structuredContent?: Record<string, unknown> | undefined;
  text: string;
  failure: unknown;
}

const open: Client[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

async function rig(
  overrides: Partial<ServerConfig> = {},
  openServices?: () => Promise<Result<TestPorts>>,
): Promise<Rig> {
  const config = readConfig({}, {});
  if (!config.ok) throw new Error('config');
  const services: TestPorts = { ran: [] };
  const logged: Rig['logged'] = [];
  const server = buildServer<TestPorts>({
    config: { ...config.value, checkAnswers: true, home: '/home/someone', ...overrides },
    log: recorder(logged),
    services: openServices ?? (async () => ok(services)),
    tools: async () => testTools,
    listings: describeTools(testTools),
    instructions: instructionsFor([]),
    version: '1.2.3',
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '0' });
  await Promise.all([server.connect(far), client.connect(near)]);
  open.push(client);
  const call: Rig['call'] = async (name, input = {}, options = {}) => {
    const { meta, ...rest } = options;
    const params = { name, arguments: { ...input }, ...(meta !== undefined && { _meta: { ...meta } }) };
    const result = await client.request({ method: 'tools/call', params }, CallToolResultSchema, rest);
    const [first] = result.content;
    const text = first?.type === 'text' ? first.text : '';
    return {
      isError: result.isError,
      structuredContent: result.structuredContent,
      text,
      failure: result._meta?.['baton/failure'],
    };
  };
  return { client, services, logged, call };
}

function recorder(logged: Rig['logged']): Logger {
  const at = (level: string) => (facts: unknown) => void logged.push({ level, facts });
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    isLevelEnabled: () => true,
  };
}

function names(listed: { tools: { name: string }[] }): string[] {
  return listed.tools.map((tool) => tool.name);
}

describe('tools/list', () => {
  test('lists the generated definitions, sorted, with all that clients use', async () => {
    const { client } = await rig();
    const listed = await client.listTools();
    expect(names(listed)).toEqual(['run_claim', 'state_get', 'state_set']);
    expect(listed.tools).toMatchSnapshot();
    expect(client.getInstructions()).toBe(instructionsFor([]));
    expect(client.getServerVersion()).toMatchObject({ name: 'baton', title: 'Baton', version: '1.2.3' });
  });

  test('toolsets, opt-in by name, everything, and read-only', async () => {
    const listed = async (overrides: Partial<ServerConfig>): Promise<string[]> =>
      names(await (await rig(overrides)).client.listTools());
    expect(await listed({ toolsets: { sets: ['run'], tools: [], all: false } })).toEqual(['run_claim']);
    expect(await listed({ toolsets: { sets: ['run', 'ops'], tools: [], all: false } })).toEqual(['run_claim']);
    expect(await listed({ toolsets: { sets: ['run'], tools: ['ops_break'], all: false } })).toEqual([
      'ops_break',
      'run_claim',
    ]);
    expect(await listed({ toolsets: { sets: [], tools: [], all: true } })).toHaveLength(4);
    expect(await listed({ readOnly: true })).toEqual(['run_claim', 'state_get']);
  });

  test('a tool that is not listed can still be called', async () => {
    const { call } = await rig({ toolsets: { sets: [], tools: [], all: false } });
    expect(await call('state_get')).toMatchObject({ structuredContent: { echoed: { path: '$' } } });
  });
});

describe('answers', () => {
  test('structured content, and the same as text', async () => {
    const { call } = await rig();
    const answer = await call('state_set', { path: '$.a', value: { b: [1] } });
    expect(answer.structuredContent).toEqual({ echoed: { b: [1] }, note: 'one unread' });
    expect(JSON.parse(answer.text)).toEqual(answer.structuredContent);
    expect(answer.isError).toBeUndefined();
  });

  test('without arguments at all, defaults apply', async () => {
    const { client } = await rig();
    const result = await client.request({ method: 'tools/call', params: { name: 'state_get' } }, CallToolResultSchema);
    expect(result.structuredContent).toEqual({ echoed: { path: '$', keys_only: false, follow: true } });
  });

  test('an answer above the limit is refused, and says that the change was made', async () => {
    const { call } = await rig();
    const answer = await call('ops_break', { how: 'big' });
    expect(answer).toMatchObject({ isError: true, failure: { code: 'too-large', limit: 100, actual: 211 } });
    expect(answer.text).toBe(
      'too-large: The answer of ops_break is too large; it is 211, the limit is 100; the change itself was made, so do ' +
        'not repeat it; the tools that only read show it, such as plan_list',
    );
  });

  test('an answer against its own schema is a bug while developing, and costs nothing in use', async () => {
    expect((await (await rig()).call('ops_break', { how: 'wrong' })).failure).toMatchObject({ code: 'internal' });
    expect((await (await rig({ checkAnswers: false })).call('ops_break', { how: 'wrong' })).structuredContent).toEqual({
      text: 5,
    });
  });

  test('the trace context of the caller is passed on', async () => {
    const { call } = await rig();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect((await call('ops_break', { how: 'trace' }, { meta: { traceparent } })).structuredContent).toEqual({
      text: traceparent,
    });
  });
});

describe('refused input', () => {
  test('every fault at once, unknown keys with what was meant', async () => {
    const { call, services } = await rig();
    const answer = await call('state_get', {
      path: ['x'],
      limits: 3,
      detail: 'all',
      limit: 900,
      deep: [{ titel: 'x' }],
    });
    expect(answer.isError).toBe(true);
    expect(answer.structuredContent).toBeUndefined();
    expect(answer.failure).toEqual({
      code: 'invalid-input',
      issues: [
        { at: 'path', why: 'expected string, got array' },
        { at: 'limit', why: 'expected number to be <=200' },
        { at: 'detail', why: 'expected one of "ids", "brief", "full"; did you mean "full"?' },
        { at: '/deep/0/title', why: 'required (string)' },
        { at: '/deep/0/titel', why: 'unknown key, did you mean title?' },
        { at: 'limits', why: 'unknown key, did you mean limit?' },
      ],
      expected: ['title'],
    });
    expect(answer.text).toMatch(/^invalid-input: The input was refused \(path: expected string, got array \| /);
    expect(services.ran).toEqual([]);
  });

  test('unknown keys alone name the keys that exist', async () => {
    const { call } = await rig();
    const { text } = await call('state_set', { path: '$', value: 1, zzz: 1 });
    expect(text).toBe(
      'invalid-input: The input was refused (zzz: unknown key); expected: path, value; correct it and repeat the call; nothing was done',
    );
  });

  test('keys and depths that would do harm are refused for every tool', async () => {
    const { call } = await rig();
    const value: unknown = JSON.parse('{"a":{"__proto__":{"x":1}}}');
    expect((await call('state_set', { path: '$', value })).failure).toMatchObject({
      code: 'value-refused',
      at: '/value/a/__proto__',
    });
    let deep: unknown = 1;
    for (let i = 0; i < 150; i++) deep = [deep];
    expect((await call('state_set', { path: '$', value: deep })).failure).toMatchObject({ code: 'value-refused' });
  });

  test('an unknown tool names the nearest', async () => {
    const { call } = await rig();
    const answer = await call('state_gte');
    expect(answer.failure).toEqual({ code: 'unknown-tool', tool: 'state_gte', near: ['state_get', 'state_set'] });
    expect(answer.text).toBe(
      'unknown-tool: There is no tool "state_gte"; the nearest: state_get, state_set; call one of the tools that tools/list names',
    );
  });
});

describe('refusal before the tool', () => {
  test('read-only mode refuses what changes something', async () => {
    const { call, services } = await rig({ readOnly: true });
    expect((await call('state_set', { path: '$', value: 1 })).failure).toMatchObject({ code: 'read-only' });
    expect((await call('state_get')).isError).toBeUndefined();
    expect(services.ran).toEqual(['state_get']);
  });

  test('calls per second', async () => {
    const { call, services } = await rig({ maxCallsPerSecond: 3 });
    const burst = Promise.all(Array.from({ length: 20 }, () => call('state_get')));
    // Held back for up to two seconds, not refused at once.
    await expect.poll(() => services.ran.length, { timeout: 5_000 }).toBeGreaterThan(3);
    const answers = await burst;
    expect(answers.slice(0, 9).filter((answer) => answer.isError === true)).toEqual([]);
    expect(answers[19]?.failure).toMatchObject({ code: 'rate-limited', limit: 3 });
    const unlimited = await rig({ maxCallsPerSecond: 0 });
    const many = await Promise.all(Array.from({ length: 500 }, () => unlimited.call('state_get')));
    expect(many.every((answer) => answer.isError !== true)).toBe(true);
  });

  test('a store that does not open is told by the call, and tried again by the next', async () => {
    const trouble: Failure = { code: 'store-newer', what: 'The store', found: 9, known: 1 };
    const tries: Result<TestPorts>[] = [fail(trouble), ok({ ran: [] })];
    const { call } = await rig({}, async () => tries.shift() ?? fail(trouble));
    expect((await call('state_get')).failure).toEqual(trouble);
    expect((await call('state_get')).isError).toBeUndefined();
  });
});

describe('time', () => {
  test('the deadline stops the tool, which may answer itself', async () => {
    const { call, services } = await rig();
    const startedAt = performance.now();
    expect((await call('run_claim', { wait_ms: 30_000 })).failure).toEqual({ code: 'cancelled' });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(services.ran).toEqual(['run_claim', 'stopped']);
  });

  test('a tool that does not listen is given up', async () => {
    const { call } = await rig();
    const answer = await call('run_claim', { wait_ms: 5000, deaf: true });
    expect(answer.failure).toEqual({ code: 'deadline-exceeded', what: 'run_claim', afterMs: 1000 });
  });

  test('cancelling stops the tool', async () => {
    const { call, services } = await rig();
    const stop = new AbortController();
    const calling = call('run_claim', { wait_ms: 900 }, { signal: stop.signal });
    await expect.poll(() => services.ran).toContain('run_claim');
    stop.abort();
    await expect(calling).rejects.toThrow();
    await expect.poll(() => services.ran).toContain('stopped');
  });

  test('progress grows, and is sent only if asked for', async () => {
    const { call } = await rig();
    const seen: unknown[] = [];
    const answer = await call('run_claim', { wait_ms: 20 }, { onprogress: (progress) => seen.push(progress) });
    expect(seen).toEqual([
      { progress: 1, total: 3, message: 'begun' },
      { progress: 2, total: 3 },
      { progress: 3, total: 3 },
    ]);
    expect(answer.structuredContent).toMatchObject({ waited: true });
    expect((await call('run_claim', { wait_ms: 1 })).isError).toBeUndefined();
  });
});

describe('failures and bugs', () => {
  test('a failure is told without the home directory', async () => {
    const { call, logged } = await rig();
    const answer = await call('ops_break', { how: 'fail', where: '/home/someone/.claude/state' });
    expect(answer.failure).toEqual({
      code: 'store-damaged',
      file: '~/.claude/state/log/1.jsonl',
      offset: 7,
      why: 'sum differs',
    });
    expect(answer.text).not.toContain('/home/someone');
    expect(logged.at(-1)).toMatchObject({ level: 'info', facts: { tool: 'ops_break', code: 'store-damaged' } });
  });

  test('a failure that had to be thrown is a failure', async () => {
    const { call } = await rig();
    expect((await call('ops_break', { how: 'throw-failure' })).failure).toMatchObject({ code: 'contended', tries: 9 });
  });

  test('a bug is an id to the caller and a detail to the log', async () => {
    const { call, logged } = await rig();
    const answer = await call('ops_break', { how: 'bug', where: '/home/someone/x' });
    expect(answer).toMatchObject({ isError: true, structuredContent: undefined });
    expect(answer.text).toMatch(/^internal: Baton has a fault \(id [0-9a-f]{8}\)/);
    expect(answer.text).not.toContain('secret');
    expect(logged.find((line) => line.level === 'error')?.facts).toMatchObject({
      tool: 'ops_break',
      bug: (answer.failure as { id: string }).id,
    });
  });

  test('a client that knows the output schemas accepts answers and errors alike', async () => {
    const { client } = await rig();
    await client.listTools();
    await expect(client.callTool({ name: 'state_get', arguments: {} })).resolves.toMatchObject({
      structuredContent: {},
    });
    await expect(client.callTool({ name: 'state_get', arguments: { x: 1 } })).resolves.toMatchObject({ isError: true });
  });
});
