// Ends whole process groups, of processes that are told by their start. Called by process.ts, and by whoever takes over
// a command node whose server died.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { quickStart, statOf } from '../../base/process-start.ts';

/** After SIGKILL only a process that hangs in the kernel stays; nobody can wait for that. */
const KILLED_MS = 1_000;
/** How often to look whether a group is gone: soon at first, since most end at once. */
const LOOK_MS = [5, 10, 20, 40, 80];

/**
 * `quickStart`, and where no file tells it what ps says, which takes milliseconds. Undefined if there is no process.
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
 * Ends the group of the process `pid` if that process still is the one that started at `startTime`. `ended`: the group
 * is gone. `gone`: the process was not there, and nothing was signalled. `other`: the number belongs to another process
 * now, nothing was signalled. `survived`: it did not even heed SIGKILL. Never rejects.
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
 * SIGTERM, up to `graceMs` of patience, SIGKILL. True once no process of the group is left; at once if none is. The
 * number cannot have been given to others meanwhile: the kernel keeps it as long as the group has a member.
 */
export async function endGroup(pid: number, graceMs: number): Promise<boolean> {
  if (!groupAlive(pid)) return true;
  signalGroup(pid, 'SIGTERM');
  if (await groupGone(pid, graceMs)) return true;
  signalGroup(pid, 'SIGKILL');
  return groupGone(pid, KILLED_MS);
}

/** True while the group has a member that is more than a zombie: where nobody reaps orphans, zombies stay for ever. */
export function groupAlive(pid: number): boolean {
  if (!isGroup(pid)) return false;
  try {
    process.kill(target(pid), 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && belongs(name, pid));
  } catch {
    // No /proc, or no descriptor left to read it: it answered the signal, so it counts as alive.
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
    // Gone already, or not ours any more: groupAlive tells the caller which.
  }
}

/** kill(-1) means every process of the user, and kill(0) our own group: no such number may reach it. */
function isGroup(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 1;
}

/** Windows has no process groups: there only the process itself is signalled. */
function target(pid: number): number {
  return process.platform === 'win32' ? pid : -pid;
}

/** Whether this process runs and is of that group. One that ended while we looked does not. */
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
