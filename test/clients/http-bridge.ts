// A bridge for clients that speak Streamable HTTP alone: a server on 127.0.0.1 that starts one stdio server for each
// session and carries messages between them, all unchanged. Used by the conformance test.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import readline from 'node:readline';

export interface StdioServer {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
}

interface Message {
  id?: string | number;
  method?: string;
}

/** One client's session: its server process, and the open answers of HTTP. */
class Session {
  readonly id = randomUUID();
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  /** Of POST, by the id of the request that each waits for. */
  private readonly waiting = new Map<string, http.ServerResponse>();
  /** Of GET, for what belongs to no request. */
  private listening: http.ServerResponse | undefined;
  private closing = false;

  constructor({ command, args, env, cwd }: StdioServer) {
    this.child = spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => {
      this.child.on('error', resolve);
      this.child.on('exit', () => resolve());
    });
    void this.ended.then(() => this.close());
    this.child.stdin?.on('error', () => this.close());
    if (this.child.stdout !== null)
      readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.deliver(line));
  }

  /** A message from the client. A request keeps its response open until the server has answered. */
  take(message: Message, response: http.ServerResponse): void {
    if (message.method !== undefined && message.id !== undefined) {
      this.waiting.set(JSON.stringify(message.id), response);
      this.openStream(response);
    } else response.writeHead(202).end();
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  listen(response: http.ServerResponse): void {
    this.openStream(response);
    this.listening?.end();
    this.listening = response;
    // Clients of the suite leave without DELETE: one that does not listen any more is gone.
    response.on('close', () => this.listening === response && this.close());
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    // A stdio server leaves when its input ends; the kill is for one that does not.
    this.child.stdin?.end();
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    void this.ended.then(() => clearTimeout(late));
    for (const response of this.waiting.values()) response.end();
    this.listening?.end();
  }

  private openStream(response: http.ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'mcp-session-id': this.id,
    });
    response.flushHeaders();
  }

  /** A message from the server: an answer to its request, all else to the newest open request, else to the listener. */
  private deliver(line: string): void {
    const message = JSON.parse(line) as Message;
    const event = `event: message\ndata: ${line}\n\n`;
    if (message.method === undefined && message.id !== undefined) {
      const key = JSON.stringify(message.id);
      this.waiting.get(key)?.end(event);
      this.waiting.delete(key);
      return;
    }
    const [newest] = [...this.waiting.values()].reverse();
    (newest ?? this.listening)?.write(event);
  }
}

export interface Bridge {
  url: string;
  /** Resolves when every server process has ended. */
  close(): Promise<void>;
}

/** Serves until closed, on a free port of 127.0.0.1. */
export async function startBridge(server: StdioServer): Promise<Bridge> {
  const sessions = new Map<string, Session>();
  const listener = http.createServer((request, response) => {
    const session = sessions.get(String(request.headers['mcp-session-id']));
    if (request.method === 'POST') {
      void receive(request, (message) => {
        const known = session ?? (message.method === 'initialize' ? new Session(server) : undefined);
        if (known === undefined) return void response.writeHead(404).end();
        sessions.set(known.id, known);
        known.take(message, response);
      }).catch(() => response.writeHead(400).end());
    } else if (session === undefined) response.writeHead(404).end();
    else if (request.method === 'GET') session.listen(response);
    else {
      session.close();
      response.writeHead(200).end();
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const session of sessions.values()) session.close();
    listener.close();
    listener.closeAllConnections();
    await Promise.all([...sessions.values()].map(({ ended }) => ended));
  };
  return { url: `http://127.0.0.1:${port}/mcp`, close };
}

async function receive(request: http.IncomingMessage, take: (message: Message) => void): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  take(JSON.parse(Buffer.concat(parts).toString('utf8')) as Message);
}
