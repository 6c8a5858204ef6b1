// How soon V8 optimises a process that serves: late at first, soon once it has proved busy. Used by cli/verbs/serve.ts,
// and by the benchmark's workers, which stand for servers.
//
// Node 20's V8 goes from bytecode straight to TurboFan, which takes milliseconds of processor time for each function,
// on threads beside ours. A server that is called a few times never gets that back, and where many share few cores
// their compilers take the time of those who hold work: of ten processes on two cores it was a fifth of all they did.
// So what is new gets baseline code at once, which costs microseconds, and TurboFan sees only what runs for long, such
// as a replay. A busy server's functions are optimised sooner than V8 would. Later V8s have Maglev between the two and
// are left alone.

import v8 from 'node:v8';

/** A process that was called so often will be called more. */
const BUSY_CALLS = 200;

// Thresholds alone: the code means the same in every tier. Nothing else may be set in a running process; others crash
// it.
const LATE = ['--always-sparkplug', '--ticks-before-optimization=100', '--max-bytecode-size-for-early-opt=0'];
const SOON = ['--interrupt-budget=16000', '--ticks-before-optimization=3', '--max-bytecode-size-for-early-opt=81'];

export interface TieringParts {
  /** V8's version, as in `process.versions.v8`. */
  version: string;
  set(flag: string): void;
}

const ownProcess: TieringParts = { version: process.versions.v8, set: (flag) => v8.setFlagsFromString(flag) };

/** Makes V8 optimise late from now on. Returns what to call once per call served: the 200th makes it optimise soon. */
export function optimiseLate({ version, set }: TieringParts = ownProcess): () => void {
  if (!version.startsWith('11.')) return () => undefined;
  for (const flag of LATE) set(flag);
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === BUSY_CALLS) for (const flag of SOON) set(flag);
  };
}
