// Telling one process from a later one with the same number. Used by the store (turnstile, presence, leftovers), by the
// runner (who may take over a command) and by whoever ends process groups.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, as an opaque text that differs from that of any later process with this number on this boot;
 * undefined if there is none, or where nobody can tell. Linux: clock ticks since boot; elsewhere what ps says, which
 * takes milliseconds.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return quickStart(pid);
  if (process.platform === 'win32' || !isNumber(pid)) return undefined;
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: 2_000,
    env: { LC_ALL: 'C' },
  });
  const text = ps.status === 0 ? ps.stdout.trim() : '';
  return text === '' ? undefined : text;
}

/** The same where it costs no more than reading a file; undefined elsewhere. */
export function quickStart(pid: number): string | undefined {
  try {
    return isNumber(pid) ? statOf(pid)[19] : undefined;
  } catch {
    return undefined;
  }
}

/** True unless the process is certainly gone: no such number, or another start, as `quickStart` told it, under the same. */
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

/** Fields 3 and up of proc(5)'s stat; the 22nd is the start. Throws file errors. Linux only. */
export function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name before them, in parentheses, may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function isNumber(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}
