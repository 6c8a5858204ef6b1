// One real server of the demo: dist/main.js over stdio, driven by the official client. Used by demo.mjs.

import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export class DemoServer {
  /** @param {string} name @param {string} stateDir */
  constructor(name, stateDir) {
    this.name = name;
    this.client = new Client({ name: `demo-${name}`, version: '1' });
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    this.transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, '--state-dir', stateDir, '--allow-commands', 'node', '--project-dir', root],
      // As Claude Code names its windows, so that each server has a session of its own.
      env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), CLAUDE_CODE_SESSION_ID: `demo-${name}` },
      cwd: root,
      stderr: 'inherit',
    });
    this.client.onerror = () => undefined;
  }

  async start() {
    await this.client.connect(this.transport);
    return this;
  }

  get pid() {
    return this.transport.pid;
  }

  /** Calls a tool; resolves to its answer, rejects with its failure. */
  async call(name, args = {}) {
    const result = await this.client.callTool({ name, arguments: args }, undefined, { timeout: 70_000 });
    if (result.isError === true) throw new Error(`${name}: ${result.content[0]?.text}`);
    return result.structuredContent;
  }

  /** Kills the server like a crash: it finishes nothing and reports nothing. */
  async kill() {
    const gone = new Promise((resolve) => {
      this.client.onclose = resolve;
    });
    process.kill(this.pid, 'SIGKILL');
    await gone;
  }

  async close() {
    await this.client.close().catch(() => undefined);
  }
}
