// What a client gives to a command that it runs: JSON on stdin. And whether there is a store at all, which such a
// command must not make. Used by the verbs statusline and hook.

import fs from 'node:fs';
import { isObject } from '../json/json.ts';
import { errnoOf, realDisk } from '../store/file/disk.ts';
import { listSegments, segmentPath } from '../store/file/segments.ts';

export interface StdinLimits {
  /** So long is waited for the rest: a client writes at once, but may never close its end. */
  ms: number;
  chars: number;
}

/** The object on stdin; an empty one if there is none, or anything else. */
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
 * The same of this process's own stdin, at once: loading a stream takes longer than most of what a hook does. Ends with
 * the object, whoever keeps stdin open. From a pipe that blocks, a client that writes no whole object and goes on is
 * waited for: the limit in time is looked at between two reads.
 */
export function jsonAtOnce({ ms, chars }: StdinLimits): Record<string, unknown> {
  const until = performance.now() + ms;
  const pieces: Buffer[] = [];
  let size = 0;
  for (const piece of piecesOfStdin(until)) {
    pieces.push(piece);
    size += piece.length;
    if (size > chars) return {};
    // Only what may be the last is worth the try.
    const found = endsObject(piece) ? objectIn(Buffer.concat(pieces)) : undefined;
    if (found !== undefined) return found;
  }
  return objectIn(Buffer.concat(pieces)) ?? {};
}

const PIECE_BYTES = 65_536;
const PAUSE_MS = 2;

function* piecesOfStdin(until: number): Generator<Buffer> {
  // A terminal, or nothing at all.
  if (fs.fstatSync(0).isCharacterDevice()) return;
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  while (performance.now() < until) {
    try {
      const bytes = fs.readSync(0, piece);
      if (bytes === 0) return;
      yield Buffer.from(piece.subarray(0, bytes));
    } catch (error) {
      // A pipe whose other end does not wait makes this end not wait either.
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

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Opening a log without a line would write its first. */
export function hasStore(dir: string): boolean {
  const logDir = `${dir}/log`;
  if (realDisk.stat(logDir) === undefined) return false;
  return listSegments(realDisk, logDir).some(
    ({ firstSeq, compressed }) => compressed || (realDisk.stat(segmentPath(logDir, firstSeq))?.size ?? 0) > 0,
  );
}

/** All that comes before the end of a stream, its trouble, or a limit. */
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
