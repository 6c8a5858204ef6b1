// Tells a process from a later one with the same pid. Used by the store (turnstile, presence, temporary files), by
// admin/file and by runner/process. Imports only node:fs, because every hook loads it at its start.

import { readFileSync, readlinkSync } from 'node:fs';

/**
 * The start time of a process as an opaque text: clock ticks since boot on Linux, different for every later process
 * with this pid until the next boot. Undefined if there is no such process, or on a system without /proc.
 */
export function quickStart(pid: number): string | undefined {
  return quickStat(pid)?.[19];
}

/**
 * Whether the numbers in /proc are those of this process's namespace. A sandbox that was given the /proc of its host
 * finds other processes under them. False on a system without /proc.
 */
export function procIsOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

/**
 * False only if the process is certainly gone: no process has this pid, one that started at another time has it, or it
 * has ended and only waits for its parent to ask how (a client may be slow in that, or stopped).
 */
export function isAlive(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
  const stat = quickStat(pid);
  if (stat === undefined) return true;
  return !ZOMBIE.test(stat[0] ?? '') && (start === undefined || stat[19] === undefined || stat[19] === start);
}

/** The fields of `statOf`; undefined if there is no such process, or on a system without /proc of its own. */
function quickStat(pid: number): string[] | undefined {
  try {
    return procIsOurs() ? statOf(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** States of proc(5) in which a process runs no more. */
const ZOMBIE = /^[ZX]$/i;

/** How many parents to follow: a client starts a server itself, or through a shell or a launcher. */
const MAX_GENERATIONS = 5;

/**
 * True if `ancestor` is the parent of the process, or the parent of its parent, and so on. False where /proc does not
 * tell.
 */
export function isBelow(pid: number, ancestor: number): boolean {
  try {
    if (!procIsOurs()) return false;
    for (let at = pid, steps = 0; at > 1 && steps < MAX_GENERATIONS; steps += 1) {
      at = Number(statOf(at)[1]);
      if (at === ancestor) return true;
    }
  } catch {
    // The process ended meanwhile, or the system has no /proc.
  }
  return false;
}

/**
 * Fields 3 and up of /proc/<pid>/stat (proc(5)): index 1 is the parent's pid, index 19 the start time. Throws file
 * errors. Linux only.
 */
export function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Field 2, the program's name in parentheses, may contain spaces and parentheses itself.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
