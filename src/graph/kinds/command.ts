// The kind `command`: a process that a server runs, from an argv in the graph and an allow-list that only the server's
// start options set. This file describes the node; runner/executors/command.ts runs it.

import { refusedVariable } from '../../base/variable-names.ts';
import type { Reference } from '../fields.ts';
import type { Fault, GraphNode } from '../graph.ts';
import { commonBrief, type NodeKind, type Unchecked } from './define.ts';
import { pathFault } from './references.ts';
import { isPlainVariable } from './variables.ts';

/** A text, or what stands for one until the node is performed. */
export type Argument = string | Reference;

export interface CommandNode extends GraphNode {
  kind: 'command';
  /** Program and arguments, never a shell line. */
  command: Argument[];
  /** A directory in the workspace, relative to it. Default: the workspace. */
  cwd?: string;
  /** Environment variables beside the few that every process gets. */
  env?: Record<string, Argument>;
}

/** Characters of one argument. */
export const MAX_ARGUMENT = 8_000;

export const command: NodeKind<CommandNode> = {
  kind: 'command',
  performer: 'server',
  // Without a result it is unknown what the process has changed.
  defaultEffect: 'once',
  fields: {
    command: {
      type: 'list',
      of: { type: 'argument', max: MAX_ARGUMENT },
      max: 200,
      about: 'program and arguments, never a shell line; an argument may be {"$from": path}',
      listed: 'argv, no shell',
    },
    cwd: { type: 'text', max: 1_000, about: 'a directory inside the workspace; default the workspace' },
    env: {
      type: 'map',
      of: { type: 'argument', max: MAX_ARGUMENT },
      about: 'LANG, LC_*, TZ, CI, NO_COLOR, FORCE_COLOR and such, and what the server admits by --allow-env',
    },
  },
  requires: ['command'],
  summary: 'a program that the server runs without a shell, if it was started with an allow-list that admits it',
  example: { id: 'test', kind: 'command', command: ['npm', 'test'], timeouts: { run_s: 600 } },

  check(node, at) {
    return [...checkCommand(node, at), ...checkCwd(node, at), ...checkEnv(node, at)];
  },

  admission(node) {
    const more = Object.entries(node.env ?? {}).filter(([name, value]) => !isPlainVariable(name, textOf(value)));
    const variables = more.map(([name]) => [name, ...prefixesOf(name)].map((one) => `--allow-env ${one}`));
    return [[`--allow-commands ${textOf(node.command[0] ?? '')}`], ...variables];
  },

  brief(node, facts) {
    return {
      ...commonBrief(node, facts),
      goal: node.task ?? `Run ${node.command.map(shown).join(' ')}`,
      command: [...node.command],
      ...(node.cwd !== undefined && { cwd: node.cwd }),
      ...(node.env && { env: { ...node.env } }),
      ...(node.timeouts?.run_s !== undefined && { run_s: node.timeouts.run_s }),
    };
  },
};

/** The text of an argument; empty for one that is not known yet. */
export function textOf(argument: Argument): string {
  return typeof argument === 'string' ? argument : '';
}

/** An argument for people. */
function shown(argument: Argument): string {
  return typeof argument === 'string' ? argument : `<${argument.$from}>`;
}

/** `APP_*` and `APP_DB_*` for `APP_DB_URL`: the patterns that admit a variable. */
function prefixesOf(name: string): string[] {
  return [...name.matchAll(/_/g)].map(({ index }) => `${name.slice(0, index + 1)}*`);
}

function checkCommand(node: Unchecked<CommandNode>, at: string): Fault[] {
  const [program, ...rest] = node.command ?? [];
  if (typeof program !== 'string' || program.trim() === '') {
    const message = `"${node.id}" has no command`;
    const hint = 'give the program and its arguments as a list, such as ["npm","test"]';
    return [{ code: 'command-missing', at: `${at}/command`, message, hint }];
  }
  const faults: Fault[] = [];
  for (const [i, argument] of [program, ...rest].entries()) {
    if (typeof argument !== 'string') {
      const fault = pathFault(argument.$from, `${at}/command/${i}`, node.needs ?? []);
      if (fault !== undefined) faults.push(fault);
      continue;
    }
    if (!argument.includes('\0')) continue;
    const hint = 'remove it: no process can be given one';
    faults.push({ code: 'bad-value', at: `${at}/command/${i}`, message: 'the argument holds a NUL character', hint });
  }
  if (rest.length === 0 && /\s/.test(program.trim())) {
    const message = `"${program.slice(0, 80)}" looks like a shell line, but commands run without a shell`;
    const hint = `split it into a list, such as ${JSON.stringify(program.trim().split(/\s+/).slice(0, 6))}`;
    faults.push({ code: 'command-is-shell-line', at: `${at}/command/0`, message, hint });
  }
  return faults;
}

function checkCwd(node: Unchecked<CommandNode>, at: string): Fault[] {
  if (node.cwd === undefined || staysInside(node.cwd)) return [];
  const message = `"${node.cwd.slice(0, 80)}" leaves the workspace`;
  const hint = 'give a path relative to the workspace, such as "packages/api", or leave it out';
  return [{ code: 'cwd-outside', at: `${at}/cwd`, message, hint }];
}

/**
 * Whether a path stays inside, judged by its text; `resolveWorkdir` of the executor finds symbolic links that lead out
 * when the process starts.
 */
export function staysInside(path: string): boolean {
  if (path.includes('\0') || /^([/\\~]|[a-z]:)/i.test(path)) return false;
  let depth = 0;
  for (const part of path.split(/[/\\]/)) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return false;
  }
  return true;
}

function checkEnv(node: Unchecked<CommandNode>, at: string): Fault[] {
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(node.env ?? {})) {
    if (typeof value !== 'string') {
      const fault = pathFault(value.$from, `${at}/env/${name}`, node.needs ?? []);
      if (fault !== undefined) faults.push(fault);
    }
    const why = textOf(value).includes('\0') ? 'its value holds a NUL character' : refusedVariable(name);
    if (why === undefined) continue;
    const message = `the variable "${name.slice(0, 80)}" is refused: ${why}`;
    faults.push({ code: 'env-refused', at: `${at}/env/${name}`, message, hint: 'remove it from env' });
  }
  return faults;
}
