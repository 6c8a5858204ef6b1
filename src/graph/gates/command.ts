// The gate `command`: a program that a server runs ends with the expected exit code.

import type { GateSpec, Retry } from '../graph.ts';
import { type CommandNode, command as commandNode } from '../kinds/command.ts';
import { type GateKind, type UncheckedGate, WAIVABLE } from './define.ts';

export interface CommandGate extends GateSpec {
  kind: 'command';
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
  /** Absent: 0. */
  expect_exit?: number;
  /** The longest that it may run. */
  run_s?: number;
  /** How often it is tried where it could not be started or took too long. */
  retry?: Retry;
  waivable?: boolean;
}

export const command: GateKind<CommandGate> = {
  kind: 'command',
  stage: 'servers',
  fields: {
    command: { type: 'list', of: { type: 'text', max: 8_000 }, max: 200, about: 'program and arguments, no shell' },
    cwd: { type: 'text', max: 1_000, about: 'a directory inside the workspace' },
    env: { type: 'map', of: { type: 'text', max: 8_000 }, about: 'as of command nodes' },
    expect_exit: { type: 'number', whole: true, min: 0, max: 255, about: 'the exit code that passes; default 0' },
    run_s: { type: 'number', min: 0.001, max: 86_400, about: 'how long it may run; longer is an error, no failure' },
    retry: { type: 'json', about: 'as of nodes: how often an error is tried again' },
    waivable: WAIVABLE,
  },
  requires: ['command'],
  summary: 'a program that the server runs ends with the expected exit code',
  example: { id: 'tests', kind: 'command', command: ['npm', 'test'], run_s: 600 },
  check: (gate, at) => commandNode.check(nodeOf(gate), at),
  nodes: (gate) => [nodeOf(gate) as CommandNode],
};

function nodeOf({ id, command: argv, cwd, env, run_s, retry }: UncheckedGate<CommandGate>) {
  return {
    id,
    kind: 'command' as const,
    ...(argv !== undefined && { command: argv }),
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
    ...(run_s !== undefined && { timeouts: { run_s } }),
    ...(retry !== undefined && { retry }),
    // What judges may be done again.
    effect: 'idempotent' as const,
  };
}
