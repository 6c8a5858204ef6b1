// The lines and blobs of another store or backup, as sources for replay.ts. Used by cli/import-export.ts and
// redact/redact.ts.

import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { FailureError } from '../../failure/failure.ts';
import { realDisk } from '../../store/file/disk.ts';
import { LogReader } from '../../store/file/past/log-reader.ts';

/** Yields the lines with a seq of a store or backup, up to a seq. Throws FailureError at damage. */
export function* linesOfStore(dir: string, upToSeq = Number.POSITIVE_INFINITY): Generator<Buffer> {
  const reader = new LogReader(realDisk, `${dir}/log`);
  for (const { seq, line } of reader.read()) {
    if (seq > upToSeq) return;
    yield line;
  }
  const fault = reader.fault();
  if (fault !== undefined) throw new FailureError(fault);
}

/**
 * Returns a function that reads a blob of a folder by its hash; undefined if it is missing or its bytes do not fit the
 * hash.
 */
export function blobsIn(folder: string): (sha256: string) => Buffer | undefined {
  return (sha256) => {
    const file = path.join(folder, sha256);
    const bytes = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
    return bytes !== undefined && hash('sha256', bytes) === sha256 ? bytes : undefined;
  };
}
