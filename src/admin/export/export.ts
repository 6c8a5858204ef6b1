// Exports a log as lines that any backend can import, or the present documents as one line each. Line n is the line
// with seq n, byte for byte as in the log, seals included, because the `seen` of later lines counts them. Called by
// cli/verbs/export.ts.

import type { Failure } from '../../failure/failure.ts';
import type { LogReader } from '../../store/file/past/log-reader.ts';
import { Rebuilder } from '../file/rebuilt.ts';

/** Yields lines and newlines from a seq on. Stops at damage; `reader.fault()` then says why. */
export function* exportLines(reader: LogReader, fromSeq: number): Generator<Buffer> {
  for (const { seq, line } of reader.read()) {
    if (seq < fromSeq) continue;
    yield Buffer.from(line);
    yield NEWLINE;
  }
}

/**
 * Yields every present document, ordered by stream, as one line of JSON. Returns the fault that ended the log early, if
 * any.
 */
export function* exportDocuments(reader: LogReader): Generator<Buffer, Failure | undefined> {
  const rebuilder = new Rebuilder();
  for (const taken of reader.read()) if (taken.kind === 'commit') rebuilder.apply(taken.folded);
  for (const stream of [...rebuilder.documents.keys()].sort()) {
    const entry = rebuilder.documents.get(stream);
    if (entry?.doc === undefined || rebuilder.misfits.has(stream)) continue;
    const { seq, version, head, doc } = entry;
    yield Buffer.from(`${JSON.stringify({ stream, seq, version, head, document: doc })}\n`);
  }
  return reader.fault();
}

const NEWLINE = Buffer.from('\n');
