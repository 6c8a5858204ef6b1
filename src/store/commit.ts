// The line format of the log: encodes a commit or a seal as one line, and parses it back. The format is frozen: lines
// of format 1 must read the same for ever (held by test/store/golden.test.ts). Every backend uses it, so that an export
// of one is an import of another, byte for byte.

import { hash } from 'node:crypto';
import type { MachineClock } from '../base/process-place.ts';
import type { JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';

/** The author of a commit, as its line records it. */
export interface Author {
  user: string;
  session?: string;
  agent?: string;
  tool: string;
  /** `person`: `user` acted on the command line, in nobody's session. Absent in lines of before, and of agents. */
  grade?: 'person';
}

/** The longest line that is written, in bytes. A longer commit is refused with advice on how to make it smaller. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * What a transaction read of a stream: its version (count of events) and its head (first 12 hex of the sum of the line
 * that last changed it). [0, ''] before the first event.
 */
export type Expected = [version: number, head: string];

/** The last place in the log that a process knows to be durable: its seq, and the chain value there. */
export type Seen = [seq: number, chain: string];

export interface StreamEvent {
  stream: string;
  type: string;
  data?: JsonObject;
  patch: PatchOp[];
}

export interface Commit {
  /** UUID version 7. */
  id: string;
  /** ISO 8601 time by the writer's clock, for people. The order of commits is by seq. */
  at: string;
  by: Author;
  /** The W3C trace context of the call that made this commit, if the client sent one. */
  trace?: string;
  seen: Seen;
  expect: Record<string, Expected>;
  events: StreamEvent[];
}

/**
 * The last line of a segment. It takes a seq, belongs to no stream, and is valid only at byte `seal.bytes` of its file.
 * `seal.sha256` is the hash of those bytes, `seal.previous` that of the segment before. `seal.lasted_ms` is how long
 * the segment lasted at least, on clocks that nobody sets: since the sealing process entered it, or since the seal
 * before if that names the same machine's clock; both are absent in seals of older versions. `at` is the time of the
 * log, by which requests are forgotten; see `Fold.sealTime`.
 */
export interface Seal {
  id: string;
  at: string;
  by: Author;
  seen: Seen;
  seal: { bytes: number; sha256: string; previous: string; lasted_ms?: number; clock?: MachineClock };
}

/** A commit ready to be written: the line without newlines, and its sum. */
export interface EncodedCommit {
  commit: Commit;
  line: string;
  /** Length of the line in UTF-8, without a newline. */
  sizeBytes: number;
  /** 16 hex. */
  sum: string;
}

/**
 * The trailer of a line: `, "sum":"` + 16 hex + `"}`. JSON.stringify never emits that space, so that no torn prefix of
 * a line looks whole.
 */
export const TRAILER_BYTES = 27;
const TRAILER_START = ', "sum":"';
const TRAILER = /^, "sum":"([0-9a-f]{16})"\}$/;
/**
 * How every line begins. What does not begin so is the rest of a torn line: after a short write(2) the system's own
 * loop (libuv's) writes the rest, and another writer's line may stand in between.
 */
