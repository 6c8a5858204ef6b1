// Names of temporary files, which are written before they replace another file. A name contains the pid and start of
// its process, so that files of killed processes are recognised and removed. Used by disk.ts, leftovers.ts and
// admin/file.

import { isAlive, quickStart } from '../../base/process-start.ts';

/**
 * Do not touch a file written to within this time: its process may live in another container, and only look dead here.
 */
const WRITTEN_WITHIN_MS = 60_000;
/**
 * A name without a start time cannot tell its process from a later one with the same pid: after this time the file
 * counts as abandoned.
 */
const ABANDONED_AFTER_MS = 3_600_000;

/** `<path>.<pid>-<start>.<random>.tmp`, for a file that is to be renamed to `path`. */
export function temporaryPath(path: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `${path}.${process.pid}-${quickStart(process.pid) ?? ''}.${random}.tmp`;
}

export interface Maker {
  pid: number;
  /** Undefined if the name does not say. */
  start: string | undefined;
}

/** The process that created a temporary file of the store; undefined if the path is not that of one. */
export function makerOf(path: string): Maker | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const match =
    /^(?:.+\.json|\d{12}\.(?:jsonl\.gz|index)|[0-9a-f]{64}|turnstile)\.(\d+)(?:-(\d*))?(?:\.[a-z0-9]{1,8})?\.tmp$/.exec(
      name,
    );
  if (match === null) return undefined;
  return { pid: Number(match[1]), start: match[2] || undefined };
}

/** True once no process can be writing the file any more. `ageMs`: the time since it was last written to. */
export function isLeftover({ pid, start }: Maker, ageMs: number): boolean {
  if (!isAlive(pid, start)) return ageMs > WRITTEN_WITHIN_MS;
  return start === undefined && ageMs > ABANDONED_AFTER_MS;
}
