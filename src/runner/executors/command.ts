// The executor of command nodes: runs a process in the workspace, if the server's allow-list admits it.

import type { CommandNode } from '../../graph/kinds/command.ts';
import { runProcess } from '../process/process.ts';
import { commandAllowed, resolveWorkdir } from './command-admission.ts';
import { reportOf } from './command-evidence.ts';
import type { Executor } from './define.ts';

/** The time between SIGTERM and SIGKILL when the claim is lost or the run is cancelled. */
const GRACE_MS = 5_000;

export const command: Executor<CommandNode> = {
  kind: 'command',
  flag: '--allow-commands',

  enabled: ({ allowCommands }) => allowCommands.length > 0,

  refusal(node, { allowCommands }) {
    const allowed = commandAllowed(node.command, allowCommands);
    return allowed.ok ? undefined : allowed.why;
  },

  async perform({ node, runMs, workspaceRoot, childEnv, blobs, signal, begun }) {
    const place = resolveWorkdir(workspaceRoot, node.cwd);
    if (!place.ok) return { status: 'failed', summary: place.why, errorKind: 'terminal' };
    const result = await runProcess({
      argv: node.command,
      cwd: place.path,
      baseEnv: childEnv,
      ...(node.env === undefined ? {} : { env: node.env }),
      timeoutMs: runMs,
      graceMs: GRACE_MS,
      signal,
      onSpawn: ({ pid, startTime: start = '' }) => begun({ pid, start }),
    });
    return reportOf(result, blobs);
  },
};
