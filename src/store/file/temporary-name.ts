// Names of the files that are written before they take another's place: they say whose they are, so that those of a
// killed process can be told and removed. Used by disk.ts, leftovers.ts and doctor.

import { isAlive, quickStart } from '../../base/process-start.ts';

/**
 * In a container that shares the directory every process of another looks dead: what is being written now is not
 * touched.
 */
const WRITTEN_WITHIN_MS = 60_000;
/** Where nobody can tell a process from a later one with its number: a file this old is nobody's any more. */
const NOBODYS_AFTER_MS = 3_600_000;

/** `<path>.<pid>-<start>.<random>.tmp` beside the file that it is to become. */
export function temporaryPath(path: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `${path}.${process.pid}-${quickStart(process.pid) ?? ''}.${random}.tmp`;
}

export interface Maker {
  pid: number;
  /** Undefined where it is not known. */
  start: string | undefined;
}

/** The process that made a temporary file of the store; undefined if the name is not that of one. */
export function makerOf(path: string): Maker | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const match =
    /^(?:.+\.json|\d{12}\.(?:jsonl\.gz|index)|[0-9a-f]{64}|turnstile)\.(\d+)(?:-(\d*))?(?:\.[a-z0-9]{1,8})?\.tmp$/.exec(
      name,
    );
  if (match === null) return undefined;
  return { pid: Number(match[1]), start: match[2] || undefined };
}

/** True once nobody can be writing the file any more. `ageMs`: since it was last written to. */
export function isLeftover({ pid, start }: Maker, ageMs: number): boolean {
  if (!isAlive(pid, start)) return ageMs > WRITTEN_WITHIN_MS;
  return start === undefined && ageMs > NOBODYS_AFTER_MS;
}
