// Decides whether a command node may run in this process, and where: by the start options of the server, never by the
// graph. Used by command.ts.

import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { staysInside } from '../../graph/kinds/command.ts';
import { mayBeSet, PLAIN_VARIABLES } from '../../graph/kinds/variables.ts';
import type { Program } from './command-programs.ts';
import type { ExecutorSettings } from './settings.ts';

type Listed = Pick<ExecutorSettings, 'allowCommands' | 'programs'>;

/**
 * The program of a command by the list the server was started with. A bare name ("npm") must be listed as a bare name;
 * a name with a slash must be listed exactly as written. There are no patterns. An empty list admits nothing: command
 * nodes are off.
 */
export function admittedProgram(argv: readonly string[], { allowCommands: allowList, programs }: Listed): Program {
  const [program] = argv;
  if (program === undefined || program === '') return { ok: false, why: 'the command is empty' };
  if (allowList.length === 0) return { ok: false, why: 'this server was started without an allow-list for commands' };
  const found = programs.get(program);
  if (found !== undefined) return found;
  const how = /[/\\]/.test(program) ? 'with exactly this path' : 'by this name';
  return { ok: false, why: `"${program}" is not on the server's allow-list ${how}; listed: ${allowList.join(', ')}` };
}

/** Why a node may not set one of its variables here; undefined if it may set all. */
export function refusedSetting(
  env: Readonly<Record<string, string>> = {},
  allowEnv: readonly string[],
): string | undefined {
  const name = Object.keys(env).find((one) => !mayBeSet(one, env[one] ?? '', allowEnv));
  if (name === undefined) return undefined;
  const listed = [...PLAIN_VARIABLES, ...allowEnv].join(', ');
  return `the variable "${name}" may not be set here with this value; --allow-env admits more than ${listed}`;
}

/**
 * The absolute directory of a node's `cwd`, symbolic links resolved; refused if it is missing or outside the workspace.
 */
export function resolveWorkdir(workspace: string, cwd = '.'): { ok: true; path: string } | { ok: false; why: string } {
  if (!staysInside(cwd)) return { ok: false, why: 'the directory lies outside the workspace' };
  try {
    const root = realpathSync(workspace);
    const path = realpathSync(join(root, cwd));
    const way = relative(root, path);
    const outside = way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
    return outside ? { ok: false, why: 'the directory lies outside the workspace' } : { ok: true, path };
  } catch {
    return { ok: false, why: 'the directory does not exist' };
  }
}
