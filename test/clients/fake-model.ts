// A fake model API on 127.0.0.1 that plays a script, so that a coding agent's client runs without login and network.

import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; name: string; input: Record<string, unknown>; id?: string };

interface ModelRequest {
  model?: string;
  stream?: boolean;
  tools?: unknown[];
  messages?: { role: string; content: unknown }[];
}

export interface FakeModel {
  url: string;
  /** Bodies of the requests of the main conversation. */
  requests: ModelRequest[];
  close(): Promise<void>;
}

/** Answers each request of the main conversation with the next turn of the script, then with a plain end. */
export async function fakeModel(script: Block[][]): Promise<FakeModel> {
  const requests: ModelRequest[] = [];
  let turn = 0;
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = request.url ?? '';
      if (url.includes('count_tokens')) return answerJson(response, 200, { input_tokens: 10 });
      if (request.method !== 'POST' || !url.startsWith('/v1/messages')) {
        return answerJson(response, 404, { type: 'error', error: { type: 'not_found_error', message: url } });
      }
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ModelRequest;
      // Requests without tools are the client's own errands, such as a title for the conversation.
      const main = (body.tools ?? []).length > 0;
      if (main) requests.push(body);
      const errand: Block[] = [{ type: 'text', text: '{"title":"x"}' }];
      const blocks = main ? (script[turn++] ?? [{ type: 'text', text: 'all done' }]) : errand;
      respond(response, body, blocks, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

function answerJson(response: http.ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function respond(response: http.ServerResponse, request: ModelRequest, blocks: Block[], number: number): void {
  const content = blocks.map((block, index) =>
    block.type === 'text' ? block : { ...block, id: `toolu_${number}_${index}` },
  );
  const stop_reason = blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn';
  const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const model = request.model ?? 'm';
  const message = {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason,
    stop_sequence: null,
    usage,
  };
  if (request.stream !== true) {
    answerJson(response, 200, message);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send('message_start', { message: { ...message, content: [], stop_reason: null } });
  for (const [index, block] of content.entries()) {
    if (block.type === 'text') {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      send('content_block_delta', { index, delta: { type: 'text_delta', text: block.text } });
    } else {
      const { id, name, input } = block;
      send('content_block_start', { index, content_block: { type: 'tool_use', id, name, input: {} } });
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) } });
    }
    send('content_block_stop', { index });
  }
  send('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 10 } });
  send('message_stop', {});
  response.end();
}
