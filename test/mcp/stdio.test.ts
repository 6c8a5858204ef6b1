// The stdio transport and the shutdown, on real processes: messages that the SDK's transport drops get an answer, and
// every cause of a shutdown ends the process in time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RoutingTransport } from '../../src/mcp/routing.ts';
import { StdioTransport } from '../../src/mcp/stdio.ts';
import { bundleFixtures, marks, ServerProcess } from './process.ts';

let built: Awaited<ReturnType<typeof bundleFixtures>>;
const started: ServerProcess[] = [];

beforeAll(async () => {
  built = await bundleFixtures({ serve: 'test/mcp/fixtures/serve.ts' });
});
afterAll(() => built.remove());
afterEach(() => {
  for (const server of started.splice(0)) server.child.kill('SIGKILL');
});

function serve(mark = 'unused'): ServerProcess {
  const server = new ServerProcess([join(built.dir, 'out/serve.js'), join(built.dir, mark)]);
  started.push(server);
  return server;
}

test('answers of one turn leave four to a write, and the rest when the turn ends', async () => {
  const writes: number[] = [];
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk.toString().trimEnd().split('\n').length);
      done();
    },
  });
  const transport = new StdioTransport({ input: new PassThrough(), output });
  await transport.start();
  await Promise.all(Array.from({ length: 10 }, (_, id) => transport.send({ jsonrpc: '2.0', id, result: {} })));
  await transport.flushed();
  expect(writes.filter((lines) => lines > 0).slice(0, 3)).toEqual([4, 4, 2]);
  await transport.close();
});

test('the answer of a call leaves as the text it is, under an inert id that means the same', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const result = '{"content":[{"type":"text","text":"{\\"a\\":1}"}],"structuredContent":{"a":1}}';
  const transport = new RoutingTransport(new StdioTransport({ input, output }), async () => result);
  await transport.start();
  input.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'a\u202eb', method: 'tools/call', params: {} })}\n`);
  const [chunk] = await once(output, 'data');
  expect(String(chunk)).toBe(`{"jsonrpc":"2.0","id":"a\\u202eb","result":${result}}\n`);
  await transport.close();
});

describe('requests that are never answered', () => {
  async function waiting() {
    const input = new PassThrough();
    const output = new PassThrough();
    const transport = new StdioTransport({ input, output });
    await transport.start();
    input.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    await new Promise((resolve) => setImmediate(resolve));
    return { transport, output, answered: transport.answered() };
  }

  test('are waited for no longer once stdout is broken', async () => {
    const { output, answered } = await waiting();
    output.destroy(new Error('broken pipe'));
    await expect(answered).resolves.toBeUndefined();
  });

  test('are waited for no longer once the transport is closed', async () => {
    const { transport, answered } = await waiting();
    await transport.close();
    await expect(answered).resolves.toBeUndefined();
  });
});

describe('framing', () => {
  test('two messages in one chunk, one message in many chunks, CRLF and blank lines', async () => {
    const server = serve();
    await server.initialize();
    const ping = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });
    server.send(`${ping(1)}\n${ping(2)}\r\n\r\n  \n`);
    expect((await server.answer(1)).result).toEqual({});
    expect((await server.answer(2)).result).toEqual({});
    for (const byte of Buffer.from(`${ping(3)}\n`)) server.send(Buffer.from([byte]));
    expect((await server.answer(3)).result).toEqual({});
    expect(server.messages()).toHaveLength(4);
  });

  test('a byte order mark before the first message is skipped', async () => {
    const server = serve();
    server.send(Buffer.from([0xef, 0xbb, 0xbf]));
    const answer = await server.initialize();
    expect(answer.result).toMatchObject({ serverInfo: { name: 'baton' }, instructions: 'test' });
  });

  test('a multi-byte character cut between chunks arrives whole', async () => {
    const server = serve();
    await server.initialize();
    const line = Buffer.from(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'state_get', arguments: { path: 'é€😀' } } })}\n`,
    );
    const cut = line.indexOf(0xf0) + 2;
    server.send(line.subarray(0, cut));
    await server.until(() => true);
    server.send(line.subarray(cut));
    expect((await server.answer(1)).result).toMatchObject({ structuredContent: { echoed: { path: 'é€😀' } } });
  });

  test('a message of several megabytes is taken; answers stay whole', async () => {
    const server = serve();
    await server.initialize();
    server.call(1, 'state_set', { path: '$', value: 'v'.repeat(7_000_000) });
    const { result } = await server.answer(1);
    expect(result?.isError).toBe(true);
    expect(JSON.stringify(result)).toContain('too-large: The answer of state_set is too large');
  });
});

