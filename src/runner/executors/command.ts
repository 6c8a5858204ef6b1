// The executor of command nodes: runs a process in the workspace, if the server's allow-list admits it.

import { type CommandNode, textOf } from '../../graph/kinds/command.ts';
import { scrubbedEnvironment } from '../process/environment.ts';
import { runProcess } from '../process/process.ts';
import { admittedProgram, refusedSetting, resolveWorkdir } from './command-admission.ts';
import { reportOf } from './command-evidence.ts';
import type { Executor } from './define.ts';

/** The time between SIGTERM and SIGKILL when the claim is lost or the run is cancelled. */
const GRACE_MS = 5_000;

/** The texts of variables; empty for one that is not known yet. */
function textsOf(env: CommandNode['env'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, textOf(value)]));
}

export const command: Executor<CommandNode> = {
  kind: 'command',
  flag: '--allow-commands',

  enabled: ({ allowCommands }) => allowCommands.length > 0,

  options({ programs, allowEnv }) {
    const runs = [...programs].flatMap(([word, { ok }]) => (ok ? [`--allow-commands ${word}`] : []));
    return [...runs, ...allowEnv.map((name) => `--allow-env ${name}`)];
  },

  refusal(node, settings) {
    const program = admittedProgram(node.command.map(textOf), settings);
    return program.ok ? refusedSetting(textsOf(node.env), settings.allowEnv) : program.why;
  },

  async perform({ node, runMs, workspaceRoot, settings, blobs, signal, begun }) {
    const program = admittedProgram(node.command.map(textOf), settings);
    if (!program.ok) return { status: 'failed', summary: program.why, errorKind: 'terminal' };
    const place = resolveWorkdir(workspaceRoot, node.cwd);
    if (!place.ok) return { status: 'failed', summary: place.why, errorKind: 'terminal' };
    const result = await runProcess({
      file: program.file,
      argv: [program.name, ...node.command.slice(1).map(textOf)],
      cwd: place.path,
      env: scrubbedEnvironment(settings.childEnv, textsOf(node.env), settings.allowEnv),
      timeoutMs: runMs,
      graceMs: GRACE_MS,
      signal,
      onSpawn: ({ pid, startTime: start = '' }) => begun({ pid, start }),
    });
    return reportOf(result, blobs);
  },
};
