// Who this process is, so that another one on the same machine can tell whether it still lives. Called by
// app/services.ts and runner.ts.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { statOf } from '../../base/process-start.ts';
import type { ProcessId } from '../../domain/run/record.ts';
import { processStart } from './process-group.ts';

export function thisProcess(): ProcessId {
  return { host: hostname(), boot: bootId(), pid: process.pid, start: processStart(process.pid) ?? '' };
}

/**
 * Whether the process is certainly gone: on this host, and not among those that run. Undefined: nobody here can tell.
 */
export function isGone(other: ProcessId, self: ProcessId): boolean | undefined {
  if (other.host !== self.host || other.start === '') return undefined;
  // After a restart of the machine none of its processes is left.
  if (other.boot !== self.boot) return true;
  return processStart(other.pid) !== other.start || isZombie(other.pid);
}

/** Ended, but not yet fetched by its parent: where nobody reaps orphans it stays so for ever. */
function isZombie(pid: number): boolean {
  try {
    const [state] = statOf(pid);
    return state === 'Z' || state === 'X';
  } catch {
    return false;
  }
}

/** Differs after every restart of the machine; elsewhere start times are absolute, so it need not. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return 'unknown';
  }
}
