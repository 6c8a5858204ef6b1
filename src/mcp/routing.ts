// Answers tools/call without the SDK's request handling, whose abort controller, task check and handler chain cost more
// than most calls. All other messages go to the SDK unchanged. Used by server.ts.

import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode,
  type JSONRPCMessage,
  McpError,
  type MessageExtraInfo,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { visibleLines } from '../base/display.ts';
import { Cancellation } from '../tools/call/cancellation.ts';

export interface RoutedCall {
  id: RequestId;
  params: Record<string, unknown>;
  cancellation: Cancellation;
  notify(method: string, params: Record<string, unknown>): void;
}

/** Resolves to the result as inert JSON text. Contract: rejects only with McpError, for an invalid request. */
export type CallHandler = (call: RoutedCall) => Promise<string>;

/** A transport that takes a message as text, so that an answer which is text already is not serialised once more. */
interface TextTransport extends Transport {
  /** `id`: of the request that the message answers. */
  sendText(text: string, id: RequestId): void;
}

/** A transport that wraps another: it answers tools/call itself, and passes the rest on to the SDK. */
export class RoutingTransport implements Transport {
  onmessage?: NonNullable<Transport['onmessage']>;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private readonly inner: Transport;
  private readonly handle: CallHandler;
  private readonly running = new Map<RequestId, Cancellation>();

  constructor(inner: Transport, handle: CallHandler) {
    this.inner = inner;
    this.handle = handle;
    inner.onmessage = (message, extra) => this.receive(message, extra);
    inner.onclose = () => {
      for (const cancellation of this.running.values()) cancellation.cancel();
      this.onclose?.();
    };
    inner.onerror = (error) => this.onerror?.(error);
  }

  start(): Promise<void> {
    return this.inner.start();
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    return this.inner.send(message, options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private receive(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if ('method' in message && 'id' in message && message.method === 'tools/call') {
      void this.answer(message.id, message.params ?? {});
      return;
    }
    if ('method' in message && message.method === 'notifications/cancelled' && this.cancel(message.params)) return;
    this.onmessage?.(message, extra);
  }

  /** Cancels a tool call. False if there is none of that id: the SDK then cancels a request of its own. */
  private cancel(params: Record<string, unknown> | undefined): boolean {
    const id = params?.requestId;
    const cancellation = typeof id === 'string' || typeof id === 'number' ? this.running.get(id) : undefined;
    cancellation?.cancel();
    return cancellation !== undefined;
  }

  private async answer(id: RequestId, params: Record<string, unknown>): Promise<void> {
    const cancellation = new Cancellation();
    this.running.set(id, cancellation);
    let text: string;
    try {
      const notify = (method: string, facts: Record<string, unknown>) =>
        this.say({ jsonrpc: '2.0', method, params: facts });
      text = `"result":${await this.handle({ id, params, cancellation, notify })}`;
    } catch (error) {
      const known = error instanceof McpError ? error : new McpError(ErrorCode.InternalError, 'internal error');
      text = `"error":${visibleLines(JSON.stringify({ code: known.code, message: known.message }))}`;
    }
    if (this.running.get(id) === cancellation) this.running.delete(id);
    // No answer after a cancellation: the client does not wait for it, and may have reused the id.
    if (!cancellation.byCaller) this.sayText(`{"jsonrpc":"2.0","id":${visibleLines(JSON.stringify(id))},${text}}`, id);
  }

  private sayText(text: string, id: RequestId): void {
    if (takesText(this.inner)) this.inner.sendText(text, id);
    else this.say(JSON.parse(text));
  }

  private say(message: JSONRPCMessage): void {
    this.inner
      .send(message)
      .catch((error: unknown) => this.onerror?.(error instanceof Error ? error : new Error(String(error))));
  }
}

function takesText(transport: Transport): transport is TextTransport {
  return 'sendText' in transport;
}
