// MCP over this process's stdin and stdout. It replaces the SDK's stdio transport, which leaves zombies when stdin
// ends, crashes on EPIPE, and drops bad lines, long lines, byte order marks and batches without an answer. Used by
// cli/verbs/serve.ts.

import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { visibleLines } from '../base/display.ts';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { LineSplitter, type MessageId } from './framing.ts';
import { type Refusal, readLine } from './messages.ts';

/** A client that leaves this many bytes unread is considered gone. */
const maxUnsentBytes = 64 * 1024 * 1024;
const MESSAGES_PER_WRITE = 4;

export interface Streams {
  input: Readable;
  output: Writable;
}

/** Why the connection ended. */
export type End = 'stdin ended' | 'stdin failed' | 'stdout failed' | 'stdout closed' | 'client does not read';

export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  /** Resolves when either direction has ended. The listener must close the transport. */
  readonly ended: Promise<End>;
  readonly #streams: Streams;
  readonly #lines = new LineSplitter(MAX_MESSAGE_BYTES);
  readonly #unanswered = new Set<MessageId>();
  #end: (reason: End) => void = () => undefined;
  #unsent: string[] = [];
  #waiting: (() => void)[] = [];
  #state: 'new' | 'open' | 'draining' | 'closed' = 'new';
  #writable = true;

  constructor(streams: Streams) {
    this.#streams = streams;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw new Error('the transport was started before');
    this.#state = 'open';
    const { input, output } = this.#streams;
    const brokenOutput = (reason: End): void => {
      this.#writable = false;
      this.#unanswered.clear();
      this.#markAnswered();
      this.#end(reason);
    };
    // These listeners are never removed: an error event after close() would be an uncaught exception without them.
    output.on('error', () => brokenOutput('stdout failed'));
    output.on('close', () => brokenOutput('stdout closed'));
    input.on('error', () => this.#end('stdin failed'));
    input.on('close', () => this.#end('stdin ended'));
    input.on('end', () => {
      const last = this.#lines.end();
      if (last !== undefined) this.#receive(last);
      this.#end('stdin ended');
    });
    input.on('data', (chunk: Buffer) => {
      for (const line of this.#lines.push(chunk)) this.#receive(line);
    });
  }

  /** Stops reading. Requests already received can still be answered. */
  stopReading(): void {
    if (this.#state === 'open') this.#state = 'draining';
    this.#streams.input.pause();
  }

  /** Resolves when every request received has been answered or cancelled. */
  answered(): Promise<void> {
    if (this.#unanswered.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when everything sent has left the process, or cannot leave it. */
  async flushed(): Promise<void> {
    this.#flush();
    if (!this.#writable) return;
    await new Promise<void>((resolve) => {
      this.#streams.output.once('close', resolve);
      this.#streams.output.once('error', resolve);
      this.#streams.output.write('', () => resolve());
    });
  }

  /** Never waits for the client: the stream buffers unread messages, up to maxUnsentBytes. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#state === 'closed' || !this.#writable) throw new Error('the connection is closed');
    this.#write(message);
    if (!('method' in message) && message.id !== undefined) this.#markAnswered(message.id);
  }

  /** As `send`, of an answer that is inert JSON text already. After the end of the connection it goes nowhere. */
  sendText(text: string, id: MessageId): void {
    if (this.#state === 'closed' || !this.#writable) return;
    this.#enqueue(text);
    this.#markAnswered(id);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#flush();
    this.#state = 'closed';
    this.#streams.input.pause();
    this.#unanswered.clear();
    this.#markAnswered();
    this.onclose?.();
  }

  #receive(line: Parameters<typeof readLine>[0]): void {
    if (this.#state !== 'open') return;
    const read = readLine(line);
    if (read === undefined) return;
    if ('refusals' in read) {
      this.onerror?.(new Error(read.note));
      for (const refusal of read.refusals) this.#refuse(refusal);
      return;
    }
    const { message } = read;
    if ('method' in message) {
      if ('id' in message) this.#unanswered.add(message.id);
      // A cancelled request gets no answer, so it is no longer waited for.
      else if (message.method === 'notifications/cancelled') this.#markAnswered(message.params?.requestId);
    }
    this.onmessage?.(message);
  }

  #write(message: object): void {
    this.#enqueue(visibleLines(JSON.stringify(message)));
  }

  #refuse({ id, code, message }: Refusal): void {
    if (this.#writable) this.#write({ jsonrpc: '2.0', id, error: { code, message } });
  }

  #markAnswered(id?: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#unanswered.delete(id);
    if (this.#unanswered.size > 0 || this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * Buffers a message until the next tick, so that answers ready in one tick share a system call; but at most
   * MESSAGES_PER_WRITE, so that the client can read the first ones while others are prepared.
   */
  #enqueue(text: string): void {
    const waiting = this.#unsent.push(`${text}\n`);
    if (waiting >= MESSAGES_PER_WRITE) this.#flush();
    else if (waiting === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    if (this.#unsent.length === 0) return;
    const text = this.#unsent.length === 1 ? (this.#unsent[0] ?? '') : this.#unsent.join('');
    this.#unsent = [];
    if (!this.#writable) return;
    this.#streams.output.write(text);
    if (this.#streams.output.writableLength > maxUnsentBytes) this.#end('client does not read');
  }
}
