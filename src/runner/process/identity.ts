// Identifies this process, so that another one on the same machine can tell whether it still lives. Used by runner.ts.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { statOf } from '../../base/process-start.ts';
import type { ProcessId } from '../../domain/run/record.ts';
import { processStart } from './process-group.ts';

/** The identity of this process; `start` is empty if the system does not tell it. */
export function thisProcess(): ProcessId {
  return { host: hostname(), boot: bootId(), pid: process.pid, start: processStart(process.pid) ?? '' };
}

/** Whether the process is certainly gone: it ran on this host, and does no longer. Undefined: this host cannot tell. */
export function isGone(other: ProcessId, self: ProcessId): boolean | undefined {
  if (other.host !== self.host || other.start === '') return undefined;
  // No process outlives a restart of its machine.
  if (other.boot !== self.boot) return true;
  return processStart(other.pid) !== other.start || isZombie(other.pid);
}

/** Whether the process has ended but was not yet reaped; without a process that reaps orphans it stays so. */
function isZombie(pid: number): boolean {
  try {
    const [state] = statOf(pid);
    return state === 'Z' || state === 'X';
  } catch {
    return false;
  }
}

/**
 * An id that changes with every restart of the machine; constant where there is none, as start times are absolute
 * there.
 */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return 'unknown';
  }
}
