// The floor (baseline) of all calls over stdio: a bare SDK server with an echo tool, and tools that append 200 bytes to
// a file, without a sync and with fdatasync. Bundled like Baton.

import fs from 'node:fs';
import { promisify } from 'node:util';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const fdatasync = promisify(fs.fdatasync);
const file = process.env['BENCH_FILE'];
const fd = file === undefined ? -1 : fs.openSync(file, 'a');
const server = new McpServer({ name: 'bare', version: '0' });
const inputSchema = z.strictObject({ path: z.string(), value: z.unknown() });
const outputSchema = z.object({ value: z.unknown() });

function answer(value: unknown) {
  const structuredContent = { value };
  return { structuredContent, content: [{ type: 'text' as const, text: JSON.stringify(structuredContent) }] };
}

server.registerTool('echo', { inputSchema, outputSchema }, ({ value }) => answer(value));
server.registerTool('append', { inputSchema, outputSchema }, ({ value }) => {
  fs.writeSync(fd, `${JSON.stringify(value)}\n`);
  return answer(true);
});
server.registerTool('append_sync', { inputSchema, outputSchema }, async ({ value }) => {
  fs.writeSync(fd, `${JSON.stringify(value)}\n`);
  await fdatasync(fd);
  return answer(true);
});
await server.connect(new StdioServerTransport());
process.stdin.on('end', () => process.exit(0));
