// Ends whole process groups, and tells processes apart by their start. Used by process.ts, and by runner.ts when it
// takes over a command node whose server died.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { procIsOurs, quickStart, statOf } from '../../base/process-start.ts';

/** How long to wait after SIGKILL: only a process that hangs in the kernel survives it. */
const KILLED_MS = 1_000;
/** Pauses between checks that a group is gone: short ones first, since most end at once. */
const LOOK_MS = [5, 10, 20, 40, 80];

/**
 * The start of a process: by `quickStart` on Linux, else by `ps`, which takes milliseconds. Undefined if there is no
 * such process, and on Windows.
 */
export function processStart(pid: number): string | undefined {
  if (!isGroup(pid) || process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return quickStart(pid);
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: 2_000,
    env: { LC_ALL: 'C' },
  });
  const text = ps.status === 0 ? ps.stdout.trim() : '';
  return text === '' ? undefined : text;
}

/**
 * Ends the group of the process `pid` if that process is still the one that started at `startTime`. `ended`: the group
 * is gone. `gone`: there was no such process, and nothing was signalled. `other`: the number belongs to another process
 * now, and nothing was signalled. `survived`: the group outlived SIGKILL. Never rejects.
 */
export async function killGroup(
  pid: number,
  startTime: string,
  graceMs = 5_000,
): Promise<'ended' | 'gone' | 'other' | 'survived'> {
  const start = processStart(pid);
  if (start === undefined) return 'gone';
  if (start !== startTime) return 'other';
  return (await endGroup(pid, graceMs)) ? 'ended' : 'survived';
}

/**
 * Sends SIGTERM, waits up to `graceMs`, then sends SIGKILL. True once no process of the group is left, at once if there
 * is none. The number cannot be reused meanwhile: the kernel keeps it while the group has a member.
 */
export async function endGroup(pid: number, graceMs: number): Promise<boolean> {
  if (!groupAlive(pid)) return true;
  signalGroup(pid, 'SIGTERM');
  if (await groupGone(pid, graceMs)) return true;
  signalGroup(pid, 'SIGKILL');
  return groupGone(pid, KILLED_MS);
}

/** Whether the group has a member that is no zombie: without a process that reaps orphans, zombies stay. */
export function groupAlive(pid: number): boolean {
  if (!isGroup(pid)) return false;
  try {
    process.kill(target(pid), 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (!procIsOurs()) return true;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && belongs(name, pid));
  } catch {
    // No /proc, or no free descriptor to read it: the group accepted the signal, so it counts as alive.
    return true;
  }
}

async function groupGone(pid: number, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (let look = 0; groupAlive(pid); look++) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return false;
    await delay(Math.min(leftMs, LOOK_MS[look] ?? 100));
  }
  return true;
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (!isGroup(pid)) return;
  try {
    process.kill(target(pid), signal);
  } catch {
    // Gone already, or another user's: groupAlive tells the caller which.
  }
}

/**
 * Whether the number may be signalled: kill(-1) reaches every process of the user, kill(0) this process's own group.
 */
function isGroup(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 1;
}

/** The number to signal. Windows has no process groups: there only the process itself is signalled. */
function target(pid: number): number {
  return process.platform === 'win32' ? pid : -pid;
}

/** Whether this process is a running member of that group. One that ends meanwhile is not. */
function belongs(name: string, group: number): boolean {
  try {
    const [state, , own] = statOf(Number(name));
    return Number(own) === group && state !== 'Z' && state !== 'X';
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
    if (gone) return false;
    throw error;
  }
}
