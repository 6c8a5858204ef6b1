// Writes a failure to stderr as what, why and next, and gives its exit code. Used by the verbs, by tool-command.ts, and
// by main.ts for errors that no verb caught.

import { visible } from '../base/display.ts';
import { describeFailure, failureKind } from '../failure/describe.ts';
import { type Failure, FailureError } from '../failure/failure.ts';
import commands from '../generated/commands.json' with { type: 'json' };
import { asCommands, type KnownTool } from './as-command.ts';

export const exitCodes = { done: 0, input: 1, store: 2, other: 3 } as const;

/** The tools, whose calls a hint names as commands. */
export const knownTools: readonly KnownTool[] = Object.entries(commands).map(([name, positional]) => ({
  name,
  positional,
}));

/** Writes the failure to `write` (stderr unless given) and returns its exit code. */
export function complain(failure: Failure, write: (text: string) => void = toStderr): number {
  const { what, why, next: call } = describeFailure(failure);
  const next = asCommands(call, knownTools);
  write(`${failure.code}: ${what}\n${why === '' ? '' : `  why:  ${why}\n`}  next: ${next}\n`);
  return exitCodes[failureKind(failure.code)];
}

/** Reports an error that no verb caught: a FailureError as its failure, anything else as a bug of Baton. */
export function complainOfFault(
  error: unknown,
  { stack, write = toStderr }: { stack: boolean; write?: (text: string) => void },
): number {
  if (error instanceof FailureError) return complain(error.failure, write);
  const text = error instanceof Error ? ((stack ? error.stack : undefined) ?? error.message) : String(error);
  const next = 'run it again with --log-level debug to see where, and run `baton doctor`';
  write(`internal: Baton has a fault\n  why:  ${text.split('\n').map(visible).join('\n')}\n  next: ${next}\n`);
  return exitCodes.other;
}

function toStderr(text: string): void {
  process.stderr.write(text);
}
