// Keeps two processes from maintaining one store at the same time. A library's lease is enough here: its known faults
// (two holders after a kill, a lock stolen by a stepped clock) cost time, never data. Used by services.ts for the
// store, and by the verbs doctor and backup; loaded only when maintenance runs.

import fs from 'node:fs';
import lockfile from 'proper-lockfile';

/** A live holder renews its lock every few seconds: a time further ahead is of a clock that was wrong. */
const AHEAD_MS = 60_000;

/** Runs `work` under the lock. Resolves to false, without running it, if another process holds the lock. */
export async function exclusively(dir: string, work: () => Promise<void>): Promise<boolean> {
  removeOfFuture(`${dir}/maintenance.lock`);
  let release: (() => Promise<void>) | undefined;
  try {
    release = await lockfile.lock(dir, {
      lockfilePath: `${dir}/maintenance.lock`,
      realpath: false,
      stale: 10_000,
      // The default throws from a timer, which ends the process; a lost lock only lets two processes maintain at once.
      onCompromised: () => undefined,
    });
  } catch {
    return false;
  }
  try {
    await work();
  } finally {
    await release().catch(() => undefined);
  }
  return true;
}

/** Removes a lock with a time in the future, which the library would not count as stale until that time has come. */
function removeOfFuture(path: string): void {
  try {
    if (fs.lstatSync(path).mtimeMs > Date.now() + AHEAD_MS) fs.rmdirSync(path);
  } catch {
    // There is none, or the next line meets it.
  }
}
