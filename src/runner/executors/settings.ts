// The start options by which executors admit nodes, made once per process by app/services.ts. A graph changes none.

import { delimiter } from 'node:path';
import type { Config } from '../../config/config.ts';
import {
  type LocatedPrograms,
  locatePrograms,
  outsidePath,
  outsideWorkspace,
  type Program,
} from './command-programs.ts';

type Options = Pick<Config, 'allowCommands' | 'allowEnv' | 'childEnv'>;

export interface ExecutorSettings extends Options {
  /** The words of allowCommands with what they led to when this process started. */
  programs: ReadonlyMap<string, Program>;
}

/** Looks up the programs of the allow-list. To be called when the process starts, before an agent can call it. */
export function programsOf({ allowCommands, childEnv }: Options): LocatedPrograms {
  return locatePrograms(allowCommands, pathOf(childEnv)?.[1]);
}

/** `located`: what was found when the process started, for a server whose client names the workspace later. */
export function executorSettings(
  config: Options,
  workspaceRoot: string,
  located: LocatedPrograms = programsOf(config),
): ExecutorSettings {
  const { allowCommands, allowEnv, childEnv } = config;
  const path = pathOf(childEnv);
  // Without an allow-list nothing is started, so no directory is looked at.
  if (allowCommands.length === 0 || path === undefined)
    return { allowCommands, allowEnv, childEnv, programs: outsideWorkspace(located, workspaceRoot) };
  // A program looks up others on the PATH it gets, such as the interpreter of a script.
  const cleaned = { [path[0]]: outsidePath(path[1], workspaceRoot).join(delimiter) };
  const programs = outsideWorkspace(located, workspaceRoot);
  return { allowCommands, allowEnv, childEnv: { ...childEnv, ...cleaned }, programs };
}

function pathOf(env: Readonly<Record<string, string>>): [string, string] | undefined {
  return Object.entries(env).find(([name]) => (process.platform === 'win32' ? name.toUpperCase() : name) === 'PATH');
}
