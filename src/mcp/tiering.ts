// Sets how soon V8 optimises a serving process: late at first, soon once the process is busy. Used by
// cli/verbs/serve.ts, and by the benchmark's workers, which stand for servers.
//
// Node 20's V8 goes from bytecode straight to TurboFan, which takes milliseconds of processor time per function on
// other threads. A server with few calls never gains that back, and if many servers share few cores, their compilers
// slow down the servers that work: of ten processes on two cores, compiling took a fifth of all processor time. So new
// functions get baseline code at once, which costs microseconds, and TurboFan only gets functions that run for long,
// such as a replay. Functions of a busy server are optimised sooner than V8 would by default. Later versions of V8 have
// Maglev between the two tiers, and are left as they are.

import v8 from 'node:v8';

/** A process that has served this many calls is considered busy. */
const BUSY_CALLS = 200;

// Thresholds only, which do not change what code does. Other flags must not be set in a running process: some crash it.
const LATE = ['--always-sparkplug', '--ticks-before-optimization=100', '--max-bytecode-size-for-early-opt=0'];
const SOON = ['--interrupt-budget=16000', '--ticks-before-optimization=3', '--max-bytecode-size-for-early-opt=81'];

export interface TieringParts {
  /** V8's version, as in `process.versions.v8`. */
  version: string;
  set(flag: string): void;
}

const ownProcess: TieringParts = { version: process.versions.v8, set: (flag) => v8.setFlagsFromString(flag) };

/**
 * Makes V8 optimise late from now on. Call the returned function once per served call; the 200th makes it optimise
 * soon.
 */
export function optimiseLate({ version, set }: TieringParts = ownProcess): () => void {
  if (!version.startsWith('11.')) return () => undefined;
  for (const flag of LATE) set(flag);
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === BUSY_CALLS) for (const flag of SOON) set(flag);
  };
}
