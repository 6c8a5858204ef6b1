// Finds the project directory by the client's roots. Used by cli/verbs/serve.ts before the store is opened, if neither
// a flag nor a variable names the project.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';

/** How long to wait for the roots: the client's own calls wait for them too. */
const ANSWER_MS = 1_000;

/** The first root that is a directory; undefined if there is none or the client does not answer. Never throws. */
export async function rootOf({ server }: McpServer): Promise<string | undefined> {
  if (server.getClientCapabilities()?.roots === undefined) return undefined;
  try {
    const { roots } = await server.listRoots(undefined, { timeout: ANSWER_MS });
    return roots.map(({ uri }) => directoryOf(uri)).find((dir) => dir !== undefined);
  } catch {
    return undefined;
  }
}

function directoryOf(uri: string): string | undefined {
  try {
    const path = fileURLToPath(uri);
    return statSync(path).isDirectory() ? path : undefined;
  } catch {
    // Not a file: URI, or a path that this process cannot see.
    return undefined;
  }
}
