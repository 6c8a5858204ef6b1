// The bytes of an index file: one JSON object with its own sum, ascending numbers stored as differences. Used by
// index-file.ts and admin/file/check-indexes.ts.

import { decodeSummed, encodeSummed } from '../summed.ts';
import { type FoldPosition, type RequestHead, type SealedIndex, SegmentIndex } from './segment-index.ts';

/** Of the index file itself, whatever the store's. */
const INDEX_FORMAT = 1;

interface Body {
  format: number;
  before: FoldPosition;
  after: FoldPosition;
  /** The sum of the seal, which identifies the segment's bytes. */
  seal: string;
  /** For each valid line, as the difference to the one before. */
  offsets: number[];
  times: number[];
  /** The line numbers are differences, too. */
  streams: Row[];
  requests: RequestHead[];
}

type Row = [stream: string, version: number, head: string, ...lines: number[]];

/** Encodes an index; the same segment always gives the same bytes, which doctor compares. */
export function encodeIndex(index: SealedIndex): Buffer {
  const body: Body = {
    format: INDEX_FORMAT,
    before: index.before,
    after: index.after,
    seal: index.sealSum,
    offsets: differences(index.offsets),
    times: differences(index.times),
    streams: [...index.streams].map(([stream, { version, head, lines }]) => [
      stream,
      version,
      head,
      ...differences(lines),
    ]),
    requests: index.requests,
  };
  return Buffer.from(`${encodeSummed(body)}\n`);
}

/**
 * Decodes an index; undefined if the bytes are altered or of another format. Does not check whether the index fits the
 * log.
 */
export function decodeIndex(bytes: Buffer): SealedIndex | undefined {
  const body = decodeSummed(bytes.subarray(0, -1));
  if (!isBody(body)) return undefined;
  const index = new SegmentIndex(body.before);
  const times = sums(body.times);
  for (const [line, offset] of sums(body.offsets).entries()) index.addLine(offset, times[line] ?? 0);
  // Streams are rows and not keys of an object, because a foreign line may name a stream `__proto__`.
  for (const [stream, version, head, ...lines] of body.streams)
    index.streams.set(stream, { version, head, lines: sums(lines) });
  index.requests = body.requests;
  index.sealSum = body.seal;
  return Object.assign(index, { after: body.after });
}

function differences(numbers: readonly number[]): number[] {
  return numbers.map((number, at) => number - (numbers[at - 1] ?? 0));
}

function sums(differences: readonly number[]): number[] {
  const numbers: number[] = [];
  let sum = 0;
  for (const difference of differences) {
    sum += difference;
    numbers.push(sum);
  }
  return numbers;
}

/** Checks the shape, so that no reader fails on it: a sound sum only proves that some version of Baton wrote it. */
function isBody(value: unknown): value is Body {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== INDEX_FORMAT)
    return false;
  const { before, after, seal, offsets, times, streams, requests } = value as Partial<Record<string, unknown>>;
  if (typeof seal !== 'string' || !isPosition(before) || !isPosition(after)) return false;
  if (!areNumbers(offsets) || !areNumbers(times) || times.length !== offsets.length) return false;
  if (after.seq - before.seq !== offsets.length || !Array.isArray(streams) || !Array.isArray(requests)) return false;
  return streams.every((row) => isRow(row)) && requests.every((row) => isRow(row) && row.length === 7);
}

/** Checks a row with a plain loop, because a row may have a hundred thousand numbers. */
function isRow(row: unknown): row is unknown[] {
  if (!Array.isArray(row) || typeof row[0] !== 'string' || typeof row[2] !== 'string') return false;
  for (let at = 1; at < row.length; at += 1) if (at !== 2 && !Number.isSafeInteger(row[at])) return false;
  return true;
}

function isPosition(value: unknown): value is FoldPosition {
  if (typeof value !== 'object' || value === null || !('seq' in value)) return false;
  if (!('chain' in value) || !('sealed' in value) || !Number.isSafeInteger(value.seq)) return false;
  return typeof value.chain === 'string' && typeof value.sealed === 'string';
}

function areNumbers(values: unknown): values is number[] {
  return Array.isArray(values) && values.every(Number.isSafeInteger);
}
