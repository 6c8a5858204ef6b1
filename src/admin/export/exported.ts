// Reads an export (`baton export`) again: checks every line against its sum and all lines as one chain, so that a line
// that was lost, moved or changed on the way is found before anything is imported. Used by replay.ts and
// cli/import-export.ts.

import fs from 'node:fs';
import { FailureError } from '../../failure/failure.ts';
import {
  actualSum,
  type Commit,
  claimedSum,
  isSeal,
  MAX_LINE_BYTES,
  nextChain,
  parseLine,
} from '../../store/commit.ts';
import { withPath } from '../../store/file/disk.ts';
import { formatIn, STORE_FORMAT } from '../../store/formats.ts';

/** A line of an export that is a commit. `seq` is its seq in the exported log. */
export interface ExportedCommit {
  seq: number;
  sum: string;
  commit: Commit;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Yields the lines of a file without their newlines, reading as it goes. Throws FailureError `invalid-input` if a line
 * is longer than any line of a log, and file errors.
 */
export function* linesOf(file: string): Generator<Buffer> {
  const fd = fs.openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    const next = () => withPath(file, () => fs.readSync(fd, chunk));
    for (let read = next(); read > 0; read = next()) {
      let from = 0;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = bytes.indexOf(10, from); end >= 0; end = bytes.indexOf(10, from)) {
        yield bytes.subarray(from, end);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > 2 * MAX_LINE_BYTES) refuse(0, 'a line of it is longer than any line of a log');
    }
    if (rest.length > 0) yield rest;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Yields the commits of an export in order; seals take a seq and are skipped. Throws FailureError at the first fault:
 * `invalid-input`, or `store-newer` for a newer format.
 */
export function* commitsOf(lines: Iterable<Buffer>): Generator<ExportedCommit> {
  const chains = [''];
  for (const line of lines) {
    if (line.length === 0) continue;
    const seq = chains.length;
    const sum = claimedSum(line);
    if (sum === undefined || actualSum(line) !== sum) refuse(seq, 'its bytes do not fit its sum');
    const body = parseLine(line);
    if (body === undefined) refuse(seq, 'it is no line of a log');
    if (seq === 1) checkFirst(body);
    const [seenSeq, seenChain] = body.seen;
    if (chains[seenSeq] !== seenChain)
      refuse(seq, `a line before it is missing or was changed: it knew line ${seenSeq}`);
    chains.push(nextChain(chains[seq - 1] ?? '', sum));
    if (isSeal(body)) continue;
    checkFormat(body);
    yield { seq, sum, commit: body };
  }
  if (chains.length === 1) refuse(1, 'it is empty');
}

function checkFirst(body: object): void {
  const [event] = 'events' in body ? (body as Commit).events : [];
  if (event?.type !== 'store.created')
    refuse(1, 'it does not begin with the first line of a log: export it whole, without --from');
}

function checkFormat(commit: Commit): void {
  const found = formatIn(commit) ?? 0;
  if (found > STORE_FORMAT)
    throw new FailureError({ code: 'store-newer', what: 'The export', found, known: STORE_FORMAT });
}

function refuse(line: number, why: string): never {
  throw new FailureError({ code: 'invalid-input', issues: [{ at: line === 0 ? 'the export' : `line ${line}`, why }] });
}
