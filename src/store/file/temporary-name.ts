// Names of temporary files, which are written before they replace another file. A name contains the pid, start and
// place of its process, so that files of killed processes are recognised and removed. Used by disk.ts, leftovers.ts,
// the turnstile and admin/file.

import { placeTag } from '../../base/process-place.ts';
import { isAlive, quickStart } from '../../base/process-start.ts';

/**
 * Do not touch a file written to within this time: older versions name no place, so that a process of another container
 * may live and only look dead here.
 */
const WRITTEN_WITHIN_MS = 60_000;
/**
 * After this time a file counts as abandoned if nobody here can tell whether its process lives: it is of another place,
 * or the name has no start time that tells it from a later process with the same pid.
 */
const ABANDONED_AFTER_MS = 3_600_000;

/** `<path>.<pid>-<start>-<place>.<random>.tmp`, for a file that is to be renamed to `path`. */
export function temporaryPath(path: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `${path}.${makerMark()}.${random}.tmp`;
}

/** This process in the name of a temporary file. */
export function makerMark(): string {
  return `${process.pid}-${quickStart(process.pid) ?? ''}-${placeTag()}`;
}

/** The process of a mark; undefined for another text. */
export function readMark(text: string): Maker | undefined {
  const [, pid, start, place = placeTag()] = /^(\d+)(?:-(\d*))?(?:-([0-9a-f]{8}))?$/.exec(text) ?? [];
  if (pid === undefined) return undefined;
  const maker: Maker = { pid: Number(pid), start: start || undefined };
  return place === placeTag() ? maker : { ...maker, elsewhere: true };
}

export interface Maker {
  pid: number;
  /** Undefined if the name does not say. */
  start: string | undefined;
  /** It ran in another place, where its pid is another process's or nobody's. */
  elsewhere?: true;
}

const REPLACED = /.+\.json|\d{12}\.(?:jsonl\.gz|index)|[0-9a-f]{64}|turnstile/.source;
const TEMPORARY = new RegExp(`^(?:${REPLACED})\\.(\\d+(?:-[0-9a-f]*){0,2})(?:\\.[a-z0-9]{1,8})?\\.tmp$`);

/** The process that created a temporary file of the store; undefined if the path is not that of one. */
export function makerOf(path: string): Maker | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const [, mark] = TEMPORARY.exec(name) ?? [];
  return mark === undefined ? undefined : readMark(mark);
}

/** True once no process can be writing the file any more. `ageMs`: the time since it was last written to. */
export function isLeftover({ pid, start, elsewhere }: Maker, ageMs: number): boolean {
  if (elsewhere === true) return ageMs > ABANDONED_AFTER_MS;
  if (!isAlive(pid, start)) return ageMs > WRITTEN_WITHIN_MS;
  return start === undefined && ageMs > ABANDONED_AFTER_MS;
}
