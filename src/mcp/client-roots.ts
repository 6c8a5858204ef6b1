// The project as a client names it that sets no environment of ours: the first directory of its roots. Used by
// cli/verbs/serve.ts before the store is opened, where neither flag nor variable named the project.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';

/** A client that does not answer must not keep its own calls waiting. */
const ANSWER_MS = 1_000;

/** The directory; undefined if the client has no roots, does not say, or names none that is there. Never throws. */
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
    // Not a file: URI, or nothing that this process can see.
    return undefined;
  }
}
