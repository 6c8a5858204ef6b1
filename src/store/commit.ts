// One commit as one line of the log, and back. The format is frozen: format 1 lines must read the same for ever
// (test/store/golden). Used by every backend, so that an export of one is an import of another, byte for byte.

import { hash } from 'node:crypto';
import type { JsonObject } from '../json/json.ts';
import type { PatchOp } from '../json/patch.ts';

/** Who makes a commit: recorded in its line. */
export interface Author {
  user: string;
  session?: string;
  agent?: string;
  tool: string;
}

/** The format number that `store.created` carries. A store of a higher number is refused. */
export const STORE_FORMAT = 1;

/** The longest line that is written, in bytes; a longer commit is refused with a narrower way. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * What a transaction saw of a stream: the count of its events and the first 12 hex of the sum of the line that last
 * changed it.
 */
export type Expected = [version: number, head: string];

/** A place in the log that a process knows to be durable: the count of valid lines, and the chain value there. */
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
  /** ISO 8601 time by the writer's clock: for people. Order is by seq. */
  at: string;
  by: Author;
  /** W3C trace context of the call that made this commit, where the client sent one. */
  trace?: string;
  seen: Seen;
  expect: Record<string, Expected>;
  events: StreamEvent[];
}

/** The end of a segment. It takes a seq, belongs to no stream, and is valid only at byte `seal.bytes` of its file. */
export interface Seal {
  id: string;
  at: string;
  by: Author;
  seen: Seen;
  seal: { bytes: number; sha256: string; previous: string };
}

/** A commit ready to be written: the line without newlines, and its sum. */
export interface EncodedCommit {
  commit: Commit;
  line: string;
  /** Of the line in UTF-8. */
  sizeBytes: number;
  /** 16 hex. */
  sum: string;
}

/**
 * `, "sum":"` + 16 hex + `"}`. The space is what JSON.stringify never emits there, so a torn prefix never looks whole.
 */
export const TRAILER_BYTES = 27;
const TRAILER_START = ', "sum":"';
const TRAILER = /^, "sum":"([0-9a-f]{16})"\}$/;

/** The sum of a line's bytes before its trailer: the first 16 hex of SHA-256. */
export function sumOf(body: string | Uint8Array): string {
  return hash('sha256', body).slice(0, 16);
}

/** The chain value after a valid line: the first 16 hex of SHA-256 over the previous chain and the line's sum. */
export function nextChain(chain: string, sum: string): string {
  return hash('sha256', chain + sum).slice(0, 16);
}

/** Where a stream stands: undefined before its first event. */
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
  // What a commit changes it must have seen; without this a line could change a stream behind its readers' backs.
  for (const event of commit.events) if (!Object.hasOwn(commit.expect, event.stream)) return false;
  return commit.events.length > 0;
}

/** The head of a stream after the line with this sum. */
export function headOf(sum: string): string {
  return sum.slice(0, 12);
}

function seal(body: Commit | Seal): { line: string; sum: string } {
  const text = JSON.stringify(body).slice(0, -1);
  const sum = sumOf(text);
  return { line: `${text}${TRAILER_START}${sum}"}`, sum };
}

export function encodeCommit(commit: Commit): EncodedCommit {
  const { line, sum } = seal(commit);
  return { commit, line, sum, sizeBytes: Buffer.byteLength(line) };
}

export function encodeSeal(body: Seal): { line: string; sum: string } {
  return seal(body);
}

/** A line without its newline: its bytes, or a text of the same length where every byte of it is ASCII. */
export type RawLine = Buffer | string;

/** The sum that a line claims, or undefined if it does not end as a whole line ends (it is torn). */
export function claimedSum(line: RawLine): string | undefined {
  if (line.length <= TRAILER_BYTES) return undefined;
  const at = line.length - TRAILER_BYTES;
  const trailer = typeof line === 'string' ? line.slice(at) : line.toString('latin1', at);
  const found = TRAILER.exec(trailer);
  // A page lost to power reads as NUL; the end of the line may have survived on the next page.
  return found === null || line.includes('\0') ? undefined : found[1];
}

/** The sum of a line that is whole and sound; undefined for any other, which `claimedSum` tells apart. */
export function soundSum(line: RawLine): string | undefined {
  if (line.length <= TRAILER_BYTES) return undefined;
  const sum = actualSum(line);
  const trailer = `${TRAILER_START}${sum}"}`;
  const at = line.length - TRAILER_BYTES;
  const sound = typeof line === 'string' ? line.endsWith(trailer) : line.toString('latin1', at) === trailer;
  return sound && !line.includes('\0') ? sum : undefined;
}

/** The sum of a line's bytes as they are, whatever it claims. Contract: longer than a trailer. */
export function actualSum(line: RawLine): string {
  const end = line.length - TRAILER_BYTES;
  return sumOf(typeof line === 'string' ? line.slice(0, end) : line.subarray(0, end));
}

/** The parsed line, or undefined if it is neither a commit nor a seal in form. Contract: the sum has been checked. */
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

/**
 * The form alone, which all code that reads a patch relies on; whether it fits its document is that document's affair.
 */
function isOperation(op: unknown): boolean {
  if (typeof op !== 'object' || op === null || !('op' in op) || !('path' in op)) return false;
  return typeof op.op === 'string' && typeof op.path === 'string';
}

/** Anything else in its place is no line of ours: void, not damage, for it says nothing about what was lost. */
function isSeen(body: object): boolean {
  if (!('seen' in body) || !Array.isArray(body.seen) || body.seen.length !== 2) return false;
  const [seq, chain] = body.seen;
  return Number.isSafeInteger(seq) && seq >= 0 && typeof chain === 'string';
}

const ISO_TIME = /^(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The time that a line claims, in ms since the epoch; 0 if it claims none. Strict, since all folds must agree: what
 * Date.parse makes of other texts differs between engines, and NaN does not survive a checkpoint.
 */
export function timeOf(at: unknown): number {
  if (typeof at !== 'string' || !ISO_TIME.test(at)) return 0;
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? 0 : ms;
}
