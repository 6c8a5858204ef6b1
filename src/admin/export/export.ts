// The log as one stream of lines that any backend can import: line n is the line with seq n, byte for byte as it stands
// in the log, seals included, since `seen` of later lines counts them. Or the current documents, one a line.

import type { Failure } from '../../failure/failure.ts';
import type { LogReader } from '../../store/file/past/log-reader.ts';
import { Rebuilder } from '../file/rebuilt.ts';

/** Lines with their newline, from a seq on. Stops where the log does; `reader.fault()` then says why. */
export function* exportLines(reader: LogReader, fromSeq: number): Generator<Buffer> {
  for (const { seq, line } of reader.read()) {
    if (seq < fromSeq) continue;
    yield Buffer.from(line);
    yield NEWLINE;
  }
}

/** Every document as it is now, in order of its name, as JSON with a newline. Answers what kept it from all of them. */
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
