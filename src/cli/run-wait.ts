// `baton run start --wait`: the command line stays until the run has ended, and performs its command nodes meanwhile.
// Called by tool-command.ts after the answer of run_start.

import type { Outcome } from '../telemetry/outcome.ts';

/** The tool whose command can wait, with the help of the option. */
export const WAITS = { tool: 'run_start', help: 'run its command nodes here, until it ends; agents take the others' };

/** How long one look waits, which is less than the tool's limit. */
const LOOK_S = 50;

interface Waiting {
  /** Calls a tool. */
  call(tool: string, input: object): Promise<Outcome>;
  perform(run: string): Promise<void>;
  signal: AbortSignal;
  say(text: string): void;
}

/** The outcome of `run_status` once the run goes on no more, or of the start if there is nothing to wait for. */
export async function waitForRun(started: Outcome, { call, perform, signal, say }: Waiting): Promise<Outcome> {
  const run = started.kind === 'answer' ? Reflect.get(started.value, 'run') : undefined;
  if (typeof run !== 'string' || (started.kind === 'answer' && 'dry_run' in started.value)) return started;
  say(`${run} goes on until its end; an interrupt gives back what is at work\n`);
  await perform(run);
  for (;;) {
    const seen = await call('run_status', { run, wait_s: LOOK_S });
    const goesOn = seen.kind === 'answer' && Reflect.get(seen.value, 'status') === 'running';
    if (!goesOn || signal.aborted) return seen;
  }
}

/** Whether a waited-for run came to its end without a failure. */
export function hasFinished(outcome: Outcome): boolean {
  return outcome.kind === 'answer' && Reflect.get(outcome.value, 'status') === 'finished';
}