describe('lines that are no messages', () => {
  test('garbage gets -32700, with the id where it can be told, and the server lives', async () => {
    const server = serve();
    await server.initialize();
    server.send('this is not json\n');
    expect((await server.answer(null)).error?.code).toBe(-32700);
    server.send('{"jsonrpc":"2.0","id":41,"method":"tools/call","params":{"name":oops}}\n');
    expect((await server.answer(41)).error).toMatchObject({
      code: -32700,
      message: expect.stringContaining('one message per line'),
    });
    server.send('{"jsonrpc":"2.0","method":"x","params":{"id":42,oops}}\n');
    server.send(
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":43,"method":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}\n'),
      ]),
    );
    expect((await server.answer(43)).error?.message).toContain('UTF-8');
    server.request(44, 'ping');
    await server.answer(44);
    expect(server.messages().some((message) => message.id === 42)).toBe(false);
    expect(server.stderr).toContain('Parse error');
  });

  test('invalid requests get -32600 and say what is wrong', async () => {
    const server = serve();
    await server.initialize();
    server.send('{"jsonrpc":"1.0","id":1,"method":"ping"}\n');
    server.send('{"jsonrpc":"2.0","id":2,"method":7}\n');
    server.send('{"jsonrpc":"2.0","id":3,"method":"ping","params":[1]}\n');
    server.send('{"jsonrpc":"2.0","id":4,"method":"ping","params":{"_meta":{"progressToken":1.5}}}\n');
    server.send('{"jsonrpc":"2.0","id":5}\n');
    for (const id of [1, 2, 3, 4, 5]) expect((await server.answer(id)).error?.code).toBe(-32600);
    server.send('{"jsonrpc":"2.0","id":1.5,"method":"ping"}\n');
    expect((await server.answer(1.5)).error?.message).toContain('"id"');
    server.send('{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}\n');
    expect((await server.answer(null)).error?.message).toContain('"id"');
    // What is merely more than needed does no harm.
    server.send('{"jsonrpc":"2.0","id":6,"method":"ping","params":null,"extra":true}\n');
    expect((await server.answer(6)).result).toEqual({});
  });

  test('a batch is answered element by element', async () => {
    const server = serve();
    await server.initialize();
    server.send(
      '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"b","method":"ping"}]\n',
    );
    for (const id of [1, 'b']) {
      expect((await server.answer(id)).error).toMatchObject({
        code: -32600,
        message: expect.stringContaining('batches are not supported'),
      });
    }
    server.send('[]\n');
    expect((await server.answer(null)).error?.code).toBe(-32600);
    expect(server.messages()).toHaveLength(4);
  });

  test('a line above 8 MiB is refused with its id, at its head or its end, and skipped', async () => {
    const server = serve();
    await server.initialize();
    const filler = 'x'.repeat(9 * 1024 * 1024);
    server.send(`{"jsonrpc":"2.0","id":"first","method":"tools/call","params":{"v":"${filler}"}}\n`);
    expect((await server.answer('first')).error).toMatchObject({
      code: -32600,
      message: expect.stringContaining('8388608'),
    });
    server.send(`{"method":"tools/call","params":{"id":77,"v":"${filler}"},"jsonrpc":"2.0","id":12}\n`);
    expect((await server.answer(12)).error?.code).toBe(-32600);
    server.send(`{"method":"tools/call","params":{"v":"${filler}","id":78}}\n`);
    expect((await server.answer(null)).error?.code).toBe(-32600);
    server.request(13, 'ping');
    expect((await server.answer(13)).result).toEqual({});
    expect(server.messages().some((message) => message.id === 77 || message.id === 78)).toBe(false);
  });

  test('unknown methods, also before initialize, get -32601', async () => {
    const server = serve();
    server.request('probe', 'server/discover');
    expect((await server.answer('probe')).error?.code).toBe(-32601);
    await server.initialize();
  });

  test('arguments nested beyond reason do not end the server', async () => {
    const server = serve();
    await server.initialize();
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    server.send(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"state_set","arguments":{"path":"$","value":${deep}}}}\n`,
    );
    const answer = await server.answer(1);
    expect(answer.error?.message).toContain('nested deeper than 1000 levels');
    server.request(2, 'ping');
    expect((await server.answer(2)).result).toEqual({});
  });
});

/** Far less than the calls under way would take, and far more than an exit takes on a busy machine. */
const SOON_MS = 15_000;

describe('the end', () => {
  test('stdin end: calls in flight are answered, services closed, exit 0', async () => {
    const server = serve('stdin');
    await server.initialize();
    server.call(1, 'run_claim', { wait_ms: 300 });
    server.stopClock();
    server.child.stdin?.end();
    const { code, ms } = await server.exit;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON_MS);
    expect((await server.answer(1)).result).toMatchObject({ structuredContent: { waited: true } });
    expect(marks(join(built.dir, 'stdin'))).toBe('closed\n');
  });

  test('stdin end without a newline: the last message still counts', async () => {
    const server = serve();
    await server.initialize();
    server.send('{"jsonrpc":"2.0","id":9,"method":"ping"}');
    server.child.stdin?.end();
    expect((await server.exit).code).toBe(0);
    expect((await server.answer(9)).result).toEqual({});
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: orderly, exit 0, once', async (signal) => {
    const server = serve(signal);
    await server.initialize();
    server.call(1, 'run_claim', { wait_ms: 300 });
    await server.until(() => true);
    server.call(2, 'state_get');
    await server.answer(2);
    server.stopClock();
    server.child.kill(signal);
    const { code, ms } = await server.exit;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON_MS);
    expect((await server.answer(1)).result).toMatchObject({ structuredContent: { waited: true } });
    expect(marks(join(built.dir, signal))).toBe('closed\n');
  });

  test('a call that does not end does not hold the exit', async () => {
    const server = serve('stuck');
    await server.initialize();
    server.call(1, 'run_claim', { wait_ms: 60_000, deaf: true });
    server.call(2, 'state_get');
    await server.answer(2);
    server.stopClock();
    server.child.kill('SIGTERM');
    const { code, ms } = await server.exit;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON_MS);
  });

  test('a second signal exits at once', async () => {
    const server = serve('impatient');
    await server.initialize();
    server.call(1, 'run_claim', { wait_ms: 60_000, deaf: true });
    server.call(2, 'state_get');
    await server.answer(2);
    server.child.kill('SIGINT');
    await server.until(() => server.stderr.includes('"closing"'));
    server.stopClock();
    server.child.kill('SIGTERM');
    const { code, ms } = await server.exit;
    expect(code).toBe(143);
    expect(ms).toBeLessThan(SOON_MS);
    expect(marks(join(built.dir, 'impatient'))).toBe('');
  });

  test('closed stdout: orderly, exit 0, no crash', async () => {
    const server = serve('epipe');
    await server.initialize();
    server.child.stdout?.destroy();
    server.stopClock();
    server.request(1, 'ping');
    server.call(2, 'state_get');
    const { code, ms } = await server.exit;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON_MS);
    expect(marks(join(built.dir, 'epipe'))).toBe('closed\n');
    expect(server.stderr).not.toContain('"level":60');
  });

  test('a client that does not read does not stop the server from leaving', async () => {
    const server = serve('stalled');
    await server.initialize();
    server.child.stdout?.pause();
    for (let i = 0; i < 150; i++) server.call(i, 'state_set', { path: '$', value: 'v'.repeat(15_000) });
    await server.until(() => (server.stderr.match(/"outcome":"answer"/g)?.length ?? 0) >= 150);
    server.stopClock();
    server.child.kill('SIGTERM');
    const { code, ms } = await server.exit;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON_MS);
  });

  test('the parent dies while its pipes stay open: noticed, orderly', async () => {
    const mark = join(built.dir, 'orphan');
    // The sleeping process keeps the server's stdin open after the shell, the server's parent, is gone.
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const script = `(echo '${ping}'; exec sleep 20) | "${process.execPath}" "${join(built.dir, 'out/serve.js')}" "${mark}"; true`;
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    parent.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await new Promise<void>((resolve) => parent.stdout.once('data', () => resolve()));
    const closed = new Promise<void>((resolve) => parent.stdout.once('close', resolve));
    parent.kill('SIGKILL');
    // The server holds the other end of this pipe: its end is the server's.
    await closed;
    expect(marks(mark)).toBe('closed\n');
    expect(stderr).toContain('parent gone');
  });
});
