// Drives a server by the official client over stdio, like real clients. Floors are driven the same way. Used by rows/.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ResultSchema } from '@modelcontextprotocol/sdk/types.js';

export class StdioClient {
  private readonly client = new Client({ name: 'bench', version: '0' });
  private readonly transport: StdioClientTransport;

  constructor(argv: string[], env: Record<string, string> = {}) {
    const [command = '', ...args] = argv;
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    this.transport = new StdioClientTransport({ command, args, env: { ...inherited, ...env }, stderr: 'inherit' });
  }

  /** Starts the server and initialises the connection. */
  async open(): Promise<void> {
    await this.client.connect(this.transport);
  }

  get pid(): number | null {
    return this.transport.pid;
  }

  /**
   * The raw list of tools. The client's own method would compile a validator per tool, which is no cost of a server.
   */
  async listTools(): Promise<void> {
    await this.client.request({ method: 'tools/list' }, ResultSchema);
  }

  /** Calls a tool; throws on an error, because a refused call is no measurement. */
  async call(name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
    const result = await this.client.callTool({ name, arguments: args });
    if (result['isError'] === true) throw new Error(`${name}: ${JSON.stringify(result['content'])}`);
    return (result['structuredContent'] ?? {}) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
