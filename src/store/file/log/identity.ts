// Tells whether a compressed segment is the one that an open descriptor reads, by the seal in both. A name proves
// nothing: another store put in the place of this one has a first segment too. Used by log.ts.

import { FailureError } from '../../../failure/failure.ts';
import { isSeal, parseLine, soundSum } from '../../commit.ts';
import type { Disk } from '../disk.ts';
import { eachLine, readCompressed } from '../segments.ts';

/** The sum of the first valid seal after an offset of an open segment; undefined if there is none. */
export function sealFrom(disk: Disk, fd: number, offset: number): string | undefined {
  const bytes = Buffer.allocUnsafe(Math.max(0, disk.fstat(fd).size - offset));
  let count = 0;
  for (let took = 1; took > 0 && count < bytes.length; count += took)
    took = disk.read(fd, bytes, count, bytes.length - count, offset + count);
  let found: string | undefined;
  eachLine(bytes.subarray(0, count), 0, (line, at) => {
    const sum = soundSum(line);
    const body = sum === undefined || !line.includes('"seal"') ? undefined : parseLine(line);
    if (isSeal(body) && body.seal.bytes === offset + at) found = sum;
    return found === undefined;
  });
  return found;
}

/** Whether the compressed form of a segment has the line with this sum. */
export function compressedHas(disk: Disk, logDir: string, segment: number, sum: string): boolean {
  try {
    return readCompressed(disk, logDir, segment)?.includes(`, "sum":"${sum}"}\n`) === true;
  } catch (error) {
    if (error instanceof FailureError) return false;
    throw error;
  }
}
