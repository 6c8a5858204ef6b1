// A server process under test: its output, its end, and the marks that it writes. Used by stdio.test.ts; tests of admin
// use its bundling of fixtures.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../scripts/bundle.mjs';

/** Bundles fixtures into a temporary directory; `remove` takes it away. */
export async function bundleFixtures(entries: Record<string, string>): Promise<{ dir: string; remove(): void }> {
  const dir = mkdtempSync(join(tmpdir(), 'baton-test-'));
  await bundle({ entries, dir: join(dir, 'out') });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Message {
  id?: string | number | null;
  method?: string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
  params?: Record<string, unknown>;
}

export class ServerProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; ms: number }>;
  stdout = '';
  stderr = '';
  #wake: (() => void)[] = [];
  #stopping = performance.now();

  constructor(args: string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.exit = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => resolve({ code, signal, ms: performance.now() - this.#stopping }));
    });
  }

  /** From here on `exit` counts its milliseconds. */
  stopClock(): void {
    this.#stopping = performance.now();
  }

  send(text: string | Buffer): void {
    this.child.stdin?.write(text);
  }

  request(id: string | number, method: string, params?: object): void {
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) })}\n`);
  }

  call(id: string | number, name: string, input: object = {}, meta?: object): void {
    this.request(id, 'tools/call', { name, arguments: input, ...(meta !== undefined && { _meta: meta }) });
  }

  /** Every line of stdout so far. Throws if one of them is not a message: that is a broken channel. */
  messages(): Message[] {
    const lines = this.stdout.split('\n');
    lines.pop();
    return lines.map((line) => {
      const message = JSON.parse(line);
      if (message.jsonrpc !== '2.0') throw new Error(`not a message: ${line}`);
      return message;
    });
  }

  async answer(id: string | number | null): Promise<Message> {
    await this.until(() => this.messages().some((message) => message.id === id && message.method === undefined));
    return this.messages().find((message) => message.id === id && message.method === undefined) ?? {};
  }

  /** Waits for output that makes the condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`nothing came; stdout: ${this.stdout} stderr: ${this.stderr}`)),
          10_000,
        );
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async initialize(): Promise<Message> {
    this.request('init', 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '0' },
    });
    const answer = await this.answer('init');
    this.send('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }
}

/** The content of a mark file; empty if it was never written. */
export function marks(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
