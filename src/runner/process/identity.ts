// Identifies this process, so that another one on the same machine can tell whether it still lives. Used by runner.ts.

import { thisPlace, whereIs } from '../../base/process-place.ts';
import { statOf } from '../../base/process-start.ts';
import type { ProcessId } from '../../domain/run/record.ts';
import { processStart } from './process-group.ts';

/** The identity of this process; `start` is empty if the system does not tell it. */
export function thisProcess(): ProcessId {
  return { ...thisPlace(), pid: process.pid, start: processStart(process.pid) ?? '' };
}

/** Whether the process is certainly gone: it ran in this place, and does no longer. Undefined: nobody here can tell. */
export function isGone(other: ProcessId, self: ProcessId): boolean | undefined {
  const where = whereIs(other, self);
  if (where === 'elsewhere' || other.start === '') return undefined;
  if (where === 'before') return true;
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
