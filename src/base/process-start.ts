// Telling one process from a later one with the same number. Used by the store (turnstile, presence, leftovers) and by
// whoever ends or takes over processes. Loads nothing that a hook would notice.

import { readFileSync } from 'node:fs';

/**
 * When a process started, as an opaque text that differs from that of any later process with this number on this boot:
 * clock ticks since boot on Linux. Undefined if there is none, or where a file does not tell.
 */
export function quickStart(pid: number): string | undefined {
  try {
    return statOf(pid)[19];
  } catch {
    return undefined;
  }
}

/** True unless the process is certainly gone: no such number, or another start under the same. */
export function isAlive(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that it exists and belongs to somebody else.
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
  const now = quickStart(pid);
  return start === undefined || now === undefined || now === start;
}

/** A client starts a server itself, or through a shell or a launcher. */
const MAX_GENERATIONS = 5;

/** True if a process was started by another, or by one that it started, as far as a file tells. */
export function isBelow(pid: number, ancestor: number): boolean {
  try {
    for (let at = pid, steps = 0; at > 1 && steps < MAX_GENERATIONS; steps += 1) {
      at = Number(statOf(at)[1]);
      if (at === ancestor) return true;
    }
  } catch {
    // Gone meanwhile, or a system without such files.
  }
  return false;
}

/** Fields 3 and up of proc(5)'s stat; the 22nd is the start. Throws file errors. Linux only. */
export function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name before them, in parentheses, may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
