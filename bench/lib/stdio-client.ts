// The thinnest possible MCP client over stdio: what the rows measure is the server, and every floor is driven the same way.

import { type ChildProcess, spawn } from 'node:child_process';

interface Answer {
  result?: { structuredContent?: Record<string, unknown>; isError?: boolean; content?: { text?: string }[]; tools?: unknown[] };
  error?: { message: string };
}

export class StdioClient {
  readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;
  private rest = '';

  constructor(argv: string[], env: Record<string, string> = {}) {
    const [program = '', ...args] = argv;
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.child.stdout?.setEncoding('utf8');
    this.child.stdout?.on('data', (chunk: string) => this.take(chunk));
  }

  /** initialize and initialized. */
  async open(): Promise<void> {
    const clientInfo = { name: 'bench', version: '0' };
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  }

  request(method: string, params: object): Promise<Answer> {
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  /** Calls a tool; throws if it answers with an error, since a refused call is no measurement. */
  async call(name: string, args: object): Promise<Record<string, unknown>> {
    const { result, error } = await this.request('tools/call', { name, arguments: args });
    if (error !== undefined || result === undefined || result.isError) {
      throw new Error(`${name}: ${error?.message ?? result?.content?.[0]?.text ?? 'no result'}`);
    }
    return result.structuredContent ?? {};
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await ended;
  }

  private take(chunk: string): void {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      const message: Answer & { id?: number } = JSON.parse(line);
      const resolve = message.id === undefined ? undefined : this.waiting.get(message.id);
      if (message.id !== undefined) this.waiting.delete(message.id);
      resolve?.(message);
    }
  }
}
