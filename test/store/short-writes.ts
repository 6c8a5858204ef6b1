// Commands under which a worker of a drill meets short writes to the log: fixtures/short-write.c is compiled and
// preloaded. Used by short-write.test.ts and scripts/drill.mjs.

import { spawnSync } from 'node:child_process';

export interface Cut {
  /** Which write to the log is shortened. */
  at: number;
  /** Bytes taken; of the end, if negative; half, if 0. */
  bytes: number;
  /** The shell command to run between the part that was taken and the rest. */
  run: string;
}

/** Compiles the library; returns why it cannot be used here, if so. */
export function compileShim(library: string): string | undefined {
  if (process.platform !== 'linux') return 'LD_PRELOAD is of Linux';
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', library, 'test/store/fixtures/short-write.c', '-ldl']);
  return made.status === 0 ? undefined : 'there is no C compiler';
}

/** A program and its arguments to run a worker under, one of whose writes is cut. */
export function underShim(library: string, { at, bytes, run }: Cut): string[] {
  return ['env', `LD_PRELOAD=${library}`, `SHORT_AT=${at}`, `SHORT_BYTES=${bytes}`, `SHORT_RUN=${run}`];
}

/** The shell command of another worker that makes one change; its own first write is cut if `cut` says so. */
export function anotherWriter(worker: string, dir: string, cut?: Omit<Cut, 'at'>): string {
  const orders = JSON.stringify({ dir, name: 'between', role: 'write', clockStepMs: 0, calls: 1 });
  const command = `'${process.execPath}' '${worker}' '${orders}'`;
  if (cut === undefined) return `unset LD_PRELOAD; ${command}`;
  return `SHORT_AT=1 SHORT_BYTES=${cut.bytes} SHORT_RUN='${cut.run}' ${command}`;
}

/** The process that cuts its write, for the command that is run meanwhile. */
export const KILL_WRITER = 'kill -9 $PPID';
