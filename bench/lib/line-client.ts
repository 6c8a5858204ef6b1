// Drives a server by plain JSON lines over stdio, so that almost none of the measured time is the client's. Used by
// rows with many servers on few cores, where the official client would take most of the processor time.

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';

/** Clock ticks of /proc/<pid>/stat per second: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

interface Answer {
  id?: number;
  method?: string;
  error?: object;
  result?: { isError?: boolean; structuredContent?: Record<string, unknown> };
}

export class LineClient {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private text = '';
  private lastId = 0;
  /** Pending requests by id. */
  private readonly pending = new Map<number, { answered(answer: Answer): void; failed(error: Error): void }>();

  constructor(argv: readonly string[], env: Record<string, string>) {
    const [command = '', ...args] = argv;
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code) => {
        for (const { failed } of this.pending.values()) failed(new Error(`a server ended with ${code}`));
        resolve();
      });
    });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.receive(chunk));
  }

  /** Initialises the connection and lists the tools, like every client. */
  async open(): Promise<void> {
    const clientInfo = { name: 'bench', version: '0' };
    await this.request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    this.send({ method: 'notifications/initialized' });
    await this.request('tools/list', {});
  }

  /** Calls a tool; throws on an error, because a refused call is no measurement. */
  async call(name: string, args: object): Promise<Record<string, unknown>> {
    const { structuredContent = {} } = await this.request('tools/call', { name, arguments: args });
    return structuredContent;
  }

  /** Processor time of the server's threads so far, user and system, in ms; NaN without /proc. */
  cpuMs(): number {
    const file = `/proc/${this.child.pid}/stat`;
    if (!fs.existsSync(file)) return Number.NaN;
    // The name in parentheses may contain spaces; utime and stime are the 12th and 13th field after it.
    const fields = fs
      .readFileSync(file, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  async close(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }

  private async request(method: string, params: object): Promise<NonNullable<Answer['result']>> {
    this.lastId += 1;
    const id = this.lastId;
    const { result, error } = await new Promise<Answer>((answered, failed) => {
      this.pending.set(id, { answered, failed });
      this.send({ id, method, params });
    });
    this.pending.delete(id);
    if (result === undefined || result.isError === true)
      throw new Error(`${method}: ${JSON.stringify(error ?? result)}`);
    return result;
  }

  private send(message: object): void {
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  private receive(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end);
      this.text = this.text.slice(end + 1);
      const answer: Answer = JSON.parse(line);
      // A notification, such as that a list has changed, is no answer.
      if (answer.id !== undefined) this.pending.get(answer.id)?.answered(answer);
    }
  }
}
