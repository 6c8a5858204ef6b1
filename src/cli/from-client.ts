// Reads the JSON that a client writes to the stdin of a command it runs, and tells whether there is a store, which such
// a command must not make. Used by the verbs statusline and hook.

import fs from 'node:fs';
import { isObject } from '../json/json.ts';
import { errnoOf, realDisk } from '../store/file/disk.ts';
import { listSegments, segmentPath } from '../store/file/segments.ts';

export interface StdinLimits {
  /** How long to wait for the end: a client writes at once, but may never close its side. */
  ms: number;
  chars: number;
}

/** The JSON object on a stream; an empty one on a terminal, or for anything but an object. */
export async function jsonFromClient(stream: NodeJS.ReadStream, limits: StdinLimits): Promise<Record<string, unknown>> {
  if (stream.isTTY) return {};
  try {
    const value: unknown = JSON.parse(await textOf(stream, limits));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * The same from this process's own stdin, read synchronously: loading a stream takes longer than most of a hook's work.
 * Returns once an object is complete, even if stdin stays open. The time limit is checked only between two reads, so a
 * blocking pipe that stays open without a whole object is waited for.
 */
export function jsonAtOnce({ ms, chars }: StdinLimits): Record<string, unknown> {
  const until = performance.now() + ms;
  const pieces: Buffer[] = [];
  let size = 0;
  for (const piece of piecesOfStdin(until)) {
    pieces.push(piece);
    size += piece.length;
    if (size > chars) return {};
    // Parse only if this piece may be the last.
    const found = endsObject(piece) ? objectIn(Buffer.concat(pieces)) : undefined;
    if (found !== undefined) return found;
  }
  return objectIn(Buffer.concat(pieces)) ?? {};
}

const PIECE_BYTES = 65_536;
const PAUSE_MS = 2;

function* piecesOfStdin(until: number): Generator<Buffer> {
  // A terminal or /dev/null.
  if (fs.fstatSync(0).isCharacterDevice()) return;
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  while (performance.now() < until) {
    try {
      const bytes = fs.readSync(0, piece);
      if (bytes === 0) return;
      yield Buffer.from(piece.subarray(0, bytes));
    } catch (error) {
      // The client has made its end non-blocking, which makes this end non-blocking too.
      if (errnoOf(error) !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

function endsObject(piece: Buffer): boolean {
  return piece.subarray(-3).toString('latin1').trimEnd().endsWith('}');
}

function objectIn(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value if it is a non-empty string, else undefined. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether the directory holds a log with a line. Opening one without a line would write it, and so make a store. */
export function hasStore(dir: string): boolean {
  const logDir = `${dir}/log`;
  if (realDisk.stat(logDir) === undefined) return false;
  return listSegments(realDisk, logDir).some(
    ({ firstSeq, compressed }) => compressed || (realDisk.stat(segmentPath(logDir, firstSeq))?.size ?? 0) > 0,
  );
}

/** The text of a stream up to its end, an error, or a limit. */
function textOf(stream: NodeJS.ReadStream, { ms, chars }: StdinLimits): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = () => {
      clearTimeout(timer);
      stream.pause();
      resolve(text);
    };
    const timer = setTimeout(done, ms);
    stream.setEncoding('utf8');
    stream.on('data', (piece) => {
      text += piece;
      if (text.length > chars) done();
    });
    stream.on('end', done);
    stream.on('error', done);
  });
}
