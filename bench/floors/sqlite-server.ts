// The floor (baseline) of freshly started servers: a bare SDK server whose one tool writes each call into SQLite.
// Bundled like Baton.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { sqliteWriter } from './sqlite-writer.ts';

const write = sqliteWriter(JSON.parse(process.argv[2] ?? '{}'));
const server = new McpServer({ name: 'bare', version: '0' });
const inputSchema = z.strictObject({ path: z.string(), value: z.unknown() });
const outputSchema = z.object({ path: z.string(), version: z.number() });

server.registerTool('write', { inputSchema, outputSchema }, ({ path, value }) => {
  const structuredContent = { path, version: write(path, value) };
  return { structuredContent, content: [{ type: 'text' as const, text: JSON.stringify(structuredContent) }] };
});
await server.connect(new StdioServerTransport());
process.stdin.on('end', () => process.exit(0));
