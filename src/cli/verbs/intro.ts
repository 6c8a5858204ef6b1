// What `baton` says on a terminal: what it is and how to begin. A client gives no terminal and gets the server.

import { existsSync } from 'node:fs';
import { isStore } from '../../admin/file/verify.ts';
import type { Config } from '../../config/config.ts';
import { realDisk } from '../../store/file/disk.ts';
import { exitCodes } from '../complain.ts';

export async function run(_: string[], config: Config): Promise<number> {
  const made = existsSync(config.stateDir) && isStore(realDisk, config.stateDir);
  const shown = config.stateDir.startsWith(config.home) ? config.stateDir.replace(config.home, '~') : config.stateDir;
  process.stdout.write(`Baton keeps the work of coding agents: state, sessions, plans, and runs of many agents.

Agents use it as an MCP server on standard input and output. Tell a client of it once:
  claude mcp add baton -- baton-mcp serve
Then ask the agent: «Plan this with Baton, and show me the dashboard.»

You look on, and take part, in the project's directory:
  baton task add "Write the parser"    a first task
  baton task list                      what there is to do
  baton watch                          what goes on, redrawn as it changes
  baton board                          the tasks as columns
  baton doctor                         is the store sound?

The store is ${shown}${made ? '' : ', where nothing is yet: the first call makes it'}.
baton help names every command, baton help task those of one noun.
`);
  return exitCodes.done;
}
