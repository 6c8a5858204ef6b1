// A real server for tests: the bundled program over stdio, driven by the official client.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { inject, onTestFinished } from 'vitest';
import type { Failure } from '../../src/failure/failure.ts';

export type Answer = Record<string, unknown>;

export interface ServerOptions {
  dir: string;
  cwd?: string;
  env?: Record<string, string>;
  /** Another main.js than that of this project. */
  program?: string;
  /** A program, with its arguments, that starts the server. */
  under?: readonly string[];
}

/** A fresh directory, with symbolic links resolved. */
export function freshDir(): string {
  return fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'baton-e2e-')));
}

/** Every file below a directory, with what a write would change. */
export function filesOf(place: string): string[] {
  return fs.readdirSync(place, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs } = fs.statSync(path.join(place, name));
    return `${name} ${size} ${mtimeMs}`;
  });
}

/** A server that is closed when the test that started it has ended. Contract: called within a test. */
export async function startForTest(options: ServerOptions): Promise<Server> {
  const server = await Server.start(options);
  onTestFinished(() => server.close());
  return server;
}

export class Server {
  readonly client = new Client({ name: 'test', version: '0' });
  readonly transport: StdioClientTransport;

  private constructor(options: ServerOptions) {
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      HOME: options.dir,
      BATON_STATE_DIR: path.join(options.dir, 'state'),
      BATON_CHECK_ANSWERS: '1',
      ...options.env,
    };
    const cwd = options.cwd ?? options.dir;
    const [command, ...args] = [...(options.under ?? []), process.execPath, options.program ?? inject('program')];
    this.transport = new StdioClientTransport({
      command: command ?? '',
      args,
      env,
      cwd,
      stderr: 'inherit',
    });
  }

  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    await server.client.connect(server.transport);
    return server;
  }

  /** The answer of a call; throws if it fails. */
  async call(name: string, args: Answer = {}): Promise<Answer> {
    const result = await this.client.callTool({ name, arguments: args });
    if (result['isError'] === true) throw new Error(`${name}: ${JSON.stringify(result['content'])}`);
    return (result['structuredContent'] ?? {}) as Answer;
  }

  /** The failure of a call, and its text; throws if it does not fail. */
  async fail(name: string, args: Answer = {}): Promise<{ failure: Failure; text: string }> {
    const result = await this.client.callTool({ name, arguments: args });
    if (result['isError'] !== true)
      throw new Error(`${name} did not fail: ${JSON.stringify(result['structuredContent'])}`);
    const meta = result['_meta'] as { 'baton/failure': Failure };
    const [block] = result['content'] as { text: string }[];
    return { failure: meta['baton/failure'], text: block?.text ?? '' };
  }

  get pid(): number {
    return this.transport.pid ?? -1;
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  /** SIGKILL, as a crash would be. */
  async kill(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.client.onclose = resolve;
    });
    process.kill(this.pid, 'SIGKILL');
    await ended;
  }
}