const LINE_START = /^\{"id":"[^"]*","at":"[^"]*","by":\{/;
/** `LINE_START` is looked for in the first characters only: an id and a time are short. */
const START_CHARS = 256;
/** `LINE_START` behind other bytes: the line of a writer of whose write the system had taken the first newline only. */
const LATER_START = new RegExp(`(?!^)${LINE_START.source.slice(1)}`);

/** The sum of a line's bytes before its trailer: the first 16 hex of SHA-256. */
export function sumOf(body: string | Uint8Array): string {
  return hash('sha256', body).slice(0, 16);
}

/** The chain value after a valid line: the first 16 hex of SHA-256 over the previous chain and the line's sum. */
export function nextChain(chain: string, sum: string): string {
  return hash('sha256', chain + sum).slice(0, 16);
}

/** The version and head of each stream; undefined before a stream's first event. */
export interface Heads {
  get(stream: string): { version: number; head: string } | undefined;
}

/** The one rule of validity: true if every expectation of the commit holds. */
export function holds(commit: Commit, heads: Heads): boolean {
  for (const stream in commit.expect) {
    const expected = commit.expect[stream];
    const entry = heads.get(stream);
    if (expected === undefined || expected[0] !== (entry?.version ?? 0) || expected[1] !== (entry?.head ?? ''))
      return false;
  }
  // A commit must expect every stream that it changes: without this a line could overwrite a change that its writer
  // never read.
  for (const event of commit.events) if (!Object.hasOwn(commit.expect, event.stream)) return false;
  return commit.events.length > 0;
}

/** The head of a stream after the line with this sum. */
export function headOf(sum: string): string {
  return sum.slice(0, 12);
}

function withTrailer(body: Commit | Seal): { line: string; sum: string } {
  const text = JSON.stringify(body).slice(0, -1);
  const sum = sumOf(text);
  return { line: `${text}${TRAILER_START}${sum}"}`, sum };
}

/** Encodes a commit as its line. Size is not checked: documents/ refuses lines above MAX_LINE_BYTES. */
export function encodeCommit(commit: Commit): EncodedCommit {
  const { line, sum } = withTrailer(commit);
  return { commit, line, sum, sizeBytes: Buffer.byteLength(line) };
}

/** Encodes a seal as its line. */
export function encodeSeal(body: Seal): { line: string; sum: string } {
  return withTrailer(body);
}

/** A line without its newline: its bytes, or, if all of them are ASCII, a string of the same length. */
export type RawLine = Buffer | string;

/** The sum in a line's trailer; undefined if the line has no beginning or no trailer, so it is torn. */
export function claimedSum(line: RawLine): string | undefined {
  if (line.length <= TRAILER_BYTES) return undefined;
  const start = typeof line === 'string' ? line.slice(0, START_CHARS) : line.toString('latin1', 0, START_CHARS);
  if (!LINE_START.test(start)) return undefined;
  const at = line.length - TRAILER_BYTES;
  const trailer = typeof line === 'string' ? line.slice(at) : line.toString('latin1', at);
  const found = TRAILER.exec(trailer);
  // A page lost to a power loss reads as NUL bytes, although the trailer on the next page may have survived.
  return found === null || line.includes('\0') ? undefined : found[1];
}

/** True if another line begins inside this one. A value of the same form looks like that too. */
export function hasLaterStart(line: RawLine): boolean {
  return LATER_START.test(typeof line === 'string' ? line : line.toString('latin1'));
}

/** The sum of a line whose trailer fits its bytes; undefined for a torn or altered line (`claimedSum` tells which). */
export function soundSum(line: RawLine): string | undefined {
  if (line.length <= TRAILER_BYTES) return undefined;
  const sum = actualSum(line);
  const trailer = `${TRAILER_START}${sum}"}`;
  const at = line.length - TRAILER_BYTES;
  const sound = typeof line === 'string' ? line.endsWith(trailer) : line.toString('latin1', at) === trailer;
  return sound && !line.includes('\0') ? sum : undefined;
}

/** The sum computed from a line's bytes, whatever its trailer says. Contract: the line is longer than a trailer. */
export function actualSum(line: RawLine): string {
  const end = line.length - TRAILER_BYTES;
  return sumOf(typeof line === 'string' ? line.slice(0, end) : line.subarray(0, end));
}

/** The parsed line; undefined if it has the form of neither a commit nor a seal. Contract: its sum has been checked. */
export function parseLine(line: RawLine): Commit | Seal | undefined {
  let body: unknown;
  try {
    body = JSON.parse(typeof line === 'string' ? line : line.toString('utf8'));
  } catch {
    return undefined;
  }
  return isCommit(body) || isSeal(body) ? body : undefined;
}

export function isSeal(body: unknown): body is Seal {
  if (typeof body !== 'object' || body === null || !('seal' in body)) return false;
  const facts = body.seal;
  if (typeof facts !== 'object' || facts === null || !('bytes' in facts) || !('sha256' in facts)) return false;
  return typeof facts.bytes === 'number' && typeof facts.sha256 === 'string' && isSeen(body);
}

function isCommit(body: unknown): body is Commit {
  if (typeof body !== 'object' || body === null) return false;
  if (!('expect' in body) || !('events' in body) || !('id' in body) || !isSeen(body)) return false;
  if (typeof body.expect !== 'object' || body.expect === null || Array.isArray(body.expect)) return false;
  if (!Array.isArray(body.events)) return false;
  for (const expected of Object.values(body.expect)) if (!Array.isArray(expected)) return false;
  for (const event of body.events) if (!isEvent(event)) return false;
  return true;
}

function isEvent(event: unknown): event is StreamEvent {
  if (typeof event !== 'object' || event === null || !('stream' in event) || !('patch' in event)) return false;
  if (typeof event.stream !== 'string' || !Array.isArray(event.patch)) return false;
  for (const op of event.patch) if (!isOperation(op)) return false;
  return true;
}

/** Checks the form of an operation, on which all code that reads patches relies; not whether it fits its document. */
function isOperation(op: unknown): boolean {
  if (typeof op !== 'object' || op === null || !('op' in op) || !('path' in op)) return false;
  return typeof op.op === 'string' && typeof op.path === 'string';
}

/**
 * Checks the form of `seen`. A line with another form was not written by Baton: it is void and not damage, because it
 * contradicts nothing.
 */
function isSeen(body: object): boolean {
  if (!('seen' in body) || !Array.isArray(body.seen) || body.seen.length !== 2) return false;
  const [seq, chain] = body.seen;
  return Number.isSafeInteger(seq) && seq >= 0 && typeof chain === 'string';
}

const ISO_TIME = /^(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The time in a line's `at`, in ms since the epoch; 0 if it is no ISO 8601 time. Strict, because all folds must agree:
 * Date.parse reads other texts differently in each engine, and NaN does not survive a checkpoint.
 */
export function timeOf(at: unknown): number {
  if (typeof at !== 'string' || !ISO_TIME.test(at)) return 0;
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? 0 : ms;
}
